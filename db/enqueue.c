/* enqueue: turns a wish into a row. The latest wish per image wins; nothing is dropped silently.
 * DIAGNOSTICS: ERR_NOBODY busy, full, deleted (the caller leaves it to the sweep); ERR_US a
 * malformed wish. */
#include "db/inner.h"

#include "lib/failpoint.h"
#include "lib/hex.h"

#include <stdio.h>
#include <string.h>

static int check_wish(const struct job_wish *w, struct err *e)
{
	if (!uuid_valid(w->image))
		return err_set(e, ERR_US, "cannot queue %.64s: it is no image UUID", w->image);
	if (!hex_is_oid(w->commit))
		return err_set(e, ERR_US, "cannot queue %s: %.80s is no object id", w->image,
			       w->commit);
	if (!*w->repo || strlen(w->repo) > 255 || !*w->ref || strlen(w->ref) > DB_TEXT_MAX)
		return err_set(
			e, ERR_US,
			"cannot queue %s: the name of its repository or ref is empty or too long",
			w->image);
	return 0;
}

static bool is_sweep(const struct job_wish *w)
{
	return strcmp(w->origin, "sweep") == 0;
}

bool job_is_confirm(const char *origin)
{
	return strcmp(origin, "confirm") == 0;
}

/* The smallest number is claimed first. Jobs that a user or a push waits for go before the
 * sweep's. */
static int64_t priority_of(const struct job_wish *w)
{
	if (job_is_confirm(w->origin))
		return PRIORITY_CONFIRM;
	return is_sweep(w) && !w->is_lost_push ? PRIORITY_SWEEP : -w->priority;
}

static int find_queued(struct db *db, const char *image, struct job *out, struct err *e)
{
	own_query sqlite3_stmt *q = db_query(
		db, e,
		"SELECT " JOB_COLUMNS
		"FROM jobs INDEXED BY jobs_one_queued WHERE image = ?1 AND state = 'queued'",
		val_text(image));
	int r = db_step(db, q, e);

	return r == 1 && job_row_copy(q, out, e) < 0 ? -1 : r;
}

/* A job reads the ref when it runs. A sweep may have read the ref before the last push: so it joins
 * any queued job of that ref and never replaces a pusher's. */
static bool equal_wish(const struct job *j, const struct job_wish *w)
{
	bool same_commit = strcmp(j->commit, w->commit) == 0 || is_sweep(w);

	if (job_is_confirm(w->origin))
		return true;
	if (job_is_confirm(j->origin))
		return false;

	return same_commit && strcmp(j->ref, w->ref) == 0 && strcmp(j->repo, w->repo) == 0 &&
	       (j->force || !(w->force || w->clean)) && (j->clean || !w->clean);
}

static const char *detail_of(const struct job_wish *w)
{
	return w->note ? w->note : w->origin;
}

/* Returns 1 if the sweep saw this very push before its hook did, and its job runs: a second one
 * would build nothing new. No later push of the ref waits: then the image has a queued job. */
static int find_running(struct db *db, const struct job_wish *w, struct job *out, struct err *e)
{
	bool may_join = strcmp(w->origin, "push") == 0 && !w->force && !w->clean;
	own_query sqlite3_stmt *q = db_query(
		db, e,
		"SELECT " JOB_COLUMNS "FROM jobs INDEXED BY jobs_one_running "
		"WHERE image = ?1 AND state = 'running' AND origin = 'sweep' AND repo = ?2 "
		"AND ref = ?3 AND \"commit\" = ?4",
		val_text(w->image), val_text(w->repo), val_text(w->ref), val_text(w->commit));
	int r = may_join ? db_step(db, q, e) : 0;

	return r == 1 && job_row_copy(q, out, e) < 0 ? -1 : r;
}

/* A repeated request ends the back-off and does not go behind the sweep's jobs. A sweep ends only
 * the wait of a job that had no attempt yet: a rebuild of tonight must not keep the image cold. */
static int join(struct db *db, const struct job *j, const struct job_wish *w, struct err *e)
{
	const struct job_event ev = {.job = j->id,
				     .attempt = j->attempt,
				     .image = j->image,
				     .event = "joined",
				     .detail = detail_of(w),
				     .who = w->pushed_by};

	if ((!is_sweep(w) || j->attempt == 0) && !job_is_confirm(w->origin) &&
	    db_run(db, e,
		   "UPDATE jobs SET priority = min(priority, ?2), not_before_ms = "
		   "min(not_before_ms, ?3) WHERE id = ?1",
		   val_int(j->id), val_int(priority_of(w)), val_int(w->not_before_ms)) < 0)
		return -1;
	return job_event_add(db, &ev, e);
}

int job_supersede(struct db *db, int64_t id, int64_t by, const char *reason, struct err *e)
{
	char detail[256];

	if (db_run(db, e,
		   "UPDATE jobs SET state = 'superseded', superseded_by = ?2, reason = ?3, "
		   WAITS_FOR_NOTHING ", not_before_ms = 0, ended_ms = ?4 WHERE id = ?1",
		   val_int(id), val_int(by), val_text(reason), val_int(db_now_ms(db))) < 0)
		return -1;
	snprintf(detail, sizeof(detail), "by job %lld: %s", (long long)by, reason);
	return db_run(db, e,
		      "INSERT INTO events (at_ms, job, attempt, image, event, detail) "
		      "SELECT ended_ms, id, attempt, image, 'superseded', ?2 FROM jobs "
		      "WHERE id = ?1",
		      val_int(id), val_text(detail));
}

int job_held(struct db *db, const char *image, int64_t *id, struct err *e)
{
	own_query sqlite3_stmt *q = db_query(
		db, e,
		"SELECT id FROM jobs INDEXED BY jobs_one_held WHERE image = ?1 AND state = 'held'",
		val_text(image));
	int r = db_step(db, q, e);

	*id = r == 1 ? sqlite3_column_int64(q, 0) : 0;
	return r < 0 ? -1 : 0;
}

/* A newer wish supersedes a held job: the new job meets the same obstacle, or it is gone. */
static int supersede_held(struct db *db, const char *image, int64_t by, struct err *e)
{
	int64_t held;

	if (job_held(db, image, &held, e) < 0)
		return -1;
	return held ? job_supersede(db, held, by, "a newer job of its image came while it was held",
				    e)
		    : 0;
}

static int insert(struct db *db, const struct job_wish *w, int64_t id, bool force, bool clean,
		  struct err *e)
{
	const struct job_event ev = {.job = id,
				     .image = w->image,
				     .event = "queued",
				     .detail = detail_of(w),
				     .who = w->pushed_by};
	struct likely likely;

	if (likely_of(db, w->image, &likely, e) < 0 ||
	    db_run(db, e,
		   "INSERT INTO jobs (id, image, repo, ref, \"commit\", origin, pushed_by, "
		   "priority, force, clean, state, created_ms, inputs, not_before_ms, "
		   "likely_builder, likely_ms, likely_cpu_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
		   "?8, ?9, ?10, 'queued', ?11, ?12, ?13, ?14, ?15, ?16)",
		   val_int(id), val_text(w->image), val_text(w->repo), val_text(w->ref),
		   val_text(w->commit), val_text(w->origin), val_some(w->pushed_by),
		   val_int(priority_of(w)), val_int(force), val_int(clean), val_int(db_now_ms(db)),
		   val_some(w->inputs), val_int(w->not_before_ms), val_text(likely.builder),
		   val_int(likely.ms), val_int(likely.cpu_ms)) < 0)
		return -1;
	return job_event_add(db, &ev, e);
}

/* Returns 1 if the image has a newer job than the wish knows of: the wish may be for an older
 * commit. */
static int find_newer(struct db *db, const struct job_wish *w, struct err *e)
{
	own_job struct job j = {.id = 0};

	if (!w->newest)
		return 0;
	return job_newest(db, w->image, &j, e) < 0 ? -1 : j.id != *w->newest;
}

/* Inserts the wish as a job, in place of the queued one if there is one (id above 0). */
static int replace(struct db *db, const struct job_wish *w, const struct job *queued,
		   struct job_receipt *r, struct err *e)
{
	bool clean = w->clean || queued->clean;
	bool force = w->force || w->clean || queued->force;

	if (sequence_next(db, &r->id, e) < 0)
		return -1;
	r->superseded = queued->id;
	if (queued->id &&
	    job_supersede(db, queued->id, r->id, "a newer wish for its image", e) < 0)
		return -1;
	if (!job_is_confirm(w->origin) && supersede_held(db, w->image, r->id, e) < 0)
		return -1;
	return insert(db, w, r->id, force, clean, e);
}

int job_enqueue_within(struct db *db, const struct job_wish *w, struct job_receipt *r,
		       struct err *e)
{
	own_job struct job queued = {.id = 0}, running = {.id = 0};
	int overtaken = find_newer(db, w, e);
	int found = overtaken ? overtaken : find_queued(db, w->image, &queued, e);
	int runs = found ? found : find_running(db, w, &running, e);

	*r = (struct job_receipt){.overtaken = overtaken > 0};
	if (found < 0 || runs < 0)
		return -1;
	if (r->overtaken)
		return 0;
	r->joined = found ? equal_wish(&queued, w) : runs;
	r->running = r->joined && !found;
	if (!r->joined)
		return replace(db, w, &queued, r, e);
	r->id = found ? queued.id : running.id;
	return join(db, found ? &queued : &running, w, e);
}

int job_enqueue(struct db *db, const struct job_wish *w, struct job_receipt *r, struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	struct job_receipt made;

	if (check_wish(w, e) < 0 || txn_write(&t, db, e) < 0 ||
	    job_enqueue_within(db, w, &made, e) < 0)
		return -1;
	failpoint("enqueue-before-commit");
	if (txn_commit(&t, e) < 0)
		return -1;
	failpoint("enqueue-after-commit");
	*r = made;
	return 0;
}
