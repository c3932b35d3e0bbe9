/*
 * slack: whether processors have time left over, or builds must compete for it. Pure but for slack_read.
 *
 * While there is slack, builds may come after everything else: they take what nobody wants, and nobody waits for them. Where
 * there is none they would get nothing so, and must compete. One look a second compares with the look before:
 *
 *     struct slack slack = {0};
 *     struct slack_use use;
 *     … every second: …
 *     if (slack_read(NULL, &use) …) use.run_ms = …, must_compete = slack_look(&slack, clock_mono_ms(), processors, &use);
 */
#ifndef HORNERO_LIB_SLACK_H
#define HORNERO_LIB_SLACK_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SLACK_NONE_PERCENT = 3,   /* less idle time than this: builds must compete where they get little; */
	SLACK_SOME_PERCENT = 5,   /* more: they need not */
	SLACK_PROBE_MS = 30000,   /* so long they compete at a time: they may be what keeps the processors busy */
	SLACK_SHORTEST_MS = 200,  /* between two looks, for the kernel counts in ticks of 10 ms */
};

/* Sums since some time in the past. */
struct slack_use {
	int64_t all, idle; /* time of the processors, in ticks */
	int64_t run_ms;    /* that builds ran; -1: nobody counts it */
};

struct slack {
	struct slack_use last;
	int64_t last_ms;   /* monotonic; 0: no look yet */
	int64_t since_ms;  /* that builds compete */
	bool competes;
};

/* all and idle of the processors, but those of the list `except` (lib/cpulist.h; NULL, or none that can be read: of all). False:
 * /proc/stat cannot be read. */
bool slack_read(const char *except, struct slack_use *out);

/* Whether builds must compete until the next look. processors: how many their quota lets them use. */
bool slack_look(struct slack *s, int64_t now_ms, double processors, const struct slack_use *now);

#endif
