/* stats_look: collects the figures of `hornero stats`. */
#ifndef HORNERO_CLI_STATS_LOOK_H
#define HORNERO_CLI_STATS_LOOK_H

#include "cli/cli.h"
#include "cli/span.h"
#include "state/cause.h"

enum stats_stage {
	STATS_PUSH_TO_WARM,
	STATS_QUEUE,
	STATS_CHECKOUT,
	STATS_BUILD,
	STATS_CHECK,
	STATS_BOOT,
	STATS_STORE,
	STATS_PUBLISH,
	STATS_CPU,
	STATS_STAGES,
};

const char *stats_stage_name(enum stats_stage s);

/* One job of the period. */
struct stats_job {
	char image[UUID_LEN + 1];
	enum job_state state;
	int64_t ended_ms;
	int64_t took_ms;  /* push to warm; -1: it is no push that became warm */
	int64_t build_ms; /* 0: not built */
};

/* Failed and held jobs with this cause. */
struct stats_failure {
	int64_t jobs, last_job;
	enum err_class who; /* of the newest: who acts */
};

struct stats {
	int64_t from_ms, now_ms; /* wall */
	int64_t limit;           /* ended jobs to read */
	bool is_cut;             /* more jobs ended: the period begins at the oldest one read */
	int64_t states[JOB_STATES], reused;
	struct span stages[STATS_STAGES];
	struct stats_failure failures[CAUSE_UNKNOWN + 1];
	struct stats_job *jobs;
	size_t n, room;
};

int stats_look(struct stats *s, struct db *db, const struct job_filter *f, struct err *e);
void stats_fini(struct stats *s);

#endif
