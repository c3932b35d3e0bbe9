/*
 * cgquota: processor time for the dying. A thousand processes that were killed need more of it to be gone than a quota
 * leaves them, and at the lowest weight they wait for everybody else. So the quotas of the attempt, its group and TOP
 * are lifted until they are gone, and they weigh as others do. Other builds may use that while it lasts, a fraction of
 * a second.
 *
 *     cgquota_lift(dir, &before);
 *     … kill, wait until dir is gone …
 *     cgquota_restore(dir, &before);
 *
 * Where we may not (TOP on v1 is root's) it takes longer. A crash in between is mended by the next start, which sets
 * TOP's limits, and the next attempt, which sets its group's.
 */
#ifndef HORNERO_AGENT_CGQUOTA_H
#define HORNERO_AGENT_CGQUOTA_H

#include <stdint.h>

enum { CGQUOTA_LEVELS = 3, CGQUOTA_KINDS = 5 };

struct cgquota {
	int64_t before[CGQUOTA_LEVELS][CGQUOTA_KINDS]; /* 0 or less: there was none */
};

/* dir: the attempt's group, absolute, TOP/GROUP/NAME. */
void cgquota_lift(const char *dir, struct cgquota *before);
void cgquota_restore(const char *dir, const struct cgquota *before);

#endif
