/* forecast: the expected order of the queued jobs, and when each begins and ends. It serves the
 * lines as claim.c would, each job with its likely processor time, by as many workers as the node
 * has. It knows no limits of repositories and groups, no pauses, and no jobs still to come.
 * DIAGNOSTICS: as query; ERR_NOBODY if there is no memory. */
#include "db/inner.h"

#include <stdlib.h>
#include <string.h>

enum { WORKERS_MOST = 64, RECENT = 50, SAMPLES = 20 };
#define NEVER INT64_MAX

/* The processor time of a repository so far. */
struct account {
	char *repo;
	int64_t used_ms;
};

struct reading {
	struct db *db;
	struct forecast *f;
	/* The first is of repositories without a line; the others are sorted. */
	struct account *accounts;
	size_t naccounts;
	uint32_t last; /* the account found last */
	int64_t now_ms, typical_ms;
};

/* Jobs that run, and the workers. */
struct service {
	int64_t free_ms[WORKERS_MOST]; /* when each worker is free; NEVER: unknown */
	int workers;
	/* Queued jobs that wait for the running one of their image. */
	struct { int64_t id, until_ms; } behind[WORKERS_MOST];
	int nbehind;
};

static void reading_end(struct reading *r)
{
	for (size_t i = 1; i < r->naccounts; i++)
		free(r->accounts[i].repo);
	free(r->accounts);
}

void forecast_end(struct forecast *f)
{
	free(f->rows);
	*f = (struct forecast){.rows = NULL};
}

/* Makes room for one more of n elements: the array doubles at each power of two. */
static void *room(void *list, size_t size, size_t n, struct err *e)
{
	void *larger = list;

	if ((n & (n - 1)) == 0)
		larger = reallocarray(list, n ? 2 * n : 1, size);
	if (!larger)
		err_set(e, ERR_NOBODY, "out of memory for the order of the queue");
	return larger;
}

static int add_account(struct reading *r, const char *repo, int64_t used_ms, struct err *e)
{
	struct account *list = room(r->accounts, sizeof(*list), r->naccounts, e);

	if (!list)
		return -1;
	r->accounts = list;
	list[r->naccounts] = (struct account){repo ? strdup(repo) : NULL, used_ms};
	if (repo && !list[r->naccounts].repo)
		return err_set(e, ERR_NOBODY, "out of memory for the order of the queue");
	r->naccounts++;
	return 0;
}

static int read_accounts(struct reading *r, struct err *e)
{
	own_query sqlite3_stmt *served =
		db_query_n(r->db, e, "SELECT used_ms FROM served", NULL, 0);
	own_query sqlite3_stmt *q = db_query_n(
		r->db, e, "SELECT repo, max(used_ms) FROM lines GROUP BY repo ORDER BY repo", NULL,
		0);
	int rc = db_step(r->db, served, e);

	if (rc < 0 || add_account(r, NULL, rc == 1 ? sqlite3_column_int64(served, 0) : 0, e) < 0)
		return -1;
	while ((rc = db_step(r->db, q, e)) == 1)
		if (add_account(r, row_text(q, 0), sqlite3_column_int64(q, 1), e) < 0)
			return -1;
	return rc;
}

static uint32_t account_of(struct reading *r, const char *repo)
{
	size_t low = 1, high = r->naccounts;

	if (r->last && strcmp(r->accounts[r->last].repo, repo) == 0)
		return r->last;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(r->accounts[middle].repo, repo);

		if (order == 0)
			return r->last = (uint32_t)middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

/* The usual time of an attempt on this node lately: for an image that was never built. */
static int read_typical(struct reading *r, struct err *e)
{
	own_query sqlite3_stmt *q = db_query(
		r->db, e,
		"SELECT a.ended_ms - a.started_ms AS ms FROM (SELECT id, attempt FROM (SELECT id, "
		"attempt, reused FROM jobs INDEXED BY jobs_ended WHERE ended_ms > 0 ORDER BY "
		"ended_ms DESC, id DESC LIMIT ?1) WHERE reused = 0 LIMIT ?2) AS j JOIN attempts AS "
		"a ON a.job = j.id AND a.attempt = j.attempt WHERE a.ended_ms > a.started_ms "
		"ORDER BY ms",
		val_int(RECENT), val_int(SAMPLES));
	int64_t ms[SAMPLES];
	int n = 0, rc = 0;

	while (n < SAMPLES && (rc = db_step(r->db, q, e)) == 1)
		ms[n++] = sqlite3_column_int64(q, 0);
	r->typical_ms = n ? ms[n / 2] : 0;
	return rc < 0 ? -1 : 0;
}

static int add_row(struct reading *r, sqlite3_stmt *q, struct err *e)
{
	struct forecast *f = r->f;
	struct forecast_row *rows = room(f->rows, sizeof(*rows), f->n, e);
	int64_t cpu_ms = sqlite3_column_int64(q, 3), ms = sqlite3_column_int64(q, 4);
	int64_t not_before_ms = sqlite3_column_int64(q, 5);

	if (!rows)
		return -1;
	f->rows = rows;
	rows[f->n++] = (struct forecast_row){
		.id = sqlite3_column_int64(q, 2),
		.priority = sqlite3_column_int64(q, 0),
		.account = account_of(r, row_text(q, 1)),
		.cpu_ms = cpu_ms > 0 ? cpu_ms : ACCOUNT_UNKNOWN_MS,
		.ms = ms > 0 ? ms : r->typical_ms,
		.begins_ms = not_before_ms > r->now_ms ? not_before_ms : 0,
	};
	f->ready += not_before_ms <= r->now_ms;
	return 0;
}

static int read_rows(struct reading *r, struct err *e)
{
	static const char *const texts[] = {
		"SELECT priority, repo, id, likely_cpu_ms, likely_ms, 0 FROM jobs INDEXED BY "
		"jobs_claim WHERE state = 'queued' AND not_before_ms = 0 "
		"ORDER BY priority, repo, likely_builder, id",
		"SELECT priority, repo, id, likely_cpu_ms, likely_ms, not_before_ms FROM jobs "
		"INDEXED BY jobs_due WHERE state = 'queued' AND not_before_ms > 0 "
		"ORDER BY not_before_ms, id",
	};

	for (int i = 0; i < 2; i++) {
		own_query sqlite3_stmt *q = db_query_n(r->db, e, texts[i], NULL, 0);
		int rc;

		while ((rc = db_step(r->db, q, e)) == 1)
			if (add_row(r, q, e) < 0)
				return -1;
		if (rc < 0)
			return -1;
	}
	return 0;
}

#define ORDER(x, y) \
	do { \
		if ((x) != (y)) \
			return (x) < (y) ? -1 : 1; \
	} while (0)

/* Within a repository by number; jobs that are not ready come last. */
static int by_account(const void *a, const void *b)
{
	const struct forecast_row *x = a, *y = b;

	ORDER(x->begins_ms, y->begins_ms);
	ORDER(x->priority, y->priority);
	ORDER(x->account, y->account);
	ORDER(x->id, y->id);
	return 0;
}

static int by_order(const void *a, const void *b)
{
	const struct forecast_row *x = a, *y = b;

	ORDER(x->begins_ms, y->begins_ms);
	ORDER(x->priority, y->priority);
	ORDER(x->virtual_ms, y->virtual_ms);
	ORDER(x->id, y->id);
	return 0;
}

/* Most queues are nearly in order as they were read. */
static void sort(struct forecast *f, int (*compare)(const void *a, const void *b))
{
	for (size_t i = 1; i < f->n; i++)
		if (compare(&f->rows[i - 1], &f->rows[i]) > 0) {
			qsort(f->rows, f->n, sizeof(*f->rows), compare);
			return;
		}
}

static void order(struct reading *r)
{
	struct forecast *f = r->f;

	sort(f, by_account);
	for (size_t i = 0; i < f->ready; i++) {
		struct account *a = &r->accounts[f->rows[i].account];

		f->rows[i].virtual_ms = a->used_ms;
		a->used_ms += f->rows[i].cpu_ms;
	}
	sort(f, by_order);
}

static void add_running(struct service *s, const struct reading *r, sqlite3_stmt *q)
{
	int64_t started_ms = sqlite3_column_int64(q, 0), ms = sqlite3_column_int64(q, 1);
	int64_t behind = sqlite3_column_int64(q, 2), end_ms;

	ms = ms > 0 ? ms : r->typical_ms;
	end_ms = ms == 0 ? NEVER : started_ms + ms > r->now_ms ? started_ms + ms : r->now_ms;
	for (int i = 0; i < s->workers; i++)
		if (s->free_ms[i] == r->now_ms) {
			s->free_ms[i] = end_ms;
			break;
		}
	if (behind && s->nbehind < WORKERS_MOST) {
		s->behind[s->nbehind].id = behind;
		s->behind[s->nbehind++].until_ms = end_ms;
	}
}

static int read_running(struct service *s, const struct reading *r, struct err *e)
{
	own_query sqlite3_stmt *q = db_query_n(
		r->db, e,
		"SELECT started_ms, likely_ms, (SELECT id FROM jobs AS q INDEXED BY "
		"jobs_one_queued WHERE q.image = r.image AND q.state = 'queued') FROM jobs AS r "
		"INDEXED BY jobs_one_running WHERE state = 'running' AND origin <> 'confirm'",
		NULL, 0);
	int rc;

	for (int i = 0; i < s->workers; i++)
		s->free_ms[i] = r->now_ms;
	while ((rc = db_step(r->db, q, e)) == 1)
		add_running(s, r, q);
	return rc;
}

/* A worker does not wait for the image of a job, only the job does. */
static void serve(struct service *s, struct forecast_row *row)
{
	int64_t *first = &s->free_ms[0], begins_ms;

	for (int i = 1; i < s->workers; i++)
		if (s->free_ms[i] < *first)
			first = &s->free_ms[i];
	begins_ms = *first;
	for (int i = 0; i < s->nbehind; i++)
		if (s->behind[i].id == row->id && s->behind[i].until_ms > begins_ms)
			begins_ms = s->behind[i].until_ms;
	*first = *first == NEVER || row->ms == 0 ? NEVER : *first + row->ms;
	row->begins_ms = begins_ms == NEVER ? 0 : begins_ms;
}

static void serve_all(struct forecast *f, struct service *s)
{
	for (size_t i = 0; i < f->n; i++) {
		struct forecast_row *row = &f->rows[i];

		/* A confirmation begins when the node is idle. */
		if (i < f->ready && row->priority < PRIORITY_CONFIRM)
			serve(s, row);
		row->ends_ms = row->begins_ms && row->ms ? row->begins_ms + row->ms : 0;
	}
}

int forecast_make(struct db *db, int64_t workers, struct forecast *out, struct err *e)
{
	struct reading r = {.db = db, .f = out, .now_ms = db_now_ms(db)};
	struct service s = {
		.workers = workers < 1 ? 1 : workers < WORKERS_MOST ? (int)workers : WORKERS_MOST};
	int rc = 0;

	*out = (struct forecast){.rows = NULL};
	if (read_accounts(&r, e) < 0 || read_typical(&r, e) < 0 || read_rows(&r, e) < 0 ||
	    read_running(&s, &r, e) < 0)
		rc = -1;
	if (rc == 0) {
		order(&r);
		serve_all(out, &s);
	} else {
		forecast_end(out);
	}
	reading_end(&r);
	return rc;
}

void forecast_tell(const struct db *db, const struct forecast *f, size_t i, struct job *j)
{
	j->position = i < f->ready ? (int64_t)i + 1 : 0;
	j->begins_ms = steady_present_ms(&db->clock, f->rows[i].begins_ms);
	j->ends_ms = steady_present_ms(&db->clock, f->rows[i].ends_ms);
}

int job_foresee(struct db *db, int64_t workers, struct job *j, struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_forecast struct forecast f = {.rows = NULL};

	if (j->state != JOB_QUEUED)
		return 0;
	if (txn_read(&t, db, e) < 0 || forecast_make(db, workers, &f, e) < 0)
		return -1;
	for (size_t i = 0; i < f.n; i++)
		if (f.rows[i].id == j->id) {
			forecast_tell(db, &f, i, j);
			return 0;
		}
	return 0;
}
