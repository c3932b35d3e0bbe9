/* claim: picks the next job to run. The partial index jobs_claim holds only queued jobs, so a
 * million finished ones cost nothing; INDEXED BY makes sure that it is used.
 * DIAGNOSTICS: as query, and damaged rows (row.c). */
#include "db/inner.h"

#include "state/cause.h"

static int find(struct db *db, int64_t now_ms, bool idle, job_may *may, const void *arg,
		int64_t *id, struct err *e)
{
	own_query sqlite3_stmt *q = db_query(
		db, e,
		"SELECT id, image FROM jobs AS j INDEXED BY jobs_claim WHERE state = 'queued' "
		"AND not_before_ms <= ?1 AND (origin = 'confirm') = ?2 AND NOT EXISTS (SELECT 1 "
		"FROM jobs AS r INDEXED BY jobs_one_running WHERE r.image = j.image "
		"AND r.state = 'running' AND (r.origin <> 'confirm' OR ?2)) ORDER BY priority, id",
		val_int(now_ms), val_int(idle));
	int r;

	do
		r = db_step(db, q, e);
	while (r == 1 && may && !may(arg, row_text(q, 1)));
	if (r == 1)
		*id = sqlite3_column_int64(q, 0);
	return r;
}

/* A job does not wait for a confirmation of its image: end that in the queue; hornerod ends its
 * processes. */
static int end_confirmation(struct db *db, int64_t by, struct err *e)
{
	own_query sqlite3_stmt *q =
		db_query(db, e,
			 "SELECT id, attempt FROM jobs INDEXED BY jobs_one_running "
			 "WHERE state = 'running' "
			 "AND image = (SELECT image FROM jobs WHERE id = ?1)",
			 val_int(by));
	int r = db_step(db, q, e);
	int64_t id, attempt;

	if (r <= 0)
		return r;
	id = sqlite3_column_int64(q, 0);
	attempt = sqlite3_column_int64(q, 1);
	if (job_supersede(db, id, by, "a newer job of its image came while it was being confirmed",
			  e) < 0)
		return -1;
	return db_run(db, e,
		      "UPDATE attempts SET ended_ms = ?3, class = 'nobody', cause = ?4, "
		      "reason = 'a newer job of its image came' WHERE job = ?1 AND attempt = ?2",
		      val_int(id), val_int(attempt), val_int(db_now_ms(db)),
		      val_text(cause_name(CAUSE_YIELDED)));
}

static int take(struct db *db, int64_t id, int64_t now_ms, struct job *out, struct err *e)
{
	own_query sqlite3_stmt *q = NULL;

	if (db_run(db, e,
		   "UPDATE jobs SET state = 'running', attempt = attempt + 1, started_ms = ?2, "
		   "not_before_ms = 0, reason = NULL, " WAITS_FOR_NOTHING " WHERE id = ?1",
		   val_int(id), val_int(now_ms)) < 0 ||
	    db_run(db, e,
		   "INSERT INTO attempts (job, attempt, started_ms) SELECT id, attempt, started_ms "
		   "FROM jobs WHERE id = ?1",
		   val_int(id)) < 0)
		return -1;
	q = db_query(db, e, "SELECT " JOB_COLUMNS "FROM jobs WHERE id = ?1", val_int(id));
	if (db_step(db, q, e) != 1 || job_row_copy(q, out, e) < 0)
		return -1;
	return 0;
}

int job_claim(struct db *db, int64_t now_ms, bool idle, job_may *may, const void *arg,
	      struct job *out, struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_job struct job j = {.id = 0};
	int64_t id = 0;
	int found;

	if (txn_write(&t, db, e) < 0)
		return -1;
	found = find(db, now_ms, idle, may, arg, &id, e);
	if (found <= 0)
		return found;
	if ((!idle && end_confirmation(db, id, e) < 0) || take(db, id, now_ms, &j, e) < 0 ||
	    job_event_add(
		    db,
		    &(struct job_event){
			    .job = id, .attempt = j.attempt, .image = j.image, .event = "running"},
		    e) < 0 ||
	    txn_commit(&t, e) < 0)
		return -1;
	job_present(db, &j);
	*out = j;
	j = (struct job){.id = 0};
	return 1;
}

int job_next_due(struct db *db, int64_t now_ms, int64_t *due_ms, struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_query sqlite3_stmt *q = NULL;

	if (txn_read(&t, db, e) < 0)
		return -1;
	q = db_query(db, e,
		     "SELECT min(not_before_ms) FROM jobs INDEXED BY jobs_due "
		     "WHERE state = 'queued' AND not_before_ms > 0 AND not_before_ms > ?1",
		     val_int(now_ms));
	if (db_step(db, q, e) != 1)
		return -1;
	*due_ms = sqlite3_column_int64(q, 0);
	return 0;
}
