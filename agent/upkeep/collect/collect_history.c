/* collect_history: forgets ended jobs, least recent first, as history_keep and history_jobs demand.
 * A transaction takes a few milliseconds, and a pause follows it, so that hooks and hornerod come
 * between. While jobs run or may begin, it leaves the rest to the next run, until the history is
 * more than a tenth too long.
 * DIAGNOSTICS: as the queue; a queue that is missing has no history. */
#include "agent/upkeep/collect/collect.h"

#include "db/job.h"
#include "lib/clock.h"
#include "lib/failpoint.h"
#include "lib/own.h"

#include <errno.h>
#include <time.h>

enum {
	DB_WAIT_MS = 10000,
	AT_ONCE = 50,    /* jobs of a transaction: a few milliseconds */
	PAUSE_TIMES = 4, /* the pause after it, in its own time */
	RUN_MS = 20000,  /* of one run; the next one continues */
};

struct forgetting {
	struct collect *c;
	struct db *db;
	int64_t jobs, longest_us;
};

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void rest(int64_t us)
{
	const struct timespec pause = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};

	nanosleep(&pause, NULL);
}

/* Returns how many of the n jobs it took, or -1 on error. */
static int forget_some(struct forgetting *f, const int64_t *jobs, int n, struct err *e)
{
	int64_t start_us = now_us(), took_us;

	if (n > AT_ONCE)
		n = AT_ONCE;
	if (history_forget(f->db, jobs, n, e) < 0)
		return -1;
	took_us = now_us() - start_us;
	failpoint("history-forgotten");
	f->jobs += n;
	f->longest_us = took_us > f->longest_us ? took_us : f->longest_us;
	rest(took_us * PAUSE_TIMES);
	return n;
}

static int forget_all(struct forgetting *f, const struct history_keep *keep, int64_t end_ms,
		      struct err *e)
{
	own_free struct history_old *old = calloc(1, sizeof(*old));
	int done = 0;

	if (!old)
		return err_set(e, ERR_NOBODY, "out of memory for a list of jobs");
	do {
		if (history_old(f->db, keep, old, e) < 0)
			return -1;
		if (old->n == 0 || (old->busy && !old->far))
			return 0;
		for (int at = 0; at < old->n && clock_mono_ms() < end_ms; at += done) {
			done = forget_some(f, &old->jobs[at], old->n - at, e);
			if (done < 0)
				return -1;
		}
	} while (clock_mono_ms() < end_ms);
	return 0;
}

static int only_count(struct forgetting *f, const struct history_keep *keep, struct err *e)
{
	own_free struct history_old *old = calloc(1, sizeof(*old));

	if (!old)
		return err_set(e, ERR_NOBODY, "out of memory for a list of jobs");
	if (history_old(f->db, keep, old, e) < 0)
		return -1;
	f->jobs = old->n;
	return 0;
}

int collect_history(struct collect *c, struct err *e)
{
	const struct history_keep keep = {.age_ms = c->conf->history_keep_s * 1000,
					  .jobs = c->conf->history_jobs};
	struct db_queue queue = {.queue_dir = c->conf->queue_dir};
	own_db struct db *db = NULL;
	struct forgetting f = {.c = c};
	int64_t events = 0;
	int r;

	if (keep.age_ms == 0 && keep.jobs == 0)
		return 0;
	if (db_open(&db, &queue, c->dry ? DB_READ : DB_WRITE, DB_WAIT_MS, e) < 0)
		return e->sys == ENOENT ? 0 : err_wrap(e, "no history is collected");
	f.db = db;
	r = c->dry ? only_count(&f, &keep, e)
		   : forget_all(&f, &keep, clock_mono_ms() + RUN_MS, e);
	if (r == 0 && keep.age_ms > 0 && !c->dry)
		r = history_forget_node(db, keep.age_ms, AT_ONCE, &events, e);
	if (f.jobs > 0)
		collect_say(c, "history", "jobs", 0,
			    "%s%lld jobs ended long ago (history_keep, history_jobs); the longest "
			    "transaction took %lld us",
			    c->dry && f.jobs == HISTORY_OLD ? "at least " : "", (long long)f.jobs,
			    (long long)f.longest_us);
	return r;
}
