/* attempt: the runs of a job, for users. DIAGNOSTICS: as query. */
#include "db/inner.h"

#define ATTEMPT_COLUMNS \
	"job, attempt, started_ms, ended_ms, class, cause, reason, \"commit\", tree, key, " \
	"inputs, builder, digest, reused, size_bytes, checkout_ms, build_ms, check_ms, " \
	"store_ms, cpu_ms, mem_peak_bytes, boot_ms "

static void borrow(const struct db *db, sqlite3_stmt *q, struct attempt *a)
{
	*a = (struct attempt){
		.job = sqlite3_column_int64(q, 0),
		.attempt = sqlite3_column_int64(q, 1),
		.started_ms = steady_present_ms(&db->clock, sqlite3_column_int64(q, 2)),
		.ended_ms = steady_present_ms(&db->clock, sqlite3_column_int64(q, 3)),
		.result = {
			.class = row_text(q, 4),
			.cause = row_text(q, 5),
			.reason = row_text(q, 6),
			.commit = row_text(q, 7),
			.tree = row_text(q, 8),
			.key = row_text(q, 9),
			.inputs = row_text(q, 10),
			.builder = row_text(q, 11),
			.digest = row_text(q, 12),
			.reused = sqlite3_column_int(q, 13) != 0,
			.size_bytes = sqlite3_column_int64(q, 14),
			.checkout_ms = sqlite3_column_int64(q, 15),
			.build_ms = sqlite3_column_int64(q, 16),
			.check_ms = sqlite3_column_int64(q, 17),
			.store_ms = sqlite3_column_int64(q, 18),
			.cpu_ms = sqlite3_column_int64(q, 19),
			.mem_peak_bytes = sqlite3_column_int64(q, 20),
			.boot_ms = sqlite3_column_int64(q, 21),
		},
	};
}

int attempt_each(struct db *db, int64_t job, int (*each)(void *arg, const struct attempt *a),
		 void *arg, struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_statement sqlite3_stmt *q = NULL;
	struct attempt a;
	int r;

	if (txn_read(&t, db, e) < 0)
		return -1;
	if (sqlite3_prepare_v2(db->sql,
			       "SELECT " ATTEMPT_COLUMNS
			       "FROM attempts WHERE job = ?1 ORDER BY attempt",
			       -1, &q, NULL) != SQLITE_OK ||
	    sqlite3_bind_int64(q, 1, job) != SQLITE_OK)
		return db_fail(db->sql, db->queue_dir, "read", e);
	while ((r = db_step(db, q, e)) == 1) {
		borrow(db, q, &a);
		if (each(arg, &a))
			return 0;
	}
	return r;
}
