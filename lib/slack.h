/*
 * slack: whether processors have idle time, or builds must compete for it. Pure except for
 * slack_read.
 *
 * While there is slack, builds may run at the lowest priority: they use idle time, and nobody waits
 * for them. Without slack, a build at that priority would get nothing, so builds must compete. One
 * look a second compares with the previous one:
 *
 *     struct slack slack = {0};
 *     struct slack_use use;
 *     … every second: …
 *     if (slack_read(NULL, &use)) {
 *             use.run_ms = …;
 *             must_compete = slack_look(&slack, clock_mono_ms(), processors, &use);
 *     }
 */
#ifndef HORNERO_LIB_SLACK_H
#define HORNERO_LIB_SLACK_H

#include <stdbool.h>
#include <stdint.h>

enum {
	/* with less idle time than this, builds that get little compete */
	SLACK_NONE_PERCENT = 3,
	SLACK_SOME_PERCENT = 5,   /* with more idle time than this they stop competing */
	/* Longest time that builds compete at a stretch; they may be the ones that keep the
	 * processors busy. */
	SLACK_PROBE_MS = 30000,
	SLACK_SHORTEST_MS = 200,  /* between two looks; the kernel counts in ticks of 10 ms */
};

/* Sums since some time in the past. */
struct slack_use {
	int64_t all, idle; /* the processors' time, in ticks */
	int64_t run_ms;    /* the builds' run time; -1 if nothing counts it */
};

struct slack {
	struct slack_use last;
	int64_t last_ms;   /* monotonic; 0 before the first look */
	int64_t since_ms;  /* when builds began to compete */
	bool competes;
};

/* Sums all and idle over the processors that are not in the list `except` (lib/cpulist.h), and sets
 * run_ms to -1. If `except` is NULL or cannot be parsed, all processors count. Returns false if
 * /proc/stat cannot be read. */
bool slack_read(const char *except, struct slack_use *out);

/* Whether builds must compete until the next look. processors: how many their quota lets them
 * use. */
bool slack_look(struct slack *s, int64_t now_ms, double processors, const struct slack_use *now);

#endif
