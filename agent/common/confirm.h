/*
 * confirm: which images have an artifact of an incremental build that a clean build should confirm.
 *
 * Known from what is on disk (warm record, answers, image and builder files) and, as far as somebody gave one up, from the
 * queue: a restart, or a lost queue, forgets nothing.
 */
#ifndef HORNERO_AGENT_COMMON_CONFIRM_H
#define HORNERO_AGENT_COMMON_CONFIRM_H

#include "conf/builder.h"
#include "conf/conf.h"
#include "conf/image.h"
#include "db/job.h"

/* Queue a confirmation of what the image was published with last, where one is wanted and none is queued, runs or was given up.
 * 1 queued, 0 not, -1. */
int confirm_queue(const struct conf *c, const struct builders *builders, const struct image *img, struct db *db, struct err *e);

#endif
