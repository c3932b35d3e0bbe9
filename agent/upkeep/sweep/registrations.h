/* registrations: what became of a release in Glance, as events of the job that published it: users
 * see it beside everything else of the job. hornero-glance has no queue. */
#ifndef HORNERO_AGENT_UPKEEP_SWEEP_REGISTRATIONS_H
#define HORNERO_AGENT_UPKEEP_SWEEP_REGISTRATIONS_H

#include "conf/conf.h"
#include "db/job.h"
#include "store/warm.h"

/* release: the record of the image's current one. A failure is only logged. */
void registrations_note(const struct conf *c, struct db *db, const struct warm *release);

#endif
