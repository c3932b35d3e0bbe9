/* event: the append-only log. DIAGNOSTICS: as query. */
#include "db/inner.h"

#include <string.h>

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

static void borrow(const struct db *db, sqlite3_stmt *q, struct event *ev)
{
	*ev = (struct event){
		.id = sqlite3_column_int64(q, 0),
		.at_ms = steady_present_ms(&db->clock, sqlite3_column_int64(q, 1)),
		.job = sqlite3_column_int64(q, 2),
		.attempt = sqlite3_column_int64(q, 3),
		.image = row_text(q, 4),
		.event = row_text(q, 5),
		.detail = row_text(q, 6),
		.who = row_text(q, 7),
		.repo = "",
	};
}

int event_each(struct db *db, int64_t job, int (*each)(void *arg, const struct event *ev),
	       void *arg, struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_statement sqlite3_stmt *q = NULL;
	struct event ev;
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
		borrow(db, q, &ev);
		if (each(arg, &ev))
			return 0;
	}
	return r;
}

/* The detail of "superseded" is the number of a job that a view may hide. */
#define FEED(where, order) \
	"SELECT e.id, e.at_ms, e.job, e.attempt, e.image, e.event, e.detail, e.who, j.repo, " \
	"s.repo FROM events AS e LEFT JOIN jobs AS j ON j.id = e.job " \
	"LEFT JOIN jobs AS s ON e.event = 'superseded' AND s.id = j.superseded_by " \
	"WHERE " where " ORDER BY e.id " order " LIMIT ?2"

enum { SEEK_MOST = 100000 };

/* "": an event of the node, or of a job whose row is gone. */
static bool is_seen(const struct db *db, const struct event_piece *at, const char *repo)
{
	return *repo ? !db->may || db->may(db->may_arg, repo) : at->has_node;
}

static bool is_wanted(const struct db *db, const struct event_piece *at, const struct event *ev)
{
	return (!at->image || strcmp(at->image, ev->image) == 0) && is_seen(db, at, ev->repo);
}

static void borrow_feed(const struct db *db, const struct event_piece *at, sqlite3_stmt *q,
			struct event *ev)
{
	borrow(db, q, ev);
	ev->repo = row_text(q, 8);
	if (strcmp(ev->event, "superseded") == 0 && !is_seen(db, at, row_text(q, 9)))
		ev->detail = "";
}

int event_each_after(struct db *db, struct event_piece *at, int64_t most,
		     int (*each)(void *arg, const struct event *ev), void *arg, struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_query sqlite3_stmt *q = NULL;
	struct event ev;
	int64_t rows = 0;
	int r;

	if (txn_read(&t, db, e) < 0)
		return -1;
	q = db_query(db, e, FEED("e.id > ?1", ""), val_int(at->after), val_int(most));
	while ((r = db_step(db, q, e)) == 1) {
		borrow_feed(db, at, q, &ev);
		rows++;
		at->after = ev.id;
		if (is_wanted(db, at, &ev) && each(arg, &ev))
			return 1;
	}
	return r < 0 ? -1 : rows == most;
}

int event_seek_last(struct db *db, struct event_piece *at, int64_t n, struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_query sqlite3_stmt *q = NULL;
	struct event ev;
	int r;

	if (txn_read(&t, db, e) < 0)
		return -1;
	q = db_query(db, e, FEED("e.id <= ?1", "DESC"), val_int(INT64_MAX), val_int(SEEK_MOST));
	at->after = 0;
	while ((r = db_step(db, q, e)) == 1) {
		borrow_feed(db, at, q, &ev);
		at->after = ev.id;
		if (is_wanted(db, at, &ev) && n-- == 0)
			return 0;
	}
	if (r == 0)
		at->after -= at->after > 0;
	return r;
}
