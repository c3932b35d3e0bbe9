/*
 * top: the node at one moment, for `hornero top`.
 *
 *     struct snapshot s = {0};
 *     if (snapshot_take(cli, &s, e) < 0) …
 *     snapshot_free(&s);
 *
 * Of jobs it has what the key may read, of the node what concerns everybody. What this user may not look at is left out.
 */
#ifndef HORNERO_CLI_TOP_H
#define HORNERO_CLI_TOP_H

#include "cli/cli.h"
#include "state/standstill.h"

enum { TOP_STAGE_MAX = 16, TOP_JOBS_MAX = 200 };

/* What the attempt's control group says. */
struct usage {
	char stage[TOP_STAGE_MAX]; /* "checkout", "build", "check", "boot"; "": not known */
	int64_t cpu_ms, memory_bytes; /* 0: not known */
};

/* How much of one processor each job gets whose build waits for processors that others keep busy, in percent; -1 for every other
 * job. The running ones stand first. Watches them for half a second where one wants a processor. */
void starved_look(const struct conf *c, const struct job *jobs, size_t n, double *percent);
#define STARVED_WORDS "gets %.1f %% of a processor: the node is busy"

/* Of hornerod's groups those of this attempt. Zeroes where there is none, or it is not ours to see. */
void usage_look(const struct conf *c, int64_t job, int64_t attempt, struct usage *out);

/* From a push to a warm image, of those that were published in some time: of the rows, from queued to published. */
struct span {
	int64_t *ms;
	size_t n, room;
};

/* The value that this many percent do not exceed; 0 of none. Sorts. */
int64_t span_percentile(struct span *s, int percent);

struct snapshot {
	int64_t at_ms; /* wall */
	int64_t counts[JOB_STATES]; /* open ones by state */
	struct job jobs[TOP_JOBS_MAX]; /* the first open ones, in the order of the queue */
	struct usage usage[TOP_JOBS_MAX]; /* beside jobs */
	double starved[TOP_JOBS_MAX];     /* beside jobs */
	size_t n;
	struct span hour, day;
	bool sees_node;
	double memory, io, cpu, load; /* percent; -1: not to be had */
	bool agent_runs;
	struct standstill standstill;
};

int snapshot_take(struct cli *cli, struct snapshot *s, struct err *e);
void snapshot_free(struct snapshot *s);

#endif
