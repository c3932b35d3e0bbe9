/* listing: rows for users, in queue order. A listing is one read transaction and so shows one
 * moment, except for ended jobs, of which there may be millions. Rows are borrowed from SQLite;
 * nothing is copied.
 * DIAGNOSTICS: as query, and damaged rows. */
#include "db/inner.h"

#include <stdio.h>
#include <stdlib.h>

#define PART(columns, index, where, order) \
	"SELECT " columns "FROM jobs INDEXED BY " index " WHERE " where " ORDER BY " order \
	" LIMIT ?1"

static const char running[] = PART(JOB_COLUMNS, "jobs_one_running", "state = 'running'", "id");
static const char built[] = PART(JOB_COLUMNS, "jobs_one_built", "state = 'built'", "id");
/* Rows in the order of their pages: by repository each would be in another one. */
static const char ready[] =
	"SELECT " JOB_COLUMNS_FRESH "FROM jobs WHERE id IN (SELECT id FROM jobs INDEXED BY "
	"jobs_claim WHERE state = 'queued' AND not_before_ms = 0) ORDER BY id LIMIT ?1";
static const char later[] =
	PART(JOB_COLUMNS_FRESH, "jobs_due", "state = 'queued' AND not_before_ms > 0",
	     "not_before_ms, id");
static const char held[] = PART(JOB_COLUMNS, "jobs_one_held", "state = 'held'", "id");
static const char ended[] =
	PART(JOB_COLUMNS, "jobs_ended", "ended_ms > 0", "ended_ms DESC, id DESC");

/* Of a filter; the parts without one have no such terms, which would cost a long listing. */
#define MATCHES \
	" AND (?4 IS NULL OR image = ?4) AND (?5 IS NULL OR repo = ?5)" \
	" AND (?6 IS NULL OR pushed_by = ?6) AND (?7 IS NULL OR instr(?7, state))"

static const char piece[] =
	PART(JOB_COLUMNS, "jobs_ended",
	     "ended_ms > 0 AND (ended_ms, id) < (?2, ?3) AND ended_ms >= ?8" MATCHES,
	     "ended_ms DESC, id DESC");
static const char running_matching[] =
	PART(JOB_COLUMNS, "jobs_one_running", "state = 'running'" MATCHES, "id");
static const char built_matching[] =
	PART(JOB_COLUMNS, "jobs_one_built", "state = 'built'" MATCHES, "id");
static const char held_matching[] =
	PART(JOB_COLUMNS, "jobs_one_held", "state = 'held'" MATCHES, "id");
static const char queued_matching[] =
	PART("id ", "jobs_one_queued", "state = 'queued'" MATCHES, "id");

enum { MANY_ROWS = 1000, MANY_KIB = 131072, USUAL_KIB = 2000 /* SQLite's default */ };
enum { RECENT = 20, MAX_PARTS = 6, PIECE = 4096 };

static const struct {
	const char *parts[MAX_PARTS + 1];
	int64_t most_ended; /* -1: all */
} scopes[] = {
	[JOB_SCOPE_OPEN] = {{running, built, ready, later, held}, 0},
	[JOB_SCOPE_RECENT] = {{running, built, ready, later, held, ended}, RECENT},
	[JOB_SCOPE_ALL] = {{running, built, ready, later, held, ended}, -1},
	[JOB_SCOPE_BUILT] = {{built}, 0},
	[JOB_SCOPE_RUNNING] = {{running}, 0},
};

static int prepare(struct db *db, const char *text, sqlite3_stmt **q, struct err *e)
{
	if (sqlite3_prepare_v2(db->sql, text, -1, q, NULL) == SQLITE_OK)
		return 0;
	return db_fail(db->sql, db->queue_dir, "read", e);
}

void db_view(struct db *db, bool (*may)(const void *arg, const char *repo), const void *arg)
{
	db->may = may;
	db->may_arg = arg;
}

static bool hidden(const struct db *db, const struct job *j)
{
	return db->may && !db->may(db->may_arg, j->repo);
}

/* The image may follow another repository by now: hide the number of a hidden successor, too. */
static int hide_successor(struct db *db, struct job *j, struct err *e)
{
	own_query sqlite3_stmt *q = NULL;
	int r;

	if (!db->may || j->superseded_by == 0)
		return 0;
	q = db_query(db, e, "SELECT repo FROM jobs WHERE id = ?1", val_int(j->superseded_by));
	r = db_step(db, q, e);
	if (r == 1 && !db->may(db->may_arg, row_text(q, 0)))
		j->superseded_by = 0;
	return r < 0 ? -1 : 0;
}

/* Reads all columns of q's current row. */
static int whole_row(struct db *db, sqlite3_stmt *q, sqlite3_stmt **whole, struct err *e)
{
	if (!*whole && prepare(db, "SELECT " JOB_COLUMNS "FROM jobs WHERE id = ?1", whole, e) < 0)
		return -1;
	sqlite3_reset(*whole);
	sqlite3_bind_int64(*whole, 1, sqlite3_column_int64(q, 0));
	switch (db_step(db, *whole, e)) {
	case 1:
		return 0;
	case 0:
		return err_set(e, ERR_US, "a row of a listing is not there");
	default:
		return -1;
	}
}

enum { STATES_TEXT = 128 };

/* Binds the terms of MATCHES, if the statement has them. */
static void bind_filter(struct db *db, sqlite3_stmt *q, const struct job_filter *f,
			char states[STATES_TEXT])
{
	size_t n = 0;

	for (int s = 0; s < JOB_STATES; s++)
		if (f->states & 1U << s)
			n += (size_t)snprintf(states + n, STATES_TEXT - n, "%s ",
					      job_state_name((enum job_state)s));
	sqlite3_bind_text(q, 4, f->image, -1, SQLITE_STATIC);
	sqlite3_bind_text(q, 5, f->repo, -1, SQLITE_STATIC);
	sqlite3_bind_text(q, 6, f->pushed_by, -1, SQLITE_STATIC);
	sqlite3_bind_text(q, 7, f->states ? states : NULL, -1, SQLITE_STATIC);
	sqlite3_bind_int64(q, 8, f->age_ms ? db_now_ms(db) - f->age_ms : 0);
}

static const struct job_filter any = {0};

/* Returns 1 if each() stopped it, 0 at the end, -1 on error. Does not use the statement cache:
 * each() may list as well. */
static int list(struct db *db, const char *text, const struct job_filter *f, int64_t most,
		struct job_piece *at, int (*each)(void *arg, const struct job *j), void *arg,
		struct err *e)
{
	char states[STATES_TEXT];
	own_statement sqlite3_stmt *q = NULL;
	own_statement sqlite3_stmt *whole = NULL;
	struct job j;
	int r;

	if (prepare(db, text, &q, e) < 0)
		return -1;
	/* With a view, the last 20 shown may be anywhere: read all. */
	sqlite3_bind_int64(q, 1, at ? PIECE : db->may ? -1 : most);
	if (at) {
		sqlite3_bind_int64(q, 2, at->ended_ms);
		sqlite3_bind_int64(q, 3, at->id);
	}
	bind_filter(db, q, f, states);
	while ((r = db_step(db, q, e)) == 1) {
		bool lacks = job_row_lacks(q);

		if ((lacks && whole_row(db, q, &whole, e) < 0) ||
		    job_row_borrow(lacks ? whole : q, &j, e) < 0)
			return -1;
		if (at)
			*at = (struct job_piece){
				.ended_ms = j.ended_ms, .id = j.id, .rows = at->rows + 1};
		job_present(db, &j);
		if (hidden(db, &j))
			continue;
		if (hide_successor(db, &j, e) < 0)
			return -1;
		if (most-- == 0)
			return 0;
		if (each(arg, &j))
			return 1;
	}
	return r;
}

int job_each(struct db *db, enum job_scope scope, int (*each)(void *arg, const struct job *j),
	     void *arg, struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	int r = 0;

	if (txn_read(&t, db, e) < 0)
		return -1;
	for (const char *const *part = scopes[scope].parts; *part && r == 0; part++)
		r = list(db, *part, &any, *part == ended ? scopes[scope].most_ended : -1, NULL,
			 each, arg, e);
	return r < 0 ? -1 : 0;
}

static bool is_any(const struct job_filter *f)
{
	return !f->image && !f->repo && !f->pushed_by && !f->states;
}

/* The numbers of the queued jobs that match a filter, sorted. */
struct matches {
	int64_t *list; /* NULL: all match */
	size_t n;
};

static void matches_end(struct matches *m)
{
	free(m->list);
}
#define own_matches __attribute__((cleanup(matches_end)))

static int by_number(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool is_match(const struct matches *m, int64_t id)
{
	return !m->list || bsearch(&id, m->list, m->n, sizeof(id), by_number);
}

static int find_matches(struct db *db, const struct job_filter *f, size_t most, struct matches *m,
			struct err *e)
{
	own_statement sqlite3_stmt *q = NULL;
	char states[STATES_TEXT];
	int r = 0;

	if (is_any(f))
		return 0;
	m->list = calloc(most + 1, sizeof(*m->list));
	if (!m->list)
		return err_set(e, ERR_NOBODY, "out of memory for a listing");
	if (prepare(db, queued_matching, &q, e) < 0)
		return -1;
	sqlite3_bind_int64(q, 1, -1);
	bind_filter(db, q, f, states);
	while (m->n < most && (r = db_step(db, q, e)) == 1)
		m->list[m->n++] = sqlite3_column_int64(q, 0);
	return r < 0 ? -1 : 0;
}

/* Tells one queued job to each(). Returns 1 if that stopped it. */
static int list_one(struct db *db, const struct forecast *f, size_t i, sqlite3_stmt *q,
		    sqlite3_stmt **whole, int (*each)(void *arg, const struct job *j), void *arg,
		    struct err *e)
{
	bool lacks;
	struct job j;

	sqlite3_reset(q);
	sqlite3_bind_int64(q, 1, f->rows[i].id);
	if (db_step(db, q, e) != 1)
		return -1;
	lacks = job_row_lacks(q);
	if ((lacks && whole_row(db, q, whole, e) < 0) ||
	    job_row_borrow(lacks ? *whole : q, &j, e) < 0)
		return -1;
	job_present(db, &j);
	if (hidden(db, &j))
		return 0;
	forecast_tell(db, f, i, &j);
	return each(arg, &j) ? 1 : 0;
}

/* The expected order jumps from page to page: a long listing keeps them all. */
static void keep_pages(struct db *db, size_t rows)
{
	char text[64];

	snprintf(text, sizeof(text), "PRAGMA cache_size = %d",
		 rows > MANY_ROWS ? -MANY_KIB : -USUAL_KIB);
	sqlite3_exec(db->sql, text, NULL, NULL, NULL);
}

/* In the expected order, which no index has. */
static int list_queued(struct db *db, const struct job_filter *filter,
		       int (*each)(void *arg, const struct job *j), void *arg, struct err *e)
{
	own_forecast struct forecast f = {.rows = NULL};
	own_matches struct matches m = {.list = NULL};
	own_statement sqlite3_stmt *q = NULL;
	own_statement sqlite3_stmt *whole = NULL;
	int r = 0;

	if (filter->states && !(filter->states & 1U << JOB_QUEUED))
		return 0;
	if (forecast_make(db, filter->workers, &f, e) < 0 ||
	    find_matches(db, filter, f.n, &m, e) < 0 ||
	    prepare(db, "SELECT " JOB_COLUMNS_FRESH "FROM jobs WHERE id = ?1", &q, e) < 0)
		return -1;
	keep_pages(db, f.n);
	for (size_t i = 0; i < f.n && r == 0; i++)
		if (is_match(&m, f.rows[i].id))
			r = list_one(db, &f, i, q, &whole, each, arg, e);
	keep_pages(db, 0);
	return r;
}

int job_each_open(struct db *db, const struct job_filter *f,
		  int (*each)(void *arg, const struct job *j), void *arg, struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	bool all = is_any(f);
	int r;

	if (txn_read(&t, db, e) < 0)
		return -1;
	r = list(db, all ? running : running_matching, f, -1, NULL, each, arg, e);
	if (r == 0)
		r = list(db, all ? built : built_matching, f, -1, NULL, each, arg, e);
	if (r == 0)
		r = list_queued(db, f, each, arg, e);
	if (r == 0)
		r = list(db, all ? held : held_matching, f, -1, NULL, each, arg, e);
	return r;
}

int job_each_ended(struct db *db, const struct job_filter *f, struct job_piece *at,
		   int (*each)(void *arg, const struct job *j), void *arg, struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	int r;

	if (txn_read(&t, db, e) < 0)
		return -1;
	at->rows = 0;
	r = list(db, piece, f, -1, at, each, arg, e);
	return r < 0 ? -1 : r == 0 && at->rows == PIECE;
}

int job_each_newest(struct db *db, const struct job_filter *f,
		    int (*each)(void *arg, const struct job *j), void *arg, struct err *e)
{
	struct job_piece at = JOB_PIECE_FIRST;
	own_txn struct txn t = TXN_INIT;
	int r;

	if (txn_read(&t, db, e) < 0)
		return -1;
	r = job_each_open(db, f, each, arg, e);
	if (r != 0)
		return r < 0 ? -1 : 0;
	do
		r = job_each_ended(db, f, &at, each, arg, e);
	while (r == 1);
	return r;
}

static int fetch(struct db *db, sqlite3_stmt *query, struct job *out, struct err *e)
{
	own_query sqlite3_stmt *q = query;
	int r = db_step(db, q, e);

	if (r == 1 && job_row_copy(q, out, e) < 0)
		return -1;
	if (r == 1)
		job_present(db, out);
	if (r == 1 && !db->writing && hidden(db, out)) {
		job_fini(out);
		*out = (struct job){.id = 0};
		return 0;
	}
	if (r == 1 && hide_successor(db, out, e) < 0) {
		job_fini(out);
		return -1;
	}
	return r;
}

/* Its callers may run inside a write transaction of ours. */
static int begin(struct txn *t, struct db *db, struct err *e)
{
	return db->writing ? 0 : txn_read(t, db, e);
}

int job_get(struct db *db, int64_t id, struct job *out, struct err *e)
{
	own_txn struct txn t = TXN_INIT;

	if (begin(&t, db, e) < 0)
		return -1;
	return fetch(db,
		     db_query(db, e, "SELECT " JOB_COLUMNS "FROM jobs WHERE id = ?1", val_int(id)),
		     out, e);
}

#define NEWEST(is_confirm) \
	"SELECT " JOB_COLUMNS "FROM jobs WHERE id = (SELECT max(id) FROM (" \
	"SELECT id FROM jobs INDEXED BY jobs_one_queued WHERE image = ?1 AND state = 'queued' " \
	"AND " is_confirm " UNION ALL " \
	"SELECT id FROM jobs INDEXED BY jobs_one_running WHERE image = ?1 AND state = 'running' " \
	"AND " is_confirm " UNION ALL " \
	"SELECT id FROM jobs INDEXED BY jobs_one_built WHERE image = ?1 AND state = 'built' " \
	"AND " is_confirm " UNION ALL " \
	"SELECT id FROM jobs INDEXED BY jobs_one_held WHERE image = ?1 AND state = 'held' " \
	"AND " is_confirm " UNION ALL " \
	"SELECT id FROM (SELECT id FROM jobs INDEXED BY jobs_settled WHERE image = ?1 " \
	"AND (state = 'published' OR state = 'failed' OR state = 'cancelled') " \
	"AND " is_confirm " ORDER BY id DESC LIMIT 1)))"

/* Each branch is one lookup in an index of that state. */
int job_newest(struct db *db, const char *image, struct job *out, struct err *e)
{
	own_txn struct txn t = TXN_INIT;

	if (begin(&t, db, e) < 0)
		return -1;
	return fetch(db, db_query(db, e, NEWEST("origin <> 'confirm'"), val_text(image)), out, e);
}

int job_newest_confirm(struct db *db, const char *image, struct job *out, struct err *e)
{
	own_txn struct txn t = TXN_INIT;

	if (begin(&t, db, e) < 0)
		return -1;
	return fetch(db, db_query(db, e, NEWEST("origin = 'confirm'"), val_text(image)), out, e);
}

/* The index's own condition, word for word, or SQLite does not take it. */
int job_last_good(struct db *db, const char *image, int64_t before, struct job *out,
		  struct err *e)
{
	own_txn struct txn t = TXN_INIT;

	if (begin(&t, db, e) < 0)
		return -1;
	return fetch(db,
		     db_query(db, e,
			      "SELECT " JOB_COLUMNS "FROM jobs INDEXED BY jobs_settled WHERE "
			      "image = ?1 AND id < ?2 AND (state = 'published' OR state = 'failed' "
			      "OR state = 'cancelled') AND state = 'published' AND reused = 0 "
			      "AND origin <> 'confirm' ORDER BY id DESC LIMIT 1",
			      val_text(image), val_int(before)),
		     out, e);
}
