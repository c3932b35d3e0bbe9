/*
 * fairtime: how long the processes of a control group could have run, regardless of how much time
 * the node gave them. Pure except for fairtime_read.
 *
 * A wall clock would blame a build for the quota of all builds and for busy neighbours. So the
 * caller looks a few times a second. Each look reads how much processor time the group has used,
 * and whether any of its threads wants a processor at that moment. If no thread wants one, the time
 * since the last look counts in full: the group waits for itself. If one does, only the processor
 * time that the group used counts, so waiting for a processor counts nothing.
 *
 * The sums are taken over a window, in which the looks are a fair sample. The kernel's own wait
 * times do not help: it forgets them when a process ends, and a shell script consists of
 * short-lived processes.
 *
 *     struct fairtime_use use;
 *     fairtime_read(dirs, n, &use);
 *     fairtime_begin(&t, now_ns, &use);
 *     … a while later: fairtime_read …; ms = fairtime_look(&t, now_ns, &use);
 */
#ifndef HORNERO_LIB_FAIRTIME_H
#define HORNERO_LIB_FAIRTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FAIRTIME_WINDOW_MS = 5000,
	/* Most that a sleeping group is charged between two looks; a longer gap means that we were
	 * stopped as well. */
	FAIRTIME_GAP_MS = 1000,
};

/* One look. run_ns and throttled are sums since the group was created. */
struct fairtime_use {
	int64_t run_ns;    /* -1 if this kernel does not report it; then every wait counts */
	int64_t throttled; /* periods in which this group or one above it had used up its quota */
	bool wants;        /* a thread runs, or waits for a processor */
};

struct fairtime {
	struct fairtime_use last;
	int64_t last_ns;                    /* monotonic */
	int64_t before_ns;                  /* time that counts, before the window */
	/* The window: its length, the time in which a thread wanted a processor, and the group's
	 * processor time. */
	int64_t window_ns, want_ns, run_ns;
	int64_t throttled;
};

/* dirs: the group's open directories, one per hierarchy. */
void fairtime_read(const int *dirs, size_t n, struct fairtime_use *out);

void fairtime_begin(struct fairtime *t, int64_t now_ns, const struct fairtime_use *now);
/* Returns the milliseconds that count since fairtime_begin. */
int64_t fairtime_look(struct fairtime *t, int64_t now_ns, const struct fairtime_use *now);
/* Ignores the time since the last look, also in the window: the group was frozen. */
void fairtime_skip(struct fairtime *t, int64_t now_ns, const struct fairtime_use *now);

/* Whether others kept the processors busy during the window: the group wanted a processor at least
 * half of the time, got less than half of what it wanted, and its quota was not the reason. Then
 * *percent is its share of one processor. Returns false also if the window is still empty. */
bool fairtime_is_starved(const struct fairtime *t, double *percent);

#endif
