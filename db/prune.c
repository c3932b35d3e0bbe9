/* prune: forgets jobs that ended long ago, a few in each transaction, so that no hook waits.
 * DIAGNOSTICS: as query. */
#include "db/inner.h"

#include <stdio.h>

/* A job of the same image that ended later; partial index jobs_settled. */
#define LATER \
	"EXISTS (SELECT 1 FROM jobs AS k INDEXED BY jobs_settled WHERE k.image = j.image AND " \
	"k.id > j.id AND (k.state = 'published' OR k.state = 'failed' OR k.state = 'cancelled') " \
	"AND "

/* The newest job of an image stays: sweeps, retries and `hornero why` look at it. So do its newest
 * confirmation, and the job that was published last. */
#define OLD \
	"SELECT j.id, j.ended_ms FROM jobs AS j INDEXED BY jobs_ended WHERE j.ended_ms > 0 AND " \
	"(j.state = 'superseded' OR ((j.state <> 'published' OR " \
	LATER "k.state = 'published')) AND " \
	LATER "(k.origin = 'confirm') = (j.origin = 'confirm')))) ORDER BY j.ended_ms, j.id"

static int number(struct db *db, const char *text, int64_t *n, struct err *e)
{
	own_query sqlite3_stmt *q = db_query_n(db, e, text, NULL, 0);

	if (db_step(db, q, e) != 1)
		return -1;
	*n = sqlite3_column_int64(q, 0);
	return 0;
}

/* Rows of another wait, such as a rebuild of next week, disturb nothing. */
static int look_for_work(struct db *db, bool *busy, struct err *e)
{
	own_query sqlite3_stmt *q = db_query(
		db, e,
		"SELECT EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_one_running WHERE state = "
		"'running') OR EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_claim WHERE state = "
		"'queued' AND not_before_ms = 0) OR EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_due "
		"WHERE state = 'queued' AND not_before_ms > 0 AND not_before_ms <= ?1)",
		val_int(db_now_ms(db)));

	if (db_step(db, q, e) != 1)
		return -1;
	*busy = sqlite3_column_int(q, 0) != 0;
	return 0;
}

int history_old(struct db *db, const struct history_keep *keep, struct history_old *out,
		struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_query sqlite3_stmt *q = NULL;
	int64_t before_ms = keep->age_ms > 0 ? db_now_ms(db) - keep->age_ms : INT64_MIN;
	int64_t ended = 0, over;
	int r = 0;

	*out = (struct history_old){.n = 0};
	if (txn_read(&t, db, e) < 0 ||
	    number(db, "SELECT count(*) FROM jobs INDEXED BY jobs_ended WHERE ended_ms > 0", &ended,
		   e) < 0 ||
	    look_for_work(db, &out->busy, e) < 0)
		return -1;
	over = keep->jobs > 0 && ended > keep->jobs ? ended - keep->jobs : 0;
	out->far = over > keep->jobs / 10;
	q = db_query_n(db, e, OLD, NULL, 0);
	while (out->n < HISTORY_OLD && (r = db_step(db, q, e)) == 1) {
		if (out->n >= over && sqlite3_column_int64(q, 1) >= before_ms)
			break;
		out->jobs[out->n++] = sqlite3_column_int64(q, 0);
	}
	return r < 0 ? -1 : 0;
}

/* Without the keys that refer to other rows: they would cost a scan of a table for each row. A
 * publication may outlive the row of its artifact; a job that is built may not. */
static int forget(struct db *db, int64_t id, struct err *e)
{
	if (db_run(db, e, "DELETE FROM jobs WHERE id = ?1 AND ended_ms > 0", val_int(id)) < 0)
		return -1;
	if (sqlite3_changes(db->sql) == 0)
		return 0;
	return db_run(db, e,
		      "DELETE FROM artifacts WHERE digest IN (SELECT digest FROM attempts WHERE "
		      "job = ?1) AND job = ?1 AND NOT EXISTS (SELECT 1 FROM jobs INDEXED BY "
		      "jobs_one_built WHERE state = 'built' AND digest = artifacts.digest)",
		      val_int(id)) < 0 ||
	       db_run(db, e, "DELETE FROM publications WHERE job = ?1", val_int(id)) < 0 ||
	       db_run(db, e, "DELETE FROM attempts WHERE job = ?1", val_int(id)) < 0 ||
	       db_run(db, e,
		      "DELETE FROM events WHERE job = ?1 AND id < (SELECT max(id) FROM events)",
		      val_int(id)) < 0 ? -1 : 0;
}

/* Power failure may bring rows back, which the next run forgets again: so nobody waits for a sync.
 */
static void relax(struct db *db, bool relaxed)
{
	if (!db->sql)
		return;
	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_ENABLE_FKEY, !relaxed, NULL);
	db->relaxed = relaxed;
}

int history_forget(struct db *db, const int64_t *jobs, int n, struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	int r;

	relax(db, true);
	r = txn_write(&t, db, e);
	for (int i = 0; r == 0 && i < n; i++)
		r = forget(db, jobs[i], e);
	if (r == 0)
		r = txn_commit(&t, e);
	txn_end(&t);
	relax(db, false);
	return r;
}

int history_forget_node(struct db *db, int64_t age_ms, int most, int64_t *n, struct err *e)
{
	own_txn struct txn t = TXN_INIT;

	if (txn_write(&t, db, e) < 0 ||
	    db_run(db, e,
		   "DELETE FROM events WHERE id IN (SELECT id FROM events INDEXED BY events_job "
		   "WHERE job = 0 AND at_ms < ?1 ORDER BY id LIMIT ?2) AND id < (SELECT max(id) "
		   "FROM events)",
		   val_int(db_now_ms(db) - age_ms), val_int(most)) < 0)
		return -1;
	*n = sqlite3_changes(db->sql);
	return account_forget(db, most, e) < 0 ? -1 : txn_commit(&t, e);
}
