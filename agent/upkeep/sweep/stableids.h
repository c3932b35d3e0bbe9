/* stableids: what the sweep does for stable ids (store/stable.h): it binds pending images whose
 * record Glance has, and hands every stable id to hornero-glance. */
#ifndef HORNERO_AGENT_UPKEEP_SWEEP_STABLEIDS_H
#define HORNERO_AGENT_UPKEEP_SWEEP_STABLEIDS_H

#include "conf/conf.h"
#include "conf/image.h"

/* Call it before the images are loaded. Errors are logged: the next sweep tries again. */
void stableids_bind(const struct conf *c);

/* Hands out all, and takes back those whose image is no longer here. */
void stableids_hand_out(const struct conf *c, const struct image *list, size_t n);

#endif
