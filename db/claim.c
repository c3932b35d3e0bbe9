/* claim: picks the next job to run. It reads the lines in their turn (account.c) and the first jobs
 * of a line, never all that wait.
 * DIAGNOSTICS: as query, and damaged rows (row.c). */
#include "db/inner.h"

#include "state/cause.h"

enum { RIPEN_MOST = 1000 };

/* Makes jobs ready whose time has come, the oldest first. Returns their number, or -1. */
static int ripen(struct db *db, int64_t now_ms, struct err *e)
{
	if (db_run(db, e,
		   "UPDATE jobs SET not_before_ms = 0 WHERE id IN (SELECT id FROM jobs INDEXED BY "
		   "jobs_due WHERE state = 'queued' AND not_before_ms > 0 AND not_before_ms <= ?1 "
		   "ORDER BY not_before_ms, id LIMIT ?2)",
		   val_int(now_ms), val_int(RIPEN_MOST)) < 0)
		return -1;
	return sqlite3_changes(db->sql);
}

static int find_in_line(struct db *db, const struct job_terms *t, sqlite3_stmt *line, int64_t *id,
			struct err *e)
{
	own_query sqlite3_stmt *q = db_query(
		db, e,
		"SELECT id, image FROM jobs AS j INDEXED BY jobs_claim WHERE state = 'queued' "
		"AND not_before_ms = 0 AND priority = ?1 AND repo = ?2 AND likely_builder = ?3 "
		"AND NOT EXISTS (SELECT 1 FROM jobs AS r INDEXED BY jobs_one_running "
		"WHERE r.image = j.image AND r.state = 'running' "
		"AND (r.origin <> 'confirm' OR ?4)) ORDER BY id",
		val_int(sqlite3_column_int64(line, 0)), val_text(row_text(line, 1)),
		val_text(row_text(line, 2)), val_int(t->idle));
	int r;

	do
		r = db_step(db, q, e);
	while (r == 1 && t->may && !t->may(t->arg, row_text(q, 1)));
	if (r == 1)
		*id = sqlite3_column_int64(q, 0);
	return r;
}

static int find(struct db *db, const struct job_terms *t, int64_t *id, struct err *e)
{
	own_query sqlite3_stmt *q = db_query(
		db, e,
		"SELECT priority, repo, builder FROM lines INDEXED BY lines_order WHERE head > 0 "
		"AND priority BETWEEN ?1 AND ?2 AND (?3 = 0 OR repo NOT IN (SELECT repo FROM jobs "
		"INDEXED BY jobs_one_running WHERE state = 'running' AND origin <> 'confirm' "
		"GROUP BY repo HAVING count(*) >= ?3)) ORDER BY priority, used_ms, head",
		val_int(t->idle ? PRIORITY_CONFIRM : INT64_MIN),
		val_int(t->idle ? INT64_MAX : PRIORITY_CONFIRM - 1), val_int(t->per_repo));
	int r, found = 0;

	while (found == 0 && (r = db_step(db, q, e)) != 0) {
		if (r < 0)
			return -1;
		if (!t->may_line || t->may_line(t->arg, row_text(q, 2)))
			found = find_in_line(db, t, q, id, e);
	}
	return found;
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

	if (account_charge(db, id, e) < 0 ||
	    db_run(db, e,
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

int job_claim(struct db *db, int64_t now_ms, const struct job_terms *terms, struct job *out,
	      struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_job struct job j = {.id = 0};
	int64_t id = 0;
	int found, ripe;

	if (txn_write(&t, db, e) < 0)
		return -1;
	do {
		ripe = ripen(db, now_ms, e);
		found = ripe < 0 ? -1 : find(db, terms, &id, e);
	} while (found == 0 && ripe == RIPEN_MOST);
	if (found < 0 || (found == 0 && (ripe == 0 || txn_commit(&t, e) == 0)))
		return found;
	if (found == 0 || (!terms->idle && end_confirmation(db, id, e) < 0) ||
	    take(db, id, now_ms, &j, e) < 0 ||
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
