/* report_look: DIAGNOSTICS: as db. */
#include "cli/report.h"

#include <stdlib.h>
#include <string.h>

struct look {
	struct report *r;
	int64_t jobs;
	bool is_over; /* older than the period, or too many */
};

static void add_push(struct report *r, const struct job *j)
{
	struct report_push *more = r->pushes;

	if (r->n == r->room) {
		r->room = 2 * r->room + 64;
		more = reallocarray(r->pushes, r->room, sizeof(*more));
	}
	if (!more)
		abort();
	r->pushes = more;
	more[r->n] = (struct report_push){.ended_ms = j->ended_ms,
					  .took_ms = j->ended_ms - j->created_ms};
	snprintf(more[r->n].image, sizeof(more[r->n].image), "%s", j->image);
	r->n++;
}

static int look_at_job(void *arg, const struct job *j)
{
	struct look *l = arg;

	if (j->ended_ms < l->r->from_ms || ++l->jobs > REPORT_MOST) {
		l->is_over = true;
		l->r->is_cut = l->jobs > REPORT_MOST;
		return 1;
	}
	l->r->states[j->state]++;
	l->r->reused += j->state == JOB_PUBLISHED && j->reused;
	if (j->state == JOB_PUBLISHED && strcmp(j->origin, "push") == 0 &&
	    j->ended_ms >= j->created_ms)
		add_push(l->r, j);
	return 0;
}

int report_look(struct report *r, struct db *db, struct err *e)
{
	const struct job_filter any = {0};
	struct job_piece at = JOB_PIECE_FIRST;
	struct look l = {.r = r};
	int more;

	do
		more = job_each_ended(db, &any, &at, look_at_job, &l, e);
	while (more == 1 && !l.is_over);
	return more < 0 ? -1 : 0;
}
