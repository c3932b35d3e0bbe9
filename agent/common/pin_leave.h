/* pin_leave: removes an image's pin once its ref has left the pin's commit. */
#ifndef HORNERO_AGENT_COMMON_PIN_LEAVE_H
#define HORNERO_AGENT_COMMON_PIN_LEAVE_H

#include "conf/conf.h"
#include "conf/image.h"

/* Does nothing if the image has no pin, or if commit is the pin's own. If another process is
 * changing image files, the pin stays in the file, without effect, until the next sweep. */
void pin_leave(const struct conf *c, const struct image *img, const char *commit);

#endif
