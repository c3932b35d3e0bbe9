/* history: the ends of jobs and attempts in the order of the event log, for figures that are kept
 * outside the queue. DIAGNOSTICS: as query. */
#include "db/inner.h"

/* An attempt may have several events that end it: it is built, and then held or failed. A job that
 * ended before its first attempt, or between two, has an event without one. */
#define ENDS "('built', 'failed', 'held', 'requeued', 'cancelled', 'confirmed', 'superseded')"

#define HISTORY \
	"SELECT e.id, e.at_ms, e.job, e.attempt, e.event, j.origin, j.created_ms, a.started_ms, " \
	"a.ended_ms, a.cause, a.checkout_ms, a.build_ms, a.check_ms, a.boot_ms, a.store_ms, " \
	"a.cpu_ms, a.mem_peak_bytes, p.publish_ms, " \
	"CASE WHEN e.job > 0 AND e.event IN " ENDS " THEN NOT EXISTS (SELECT 1 " \
	"FROM events AS b INDEXED BY events_job WHERE b.job = e.job AND b.id < e.id AND " \
	"b.attempt = e.attempt AND b.event IN " ENDS ") ELSE 0 END FROM events AS e " \
	"LEFT JOIN jobs AS j ON j.id = e.job " \
	"LEFT JOIN attempts AS a ON a.job = e.job AND a.attempt = e.attempt " \
	"LEFT JOIN publications AS p ON e.event = 'published' AND p.job = e.job AND " \
	"p.attempt = e.attempt WHERE e.id > ?1 ORDER BY e.id LIMIT ?2"

int history_each(struct db *db, int64_t after, int64_t most,
		 void (*each)(void *arg, const struct past *p), void *arg, struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_query sqlite3_stmt *q = NULL;
	int r;

	if (txn_read(&t, db, e) < 0)
		return -1;
	q = db_query(db, e, HISTORY, val_int(after), val_int(most));
	while ((r = db_step(db, q, e)) == 1) {
		const struct past p = {
			.event = sqlite3_column_int64(q, 0),
			.at_ms = sqlite3_column_int64(q, 1),
			.job = sqlite3_column_int64(q, 2),
			.attempt = sqlite3_column_int64(q, 3),
			.name = row_text(q, 4),
			.origin = row_text(q, 5),
			.created_ms = sqlite3_column_int64(q, 6),
			.started_ms = sqlite3_column_int64(q, 7),
			.has_ended = sqlite3_column_int64(q, 8) > 0,
			.cause = row_text(q, 9),
			.checkout_ms = sqlite3_column_int64(q, 10),
			.build_ms = sqlite3_column_int64(q, 11),
			.check_ms = sqlite3_column_int64(q, 12),
			.boot_ms = sqlite3_column_int64(q, 13),
			.store_ms = sqlite3_column_int64(q, 14),
			.cpu_ms = sqlite3_column_int64(q, 15),
			.mem_peak_bytes = sqlite3_column_int64(q, 16),
			.publish_ms = sqlite3_column_int64(q, 17),
			.is_first_end = sqlite3_column_int(q, 18) != 0,
		};

		each(arg, &p);
	}
	return r;
}

int history_newest(struct db *db, int64_t *event, struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_query sqlite3_stmt *q = NULL;

	if (txn_read(&t, db, e) < 0)
		return -1;
	q = db_query_n(db, e, "SELECT max(id) FROM events", NULL, 0);
	if (db_step(db, q, e) != 1)
		return -1;
	*event = sqlite3_column_int64(q, 0);
	return 0;
}

int history_has(struct db *db, int64_t event, int64_t at_ms, int64_t job, struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_query sqlite3_stmt *q = NULL;

	if (txn_read(&t, db, e) < 0)
		return -1;
	q = db_query(db, e, "SELECT 1 FROM events WHERE id = ?1 AND at_ms = ?2 AND job = ?3",
		     val_int(event), val_int(at_ms), val_int(job));
	return db_step(db, q, e);
}
