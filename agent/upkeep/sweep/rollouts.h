/* rollouts: what the sweep does about servers that hornero-glance has Nova rebuild
 * (store/rollout.h): it notes their state as events of the job, and rolls an image back. */
#ifndef HORNERO_AGENT_UPKEEP_SWEEP_ROLLOUTS_H
#define HORNERO_AGENT_UPKEEP_SWEEP_ROLLOUTS_H

#include "conf/conf.h"
#include "db/job.h"
#include "store/warm.h"

/* release: the record of the image's current one. A failure is only logged. */
void rollouts_note(const struct conf *c, struct db *db, const struct warm *release);

/* Pins each image with rebuild_failed: rollback whose last publication has failed to the release
 * before it. Call it before the images are loaded: then the same sweep queues the publication.
 * Errors are logged: the next sweep tries again. */
void rollouts_roll_back(const struct conf *c);

#endif
