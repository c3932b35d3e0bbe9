/* settle: records the result of an attempt. Each change names its attempt and first checks that the
 * row still waits for it: a late verdict changes nothing.
 * DIAGNOSTICS: ERR_US with sys ESTALE if the row has moved on; else as query. */
#include "db/inner.h"

#include "state/cause.h"

#include <errno.h>
#include <string.h>

enum { CRASHES_MAX = 3 };
static const int64_t CRASH_PAUSE_MS = 1000;

/* Masks of states that a change may start from. */
enum { RUNNING = 1 << JOB_RUNNING, BUILT = 1 << JOB_BUILT };

static int moved_on(int64_t id, int64_t attempt, unsigned int from, const struct job *now,
		    struct err *e)
{
	err_set(e, ERR_US,
		"job %lld is not %s attempt %lld: it is %s, attempt %lld; nothing was changed",
		(long long)id,
		from == RUNNING ? "running"
		: from == BUILT ? "waiting in built with"
				: "in",
		(long long)attempt, job_state_name(now->state), (long long)now->attempt);
	e->sys = ESTALE;
	return -1;
}

/* Reads the row if it still belongs to the attempt. */
static int expect(struct db *db, int64_t id, int64_t attempt, unsigned int from, struct job *out,
		  struct err *e)
{
	own_query sqlite3_stmt *q =
		db_query(db, e, "SELECT " JOB_COLUMNS "FROM jobs WHERE id = ?1", val_int(id));
	int r = db_step(db, q, e);

	if (r < 0 || (r == 1 && job_row_copy(q, out, e) < 0))
		return -1;
	if (r == 0) {
		err_set(e, ERR_US, "there is no job %lld any more; nothing was changed",
			(long long)id);
		e->sys = ESTALE;
		return -1;
	}
	if (out->attempt != attempt || !(from & 1u << out->state))
		return moved_on(id, attempt, from, out, e);
	return 0;
}

/* Unknown values keep the present ones: built → failed does not forget the build's times. */
static int write_attempt(struct db *db, const struct job *j, const struct attempt_result *r,
			 int64_t now_ms, struct err *e)
{
	return db_run(
		db, e,
		"UPDATE attempts SET ended_ms = ?3, class = coalesce(?4, class), cause = "
		"coalesce(?5, cause), reason = coalesce(?6, reason), \"commit\" = coalesce(?7, "
		"\"commit\"), tree = coalesce(?8, tree), key = coalesce(?9, key), inputs = "
		"coalesce(?10, inputs), builder = coalesce(?11, builder), digest = coalesce(?12, "
		"digest), reused = max(?13, reused), size_bytes = max(?14, size_bytes), "
		"checkout_ms = max(?15, checkout_ms), build_ms = max(?16, build_ms), check_ms = "
		"max(?17, check_ms), store_ms = max(?18, store_ms), cpu_ms = max(?19, cpu_ms), "
		"mem_peak_bytes = max(?20, mem_peak_bytes), boot_ms = max(?21, boot_ms) WHERE job "
		"= ?1 AND attempt = ?2",
		val_int(j->id), val_int(j->attempt), val_int(now_ms), val_some(r->class),
		val_some(r->cause), val_some(r->reason), val_some(r->commit), val_some(r->tree),
		val_some(r->key), val_some(r->inputs), val_some(r->builder), val_some(r->digest),
		val_int(r->reused), val_int(r->size_bytes), val_int(r->checkout_ms),
		val_int(r->build_ms), val_int(r->check_ms), val_int(r->store_ms),
		val_int(r->cpu_ms), val_int(r->mem_peak_bytes), val_int(r->boot_ms));
}

/* The attempt's findings stay with the job even if it failed: the sweep compares them. */
static int write_findings(struct db *db, const struct job *j, const struct attempt_result *r,
			  struct err *e)
{
	return db_run(db, e,
		      "UPDATE jobs SET key = coalesce(?2, key), digest = coalesce(?3, digest), "
		      "tree = coalesce(?4, tree), inputs = coalesce(?5, inputs), builder = "
		      "coalesce(?6, builder), built_commit = coalesce(?7, built_commit), reused = "
		      "?8, how_built = coalesce(?9, how_built) WHERE id = ?1",
		      val_int(j->id), val_some(r->key), val_some(r->digest), val_some(r->tree),
		      val_some(r->inputs), val_some(r->builder), val_some(r->commit),
		      val_int(r->reused), val_some(r->how_built));
}

static int record(struct db *db, const struct job *j, const struct attempt_result *r,
		  int64_t now_ms, struct err *e)
{
	if (write_attempt(db, j, r, now_ms, e) < 0 || account_settle(db, j->id, r, e) < 0)
		return -1;
	return write_findings(db, j, r, e);
}

static int note(struct db *db, const struct job *j, const char *event, const char *detail,
		struct err *e)
{
	return job_event_add(db,
			     &(struct job_event){.job = j->id,
						 .attempt = j->attempt,
						 .image = j->image,
						 .event = event,
						 .detail = detail},
			     e);
}

/* Finds the id of the image's job in a state that at most one can be in, or 0. */
static int other(struct db *db, sqlite3_stmt *query, int64_t *id, struct err *e)
{
	own_query sqlite3_stmt *q = query;
	int r = db_step(db, q, e);

	*id = r == 1 ? sqlite3_column_int64(q, 0) : 0;
	return r < 0 ? -1 : 0;
}

static int supersede_built(struct db *db, const struct job *j, struct err *e)
{
	int64_t older;

	if (other(db,
		  db_query(db, e,
			   "SELECT id FROM jobs INDEXED BY jobs_one_built WHERE image = ?1 AND "
			   "state = 'built'",
			   val_text(j->image)),
		  &older, e) < 0)
		return -1;
	if (!older)
		return 0;
	return job_supersede(db, older, j->id,
			     "a newer job of its image was built while it waited for the cache", e);
}

int job_set_built(struct db *db, int64_t id, int64_t attempt, const struct attempt_result *r,
		  struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_job struct job j = {.id = 0};
	int64_t now_ms = db_now_ms(db);

	if (!r->digest || strlen(r->digest) != 64)
		return err_set(e, ERR_US, "job %lld was built, but its artifact has no digest",
			       (long long)id);
	if (txn_write(&t, db, e) < 0 || expect(db, id, attempt, RUNNING, &j, e) < 0 ||
	    supersede_built(db, &j, e) < 0 || record(db, &j, r, now_ms, e) < 0 ||
	    db_run(db, e, "UPDATE jobs SET state = 'built', built_ms = ?2 WHERE id = ?1",
		   val_int(id), val_int(now_ms)) < 0 ||
	    db_run(db, e,
		   "INSERT INTO artifacts (digest, key, tree, builder, image, job, attempt, "
		   "size_bytes, built_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT "
		   "DO NOTHING",
		   val_text(r->digest), val_some(r->key), val_some(r->tree), val_some(r->builder),
		   val_text(j.image), val_int(id), val_int(attempt), val_int(r->size_bytes),
		   val_int(now_ms)) < 0 ||
	    note(db, &j, "built", r->reused ? "the artifact was there already" : r->digest, e) < 0)
		return -1;
	return txn_commit(&t, e);
}

int job_note_built(struct db *db, int64_t id, int64_t attempt, const char *event,
		   const char *detail, struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_job struct job j = {.id = 0};

	if (txn_write(&t, db, e) < 0 || expect(db, id, attempt, BUILT, &j, e) < 0 ||
	    note(db, &j, event, detail, e) < 0)
		return -1;
	return txn_commit(&t, e);
}

int job_set_published(struct db *db, int64_t id, int64_t attempt, const char *name,
		      int64_t publish_ms, const char *remark, struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_job struct job j = {.id = 0};
	int64_t now_ms = db_now_ms(db);

	if (txn_write(&t, db, e) < 0 || expect(db, id, attempt, BUILT, &j, e) < 0 ||
	    db_run(db, e,
		   "UPDATE jobs SET state = 'published', reason = ?3, " WAITS_FOR_NOTHING ", "
		   "ended_ms = ?2 WHERE id = ?1",
		   val_int(id), val_int(now_ms), val_some(remark)) < 0 ||
	    db_run(db, e,
		   "INSERT INTO publications (job, attempt, image, digest, name, published_ms, "
		   "publish_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
		   val_int(id), val_int(attempt), val_text(j.image), val_text(j.digest),
		   val_text(name), val_int(now_ms), val_int(publish_ms)) < 0 ||
	    note(db, &j, "published", remark ? remark : name, e) < 0)
		return -1;
	return txn_commit(&t, e);
}

static int fail(struct db *db, const struct job *j, const char *reason, struct err *e)
{
	if (db_run(db, e,
		   "UPDATE jobs SET state = 'failed', reason = ?2, " WAITS_FOR_NOTHING ", ended_ms "
		   "= ?3 WHERE id = ?1",
		   val_int(j->id), val_some(reason), val_int(db_now_ms(db))) < 0)
		return -1;
	return note(db, j, "failed", reason, e);
}

int job_set_failed(struct db *db, int64_t id, int64_t attempt, const struct attempt_result *r,
		   struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_job struct job j = {.id = 0};

	if (txn_write(&t, db, e) < 0 || expect(db, id, attempt, RUNNING | BUILT, &j, e) < 0 ||
	    record(db, &j, r, db_now_ms(db), e) < 0 || fail(db, &j, r->reason, e) < 0)
		return -1;
	return txn_commit(&t, e);
}

int job_set_confirmed(struct db *db, int64_t id, int64_t attempt, const struct attempt_result *r,
		      struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_job struct job j = {.id = 0};
	int64_t now_ms = db_now_ms(db);

	if (!r->digest || strlen(r->digest) != 64)
		return err_set(e, ERR_US, "job %lld confirmed an artifact that has no digest",
			       (long long)id);
	if (txn_write(&t, db, e) < 0 || expect(db, id, attempt, RUNNING, &j, e) < 0 ||
	    record(db, &j, r, now_ms, e) < 0 ||
	    db_run(db, e,
		   "UPDATE jobs SET state = 'published', reason = ?2, built_ms = ?3, ended_ms = ?3 "
		   "WHERE id = ?1",
		   val_int(id), val_some(r->reason), val_int(now_ms)) < 0 ||
	    note(db, &j, "confirmed", r->reason, e) < 0)
		return -1;
	return txn_commit(&t, e);
}

int job_remark(struct db *db, int64_t id, const char *event, const char *text, struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_job struct job j = {.id = 0};
	int found;

	if (txn_write(&t, db, e) < 0)
		return -1;
	found = job_get(db, id, &j, e);
	if (found <= 0)
		return found;
	if (j.reason && strcmp(j.reason, text) == 0)
		return 0;
	if (db_run(db, e, "UPDATE jobs SET reason = ?2 WHERE id = ?1 AND state = 'published'",
		   val_int(id), val_some(text)) < 0 ||
	    note(db, &j, event, text, e) < 0)
		return -1;
	return txn_commit(&t, e) < 0 ? -1 : 1;
}

int job_set_cancelled(struct db *db, int64_t id, int64_t attempt, const struct attempt_result *r,
		      struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_job struct job j = {.id = 0};
	int64_t now_ms = db_now_ms(db);

	if (txn_write(&t, db, e) < 0 || expect(db, id, attempt, RUNNING, &j, e) < 0 ||
	    record(db, &j, r, now_ms, e) < 0 ||
	    db_run(db, e,
		   "UPDATE jobs SET state = 'cancelled', reason = ?2, ended_ms = ?3 WHERE id = ?1",
		   val_int(id), val_some(r->reason), val_int(now_ms)) < 0 ||
	    note(db, &j, "cancelled", r->reason, e) < 0)
		return -1;
	return txn_commit(&t, e);
}

static int newer_queued(struct db *db, const struct job *j, int64_t *id, struct err *e)
{
	return other(db,
		     db_query(db, e,
			      "SELECT id FROM jobs INDEXED BY jobs_one_queued WHERE image = ?1 AND "
			      "state = 'queued'",
			      val_text(j->image)),
		     id, e);
}

/* At most one job of an image is held: the newer of two. */
static int hold(struct db *db, const struct job *j, const char *reason, struct err *e)
{
	static const char newer[] = "another job of its image is held";
	int64_t held;

	if (job_held(db, j->image, &held, e) < 0)
		return -1;
	if (held > j->id)
		return job_supersede(db, j->id, held, newer, e);
	if (held && job_supersede(db, held, j->id, newer, e) < 0)
		return -1;
	if (db_run(db, e,
		   "UPDATE jobs SET state = 'held', reason = ?2, " WAITS_FOR_NOTHING
		   " WHERE id = ?1",
		   val_int(j->id), val_some(reason)) < 0)
		return -1;
	return note(db, j, "held", reason, e);
}

static int requeue_within(struct db *db, const struct job *j, const struct attempt_result *r,
			  int64_t not_before_ms, bool crash, struct err *e)
{
	int64_t newer;

	if (record(db, j, r, db_now_ms(db), e) < 0 ||
	    db_run(db, e, "UPDATE jobs SET crashes = crashes + ?2 WHERE id = ?1", val_int(j->id),
		   val_int(crash)) < 0 ||
	    newer_queued(db, j, &newer, e) < 0)
		return -1;
	if (newer)
		return job_supersede(
			db, j->id, newer,
			"its attempt ended early, and a newer job of its image is queued", e);
	if (crash && j->crashes + 1 >= CRASHES_MAX)
		return job_is_confirm(j->origin) ? fail(db, j, r->reason, e)
						 : hold(db, j, r->reason, e);
	if (db_run(db, e,
		   "UPDATE jobs SET state = 'queued', reason = ?2, not_before_ms = ?3, "
		   WAITS_FOR_NOTHING ", digest = NULL, built_ms = 0 WHERE id = ?1",
		   val_int(j->id), val_some(r->reason),
		   val_int(not_before_ms > 0 ? not_before_ms : 0)) < 0)
		return -1;
	return note(db, j, "requeued", r->reason, e);
}

int job_set_requeued(struct db *db, int64_t id, int64_t attempt, const struct attempt_result *r,
		     int64_t not_before_ms, bool crash, struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_job struct job j = {.id = 0};

	if (txn_write(&t, db, e) < 0 || expect(db, id, attempt, RUNNING | BUILT, &j, e) < 0 ||
	    requeue_within(db, &j, r, not_before_ms, crash, e) < 0)
		return -1;
	return txn_commit(&t, e);
}

int job_set_held(struct db *db, int64_t id, int64_t attempt, const struct attempt_result *r,
		 struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_job struct job j = {.id = 0};
	int64_t newer;

	if (txn_write(&t, db, e) < 0 || expect(db, id, attempt, RUNNING | BUILT, &j, e) < 0 ||
	    record(db, &j, r, db_now_ms(db), e) < 0 || newer_queued(db, &j, &newer, e) < 0)
		return -1;
	if ((newer ? job_supersede(db, id, newer,
				   "it would be held, and a newer job of its image is queued", e)
		   : hold(db, &j, r->reason, e)) < 0)
		return -1;
	return txn_commit(&t, e);
}

int job_set_waiting(struct db *db, int64_t id, int64_t attempt, enum waiting kind, const char *text,
		    struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_job struct job j = {.id = 0};

	if (txn_write(&t, db, e) < 0 || expect(db, id, attempt, BUILT, &j, e) < 0)
		return -1;
	if (job_waits(&j) == kind && strncmp(j.waiting_for, text, DB_TEXT_MAX - 4) == 0)
		return 0;
	if (db_run(db, e, "UPDATE jobs SET waiting_for = ?2, waiting_kind = ?3 WHERE id = ?1",
		   val_int(id), val_some(text), val_text(waiting_name(kind))) < 0 ||
	    note(db, &j, "waiting", text, e) < 0)
		return -1;
	return txn_commit(&t, e);
}

static int next_running(struct db *db, struct job *j, struct err *e)
{
	own_query sqlite3_stmt *q = db_query_n(
		db, e,
		"SELECT " JOB_COLUMNS
		"FROM jobs INDEXED BY jobs_one_running WHERE state = 'running' ORDER BY id LIMIT 1",
		NULL, 0);
	int r = db_step(db, q, e);

	return r == 1 && job_row_copy(q, j, e) < 0 ? -1 : r;
}

int job_recover(struct db *db, bool crash, int64_t *n, struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	const struct attempt_result result = {
		.class = "nobody",
		.cause = cause_name(crash ? CAUSE_CRASH : CAUSE_STOPPED),
		.reason = crash ? "the agent ended unexpectedly while this ran"
				: "the agent was stopped while this ran",
	};
	int64_t count = 0;
	int found = 0;

	if (txn_write(&t, db, e) < 0)
		return -1;
	for (;; count++) {
		own_job struct job j = {.id = 0};

		found = next_running(db, &j, e);
		if (found <= 0)
			break;
		if (requeue_within(db, &j, &result,
				   crash ? db_now_ms(db) + CRASH_PAUSE_MS * j.attempt : 0, false,
				   e) < 0)
			return -1;
	}
	/* Built jobs determine anew why they wait. */
	if (found < 0 ||
	    db_run(db, e,
		   "UPDATE jobs INDEXED BY jobs_one_built SET " WAITS_FOR_NOTHING " WHERE state = "
		   "'built' AND waiting_for IS NOT NULL AND id > ?1",
		   val_int(0)) < 0 ||
	    account_mend(db, e) < 0 || txn_commit(&t, e) < 0)
		return -1;
	*n = count;
	return 0;
}
