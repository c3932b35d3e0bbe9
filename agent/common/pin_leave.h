/* pin: an image's pin is forgotten once its ref has left the commit that the pin was for. */
#ifndef HORNERO_AGENT_COMMON_PIN_LEAVE_H
#define HORNERO_AGENT_COMMON_PIN_LEAVE_H

#include "conf/conf.h"
#include "conf/image.h"

/* Nothing where the image has no pin, or commit is the pin's own. Where somebody else changes image files at this
 * moment the pin stays, in effect for nobody, until the next sweep. */
void pin_leave(const struct conf *c, const struct image *img, const char *commit);

#endif
