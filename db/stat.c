/* stat: the ends of jobs with the times of their stages, newest first, for figures.
 * DIAGNOSTICS: as query, and damaged rows. */
#include "db/inner.h"

/* The first attempt ends the wait in the queue, the last one has the stages. */
#define STAT_COLUMNS \
	"j.id, j.image, j.repo, j.state, j.origin, j.reused, j.created_ms, j.ended_ms, a.cause, " \
	"a.class, a.checkout_ms, a.build_ms, a.check_ms, a.boot_ms, a.store_ms, a.cpu_ms, " \
	"a.mem_peak_bytes, (SELECT publish_ms FROM publications WHERE job = j.id AND " \
	"attempt = j.attempt LIMIT 1), CASE WHEN j.attempt > 1 THEN (SELECT started_ms FROM " \
	"attempts WHERE job = j.id AND attempt = 1) ELSE a.started_ms END"

#define STAT(index, where, order) \
	"SELECT " STAT_COLUMNS " FROM jobs AS j INDEXED BY " index " LEFT JOIN attempts AS a ON " \
	"a.job = j.id AND a.attempt = j.attempt WHERE " where \
	" AND (?2 IS NULL OR j.image = ?2) AND (?3 IS NULL OR j.repo = ?3)" order

static const char held[] = STAT("jobs_one_held", "j.state = 'held' AND ?1 = ?1", "");
static const char ended[] = STAT("jobs_ended", "j.ended_ms > 0 AND j.ended_ms >= ?1",
				 " ORDER BY j.ended_ms DESC, j.id DESC");

static int borrow(struct db *db, sqlite3_stmt *q, struct stat_row *s, struct err *e)
{
	*s = (struct stat_row){
		.job = sqlite3_column_int64(q, 0),
		.image = row_text(q, 1),
		.repo = row_text(q, 2),
		.origin = row_text(q, 4),
		.reused = sqlite3_column_int(q, 5) != 0,
		.created_ms = steady_present_ms(&db->clock, sqlite3_column_int64(q, 6)),
		.ended_ms = steady_present_ms(&db->clock, sqlite3_column_int64(q, 7)),
		.cause = row_text(q, 8),
		.class = row_text(q, 9),
		.checkout_ms = sqlite3_column_int64(q, 10),
		.build_ms = sqlite3_column_int64(q, 11),
		.check_ms = sqlite3_column_int64(q, 12),
		.boot_ms = sqlite3_column_int64(q, 13),
		.store_ms = sqlite3_column_int64(q, 14),
		.cpu_ms = sqlite3_column_int64(q, 15),
		.mem_peak_bytes = sqlite3_column_int64(q, 16),
		.publish_ms = sqlite3_column_int64(q, 17),
		.started_ms = steady_present_ms(&db->clock, sqlite3_column_int64(q, 18)),
	};
	if (job_state_parse(row_text(q, 3), &s->state) && uuid_valid(s->image))
		return 0;
	return db_damaged(db->queue_dir, e, "the row of job %lld is invalid", (long long)s->job);
}

/* Returns 1 if each() stopped it, 0 at the end, -1 on error. */
static int rows(struct db *db, const char *text, const struct job_filter *f,
		int (*each)(void *arg, const struct stat_row *s), void *arg, struct err *e)
{
	own_query sqlite3_stmt *q =
		db_query(db, e, text, val_int(f->age_ms ? db_now_ms(db) - f->age_ms : 0),
			 val_text(f->image), val_text(f->repo));
	struct stat_row s;
	int r;

	while ((r = db_step(db, q, e)) == 1) {
		if (borrow(db, q, &s, e) < 0)
			return -1;
		if (db->may && !db->may(db->may_arg, s.repo))
			continue;
		if (each(arg, &s))
			return 1;
	}
	return r;
}

int stat_each(struct db *db, const struct job_filter *f,
	      int (*each)(void *arg, const struct stat_row *s), void *arg, struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	int r;

	if (txn_read(&t, db, e) < 0)
		return -1;
	r = rows(db, held, f, each, arg, e);
	if (r == 0)
		r = rows(db, ended, f, each, arg, e);
	return r < 0 ? -1 : 0;
}
