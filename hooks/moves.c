/* moves: DIAGNOSTICS: as db and state/skip.h; the first error ends it, since the same cause would
 * stop the next row as well. */
#include "hooks/moves.h"

#include "state/skip.h"
#include "hooks/peel.h"
#include "hooks/say.h"
#include "hooks/who.h"
#include "lib/clock.h"
#include "lib/own.h"

#include <string.h>

enum {
	QUEUE_WAIT_MS = 200,    /* for the queue while others write to it */
	OPTIONS_WAIT_MS = 5000, /* the same, if options would be lost without a row */
	ROWS_MS = 1000,         /* for the rows of a push, apart from the first */
};

/* The product of images and refs is small: at most one ref matches each image. */
int moves_find(const struct target *p, const struct pushed *pushed, const struct pushopt *o,
	       struct moves *out, struct err *e)
{
	own_catfile struct catfile cf = CATFILE_INIT;

	out->list = calloc(p->n + 1, sizeof(*out->list));
	if (!out->list)
		return err_set(e, ERR_NOBODY, "out of memory for %zu images", p->n);
	for (size_t k = 0; k < p->n; k++) {
		const struct image *img = &p->images[k];
		const struct refline *r = NULL;

		for (size_t i = 0; i < pushed->n && !r; i++)
			if (target_builds(p, img, pushed->lines[i].ref))
				r = &pushed->lines[i];
		if (r && refline_deletes(r)) {
			out->deleted++;
			say("%s of %s is deleted: the image %s keeps its last artifact", r->ref,
			    p->repo, target_image_name(img));
		} else if (r) {
			struct move *m = &out->list[out->n];

			*m = (struct move){
				.img = img, .line = r, .skipped = pushopt_skips(o, img->uuid)};
			if (peel_commit(&cf, r, m->commit, e) != 0)
				return -1;
			out->n++;
		}
	}
	return 0;
}

static int queue_one(struct db *db, const struct target *p, const struct pushopt *o, struct move *m,
		     const char *who, struct err *e)
{
	struct job_wish row = {
		.image = m->img->uuid,
		.repo = p->repo,
		.ref = m->line->ref,
		.commit = m->commit,
		.origin = "push",
		.pushed_by = who,
		.force = o->rebuild,
		.clean = o->clean,
		.priority = o->priority,
	};

	skip_clear(p->conf->skip_dir, m->img->uuid);
	if (job_enqueue(db, &row, &m->receipt, e) < 0)
		return -1;
	m->done = true;
	return 0;
}

/* A queued job reads the ref and would build the commit to skip. The sweep may also have queued one
 * between the update of the ref and our record. */
static int cancel_waiting(struct db *db, struct move *m, const char *who, struct err *e)
{
	own_job struct job j = {.id = 0};
	int found = job_newest(db, m->img->uuid, &j, e);

	if (found <= 0 || j.state != JOB_QUEUED)
		return found < 0 ? -1 : 0;
	found = job_cancel(db, j.id, who, e);
	m->cancelled = found > 0 ? j.id : 0;
	return found < 0 ? -1 : 0;
}

/* Record the skips first: they need no queue, and without them the sweep would build. */
static int record_skips(const struct target *p, struct moves *moves, struct err *e)
{
	for (size_t i = 0; i < moves->n; i++) {
		struct move *m = &moves->list[i];

		if (m->skipped && skip_set(p->conf->skip_dir, m->img->uuid, m->commit, e) < 0)
			return -1;
		m->done = m->skipped;
	}
	return 0;
}

/* hornerod finds a push by itself, but not its options: only a row holds them. */
static bool need_rows(const struct pushopt *o)
{
	return o->wait || o->rebuild || o->clean || o->priority != 0;
}

int moves_enter(const struct target *p, const struct pushopt *o, struct moves *moves,
		struct err *e)
{
	own_db struct db *db = NULL;
	int wait_ms = need_rows(o) ? OPTIONS_WAIT_MS : QUEUE_WAIT_MS;
	int rows_ms = need_rows(o) ? OPTIONS_WAIT_MS : ROWS_MS;
	struct db_queue at = {.queue_dir = p->conf->queue_dir};
	int64_t deadline_ms;
	struct who who;

	if (moves->n == 0)
		return 0;
	if (who_pushes(&who, e) < 0 || record_skips(p, moves, e) < 0 ||
	    db_open(&db, &at, DB_WRITE, wait_ms, e) < 0)
		return -1;
	deadline_ms = clock_mono_ms() + rows_ms;
	for (size_t i = 0; i < moves->n; i++) {
		struct move *m = &moves->list[i];

		/* On a busy node this process may stand still for a second. The first row is worth
		 * more than that: only a row holds the options of a push. */
		if (i > 0 && clock_mono_ms() > deadline_ms)
			return err_set(e, ERR_NOBODY,
				       "it took more than %d ms to write %zu of %zu jobs",
				       rows_ms, i, moves->n);
		if ((m->skipped ? cancel_waiting(db, m, who.name, e)
				: queue_one(db, p, o, m, who.name, e)) < 0)
			return -1;
	}
	return 0;
}

size_t moves_queued(const struct moves *moves)
{
	size_t n = 0;

	for (size_t i = 0; i < moves->n; i++)
		n += moves->list[i].done && !moves->list[i].skipped;
	return n;
}
