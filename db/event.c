/* event: the append-only log. DIAGNOSTICS: as query. */
#include "db/inner.h"

int job_event_add(struct db *db, const struct job_event *ev, struct err *e)
{
	return db_run(db, e,
		      "INSERT INTO events (at_ms, job, attempt, image, event, detail, who) "
		      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
		      val_int(db_now_ms(db)), val_int(ev->job), val_int(ev->attempt),
		      val_some(ev->image), val_text(ev->event), val_some(ev->detail),
		      val_some(ev->who));
}

int job_note_change(struct db *db, int64_t id, const char *event, const char *detail,
		    struct err *e)
{
	own_txn struct txn t = TXN_INIT;

	if (txn_write(&t, db, e) < 0 ||
	    db_run(db, e,
		   "INSERT INTO events (at_ms, job, attempt, image, event, detail) "
		   "SELECT ?2, id, attempt, image, ?3, ?4 FROM jobs WHERE id = ?1 AND ?4 IS NOT "
		   "(SELECT detail FROM events WHERE job = ?1 AND event = ?3 "
		   "ORDER BY id DESC LIMIT 1)",
		   val_int(id), val_int(db_now_ms(db)), val_text(event), val_text(detail)) < 0)
		return -1;
	return txn_commit(&t, e);
}

int event_each(struct db *db, int64_t job, int (*each)(void *arg, const struct event *ev),
	       void *arg, struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_statement sqlite3_stmt *q = NULL;
	int r;

	if (txn_read(&t, db, e) < 0)
		return -1;
	if (sqlite3_prepare_v2(db->sql,
			       "SELECT id, at_ms, job, attempt, image, event, detail, who "
			       "FROM events WHERE job = ?1 ORDER BY id",
			       -1, &q, NULL) != SQLITE_OK ||
	    sqlite3_bind_int64(q, 1, job) != SQLITE_OK)
		return db_fail(db->sql, db->queue_dir, "read", e);
	while ((r = db_step(db, q, e)) == 1) {
		const struct event ev = {
			.id = sqlite3_column_int64(q, 0),
			.at_ms = steady_present_ms(&db->clock, sqlite3_column_int64(q, 1)),
			.job = sqlite3_column_int64(q, 2),
			.attempt = sqlite3_column_int64(q, 3),
			.image = row_text(q, 4),
			.event = row_text(q, 5),
			.detail = row_text(q, 6),
			.who = row_text(q, 7),
		};

		if (each(arg, &ev))
			return 0;
	}
	return r;
}
