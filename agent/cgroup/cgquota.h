/*
 * cgquota: processor time for the dying. A thousand processes that were killed need more of it to be gone than a quota
 * leaves them, and at a low weight they wait for everybody else. So the quotas of the attempt, its group and TOP
 * are lifted until they are gone, and they weigh as others do, not even idle. Other builds may use that while it lasts, mostly a fraction
 * of a second; whoever does not end at all does not wait for a processor, so the caller gives up after a while.
 *
 *     struct cgquota lifted = {0};
 *     cgquota_lift(dir, &lifted);     … kill, wait; again, as long as dir is there …
 *     cgquota_restore(dir, &lifted);
 *
 * Several attempts may end at once: each restores what it lifted itself, and what another has restored meanwhile is lifted
 * again by the next cgquota_lift. Where we may not (the quota of TOP is root's on v1) it takes longer. A crash in between is mended by the
 * next start, which sets TOP's limits, and the next attempt, which sets its group's.
 */
#ifndef HORNERO_AGENT_CGROUP_CGQUOTA_H
#define HORNERO_AGENT_CGROUP_CGQUOTA_H

#include <stdbool.h>
#include <stdint.h>

enum { CGQUOTA_LEVELS = 3, CGQUOTA_KINDS = 5 };

struct cgquota {
	int64_t before[CGQUOTA_LEVELS][CGQUOTA_KINDS]; /* 0: not lifted by us */
};

/* dir: the attempt's group, absolute, TOP/GROUP/NAME. */
void cgquota_lift(const char *dir, struct cgquota *lifted);
bool cgquota_is_lifted(const struct cgquota *lifted);
/* What somebody else has set since stays. */
void cgquota_restore(const char *dir, struct cgquota *lifted);

#endif
