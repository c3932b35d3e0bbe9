/*
 * top: takes a snapshot of the node for `hornero top`.
 *
 *     struct snapshot s = {0};
 *     if (snapshot_take(cli, &s, e) < 0) …
 *     snapshot_free(&s);
 *
 * A snapshot has the jobs that the key may read and the general state of the node. It leaves out
 * what our user may not read.
 */
#ifndef HORNERO_CLI_TOP_H
#define HORNERO_CLI_TOP_H

#include "cli/cli.h"
#include "cli/span.h"
#include "state/standstill.h"

enum { TOP_STAGE_MAX = 16, TOP_JOBS_MAX = 200 };

/* The resources that an attempt's control group reports. */
struct usage {
	char stage[TOP_STAGE_MAX]; /* "checkout", "build", "check", "boot"; "": unknown */
	int64_t cpu_ms, memory_bytes; /* 0: unknown */
};

/* Finds starved builds: those that wait for processors that others keep busy. Sets percent[i] to
 * the job's share of one processor, or to -1 if it is not starved. Running jobs must come first.
 * Watches for half a second if a build wants a processor. */
void starved_look(const struct conf *c, const struct job *jobs, size_t n, double *percent);
#define STARVED_WORDS "gets %.1f %% of a processor: the node is busy"

/* Reads the control groups of an attempt. Zeroes *out if there are none or we may not read them. */
void usage_look(const struct conf *c, int64_t job, int64_t attempt, struct usage *out);

struct snapshot {
	int64_t at_ms; /* wall */
	int64_t counts[JOB_STATES]; /* open jobs by state */
	struct job jobs[TOP_JOBS_MAX]; /* the first open jobs, in queue order */
	struct usage usage[TOP_JOBS_MAX]; /* beside jobs */
	double starved[TOP_JOBS_MAX];     /* beside jobs */
	size_t n;
	struct span hour, day; /* queued to published, of the pushes published then */
	bool sees_node;
	double memory, io, cpu, load; /* percent; -1: unavailable */
	bool agent_runs;
	struct standstill standstill;
};

int snapshot_take(struct cli *cli, struct snapshot *s, struct err *e);
void snapshot_free(struct snapshot *s);

#endif
