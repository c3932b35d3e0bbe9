/* offers: looks for the images in Glance that `hornero image import` may offer (store/offer.h). */
#ifndef HORNERO_GLANCE_OFFERS_H
#define HORNERO_GLANCE_OFFERS_H

#include "glance/imageapi.h"

/* A failure is only logged: the older offers stay. */
void offers_look(struct glance *g);

#endif
