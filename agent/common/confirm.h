/*
 * confirm: finds images whose warm artifact comes from an incremental build that a clean build
 * should confirm.
 *
 * It looks at the disk (warm record, answers, image and builder files), and at the queue only for
 * confirmations that were given up. So a restart or a lost queue forgets nothing.
 */
#ifndef HORNERO_AGENT_COMMON_CONFIRM_H
#define HORNERO_AGENT_COMMON_CONFIRM_H

#include "conf/builder.h"
#include "conf/conf.h"
#include "conf/image.h"
#include "db/job.h"

/* Queues a confirmation of the image's newest published artifact, if one is wanted and none is
 * queued, running or given up. Returns 1 if queued, 0 if not, -1 on error. */
int confirm_queue(const struct conf *c, const struct builders *builders, const struct image *img,
		  struct db *db, struct err *e);

#endif
