/*
 * fairtime: how long the processes of a control group could have run, whatever the node let them have. Pure but for
 * fairtime_read.
 *
 * A wall clock would blame a build for the quota of all builds and for busy neighbours. So a look is taken a few times a second:
 * at how much processor time the group had, and whether any of its threads wants a processor just then. Time in which none
 * wants one counts in full: the group waits for itself. Of time in which one does, as much counts as the group had, so that
 * waiting for a processor counts nothing. Both are summed up over a window, in which the looks are a fair sample: what a
 * single process waits the kernel forgets with the process, and a shell script consists of processes that are soon gone.
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
	FAIRTIME_GAP_MS = 1000, /* a group that sleeps is charged no more than this between two looks: we were stopped as well */
};

/* One look; the first two are sums since the group began. */
struct fairtime_use {
	int64_t run_ns;    /* -1: this kernel does not say; then every wait counts */
	int64_t throttled; /* periods in which it, or a group above, had used up its quota */
	bool wants;        /* a thread runs, or waits for a processor */
};

struct fairtime {
	struct fairtime_use last;
	int64_t last_ns;                    /* monotonic */
	int64_t before_ns;                  /* counted, up to the window */
	int64_t window_ns, want_ns, run_ns; /* the window: its length, wanting of it, and what the group had */
	int64_t throttled;
};

/* dirs: the group's open directories, one for each hierarchy. */
void fairtime_read(const int *dirs, size_t n, struct fairtime_use *out);

void fairtime_begin(struct fairtime *t, int64_t now_ns, const struct fairtime_use *now);
/* ms that count since the begin. */
int64_t fairtime_look(struct fairtime *t, int64_t now_ns, const struct fairtime_use *now);
/* What went by since the last look counts nothing, nor for the window: the group was frozen. */
void fairtime_skip(struct fairtime *t, int64_t now_ns, const struct fairtime_use *now);

/* In the window, others kept the processors busy: the group wanted one most of the time and had less than half of that, and it
 * was not its quota. Then *percent of one processor is what it had. False also where there is nothing to tell yet. */
bool fairtime_is_starved(const struct fairtime *t, double *percent);

#endif
