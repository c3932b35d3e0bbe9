/*
 * cgquota: gives killed processes processor time to end. A thousand killed processes need more of
 * it than a quota allows, and at a low weight they wait for all others. So the quotas and weights
 * of the attempt, its group and TOP are lifted to the kernel's defaults, not even idle, until the
 * processes have ended. Other builds may use that time, too, usually a fraction of a second. A
 * process that does not end at all is not waiting for a processor, so the caller gives up after a
 * while.
 *
 *     struct cgquota lifted = {0};
 *     cgquota_lift(dir, &lifted);     … kill, wait; again, as long as dir exists …
 *     cgquota_restore(dir, &lifted);
 *
 * Several attempts may end at once. Each restores what it lifted itself; if another has restored a
 * value meanwhile, the next cgquota_lift lifts it again. Without the right to lift (the quota of
 * TOP is root's on v1) it takes longer. After a crash in between, the next start sets TOP's limits,
 * and the next attempt sets its group's.
 */
#ifndef HORNERO_AGENT_CGROUP_CGQUOTA_H
#define HORNERO_AGENT_CGROUP_CGQUOTA_H

#include <stdbool.h>
#include <stdint.h>

enum { CGQUOTA_LEVELS = 3, CGQUOTA_KINDS = 5 };

struct cgquota {
	int64_t before[CGQUOTA_LEVELS][CGQUOTA_KINDS]; /* 0 if not lifted by us */
};

/* dir is the absolute path of the attempt's group, TOP/GROUP/NAME. */
void cgquota_lift(const char *dir, struct cgquota *lifted);
bool cgquota_is_lifted(const struct cgquota *lifted);
/* Keeps values that another process has set since. */
void cgquota_restore(const char *dir, struct cgquota *lifted);

#endif
