/* stats_look: DIAGNOSTICS: as db; aborts without memory. */
#include "cli/stats_look.h"

#include <stdlib.h>
#include <string.h>

static const char *const stage_names[STATS_STAGES] = {
	[STATS_PUSH_TO_WARM] = "push_to_warm", [STATS_QUEUE] = "queue",
	[STATS_CHECKOUT] = "checkout",         [STATS_BUILD] = "build",
	[STATS_CHECK] = "check",               [STATS_BOOT] = "boot",
	[STATS_STORE] = "store",               [STATS_PUBLISH] = "publish",
	[STATS_CPU] = "cpu",
};

const char *stats_stage_name(enum stats_stage s)
{
	return stage_names[s];
}

static void add_job(struct stats *s, const struct stat_row *row, int64_t took_ms)
{
	struct stats_job *more = s->jobs;

	if (s->n == s->room) {
		s->room = 2 * s->room + 64;
		more = reallocarray(s->jobs, s->room, sizeof(*more));
	}
	if (!more)
		abort();
	s->jobs = more;
	more[s->n] = (struct stats_job){.state = row->state,
					.ended_ms = row->ended_ms,
					.took_ms = took_ms,
					.build_ms = row->reused ? 0 : row->build_ms};
	snprintf(more[s->n].image, sizeof(more[s->n].image), "%s", row->image);
	s->n++;
}

/* 0: the attempt did not come so far. A stage shorter than a millisecond counts as none, too. */
static void add_stage(struct stats *s, enum stats_stage stage, int64_t ms)
{
	if (ms > 0)
		span_add(&s->stages[stage], ms);
}

/* An artifact that was built before has the times of that build in its attempt. */
static void add_stages(struct stats *s, const struct stat_row *row)
{
	if (row->started_ms >= row->created_ms)
		span_add(&s->stages[STATS_QUEUE], row->started_ms - row->created_ms);
	add_stage(s, STATS_PUBLISH, row->publish_ms);
	if (row->reused)
		return;
	add_stage(s, STATS_CHECKOUT, row->checkout_ms);
	add_stage(s, STATS_BUILD, row->build_ms);
	add_stage(s, STATS_CHECK, row->check_ms);
	add_stage(s, STATS_BOOT, row->boot_ms);
	add_stage(s, STATS_STORE, row->store_ms);
	add_stage(s, STATS_CPU, row->cpu_ms);
}

static void add_failure(struct stats *s, const struct stat_row *row)
{
	struct stats_failure *f = &s->failures[cause_parse(row->cause)];

	if (row->job > f->last_job) {
		f->last_job = row->job;
		f->who = err_class_parse(row->class);
	}
	f->jobs++;
}

static int look_at_job(void *arg, const struct stat_row *row)
{
	struct stats *s = arg;
	bool is_warm = row->state == JOB_PUBLISHED && strcmp(row->origin, "push") == 0 &&
		       row->ended_ms >= row->created_ms;
	int64_t took_ms = is_warm ? row->ended_ms - row->created_ms : -1;

	if (row->state != JOB_HELD && s->limit-- == 0) {
		s->is_cut = true;
		return 1;
	}
	s->states[row->state]++;
	s->reused += row->state == JOB_PUBLISHED && row->reused;
	if (row->state == JOB_FAILED || row->state == JOB_HELD)
		add_failure(s, row);
	if (is_warm)
		span_add(&s->stages[STATS_PUSH_TO_WARM], took_ms);
	add_stages(s, row);
	add_job(s, row, took_ms);
	return 0;
}

int stats_look(struct stats *s, struct db *db, const struct job_filter *f, struct err *e)
{
	if (stat_each(db, f, look_at_job, s, e) < 0)
		return -1;
	if (s->is_cut && s->n > 0)
		s->from_ms = s->jobs[s->n - 1].ended_ms;
	return 0;
}

void stats_fini(struct stats *s)
{
	for (int i = 0; i < STATS_STAGES; i++)
		span_fini(&s->stages[i]);
	free(s->jobs);
}
