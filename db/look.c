/* look: checks whether the queue is damaged, for hornerod only (db/aside.c).
 *
 * The file must be a queue of a known version, with the objects that this version makes, intact
 * pages, and valid rows.
 * DIAGNOSTICS: as query; damage is a result here, not an error. */
#include "db/inner.h"

#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <stdio.h>
#include <string.h>

enum { LOOK_MS = 5000, STEPS = 10000 };

struct look {
	sqlite3 *sql;
	char *why;
	size_t size;
	int64_t deadline_ms;
};

static int is_late(void *arg)
{
	const struct look *l = arg;

	return clock_mono_ms() >= l->deadline_ms;
}

/* Returns 1 if damaged (fills l->why), -1 on any other error. */
static int judge(struct look *l)
{
	if (!db_is_damage(sqlite3_extended_errcode(l->sql)))
		return -1;
	snprintf(l->why, l->size, "%s", sqlite3_errmsg(l->sql));
	return 1;
}

static int say(struct look *l, const char *why)
{
	snprintf(l->why, l->size, "%s", why);
	return 1;
}

/* Reads the first column of the first row, 0 if there is none. Fails like judge(). */
static int number(struct look *l, const char *text, int64_t *out)
{
	own_statement sqlite3_stmt *q = NULL;
	int r = sqlite3_prepare_v2(l->sql, text, -1, &q, NULL);

	*out = 0;
	if (r == SQLITE_OK)
		r = sqlite3_step(q);
	if (r == SQLITE_ROW)
		*out = sqlite3_column_int64(q, 0);
	return r == SQLITE_ROW || r == SQLITE_DONE ? 0 : judge(l);
}

/* Every object of this version must exist as we make it. */
static int compare(struct look *l, sqlite3 *model)
{
	static const char all[] = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL";
	static const char one[] = "SELECT 1 FROM sqlite_master WHERE name = ?1 AND sql = ?2";
	own_statement sqlite3_stmt *want = NULL, *have = NULL;
	int r;

	if (sqlite3_prepare_v2(model, all, -1, &want, NULL) != SQLITE_OK)
		return -1;
	if (sqlite3_prepare_v2(l->sql, one, -1, &have, NULL) != SQLITE_OK)
		return judge(l);
	while (sqlite3_step(want) == SQLITE_ROW) {
		sqlite3_bind_value(have, 1, sqlite3_column_value(want, 0));
		sqlite3_bind_value(have, 2, sqlite3_column_value(want, 1));
		r = sqlite3_step(have);
		if (r == SQLITE_DONE) {
			snprintf(l->why, l->size, "its %s is missing or altered",
				 (const char *)sqlite3_column_text(want, 0));
			return 1;
		}
		if (r != SQLITE_ROW)
			return judge(l);
		sqlite3_reset(have);
	}
	return 0;
}

static int look_at_schema(struct look *l, int64_t version, struct err *e)
{
	sqlite3 *model = NULL;
	int r = -1;

	if (sqlite3_open_v2(":memory:", &model,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX,
			    NULL) == SQLITE_OK &&
	    db_migrate(model, "(a model)", 0, version, e) == 0)
		r = compare(l, model);
	sqlite3_close_v2(model);
	return r;
}

static const char too_large[] = "a program found damage, and the file is too large to check";

/* A check that takes too long ends here; then trust the report. */
static int look_at_pages(struct look *l)
{
	own_statement sqlite3_stmt *q = NULL;
	int r = sqlite3_prepare_v2(l->sql, "PRAGMA integrity_check(1)", -1, &q, NULL);

	if (r == SQLITE_OK)
		r = sqlite3_step(q);
	if (r == SQLITE_INTERRUPT)
		return say(l, too_large);
	if (r != SQLITE_ROW)
		return judge(l);
	return strcmp(row_text(q, 0), "ok") == 0 ? 0 : say(l, row_text(q, 0));
}

/* A row may satisfy the schema and still be no valid job. */
static int look_at_rows(struct look *l)
{
	own_statement sqlite3_stmt *q = NULL;
	struct err why = ERR_INIT;
	struct job j;
	int r = sqlite3_prepare_v2(l->sql, "SELECT " JOB_COLUMNS "FROM jobs", -1, &q, NULL);

	if (r != SQLITE_OK)
		return judge(l);
	while ((r = sqlite3_step(q)) == SQLITE_ROW)
		if (job_row_borrow(q, &j, &why) < 0)
			return say(l, why.msg);
	return r == SQLITE_DONE ? 0 : r == SQLITE_INTERRUPT ? say(l, too_large) : judge(l);
}

static int look(struct look *l, int64_t *seq, struct err *e)
{
	int64_t application, version;
	int r = number(l, "PRAGMA application_id", &application);

	if (r != 0)
		return r;
	if (application != DB_APPLICATION_ID)
		return say(l, "it is not a queue of hornero's");
	r = number(l, "PRAGMA user_version", &version);
	if (r != 0)
		return r;
	if (version < 1)
		return say(l, "it has no version");
	if (version > db_newest_version())
		return 0; /* a newer hornero's: never touch it */
	r = look_at_schema(l, version, e);
	if (r != 0)
		return r;
	r = number(l, "SELECT seq FROM sqlite_sequence WHERE name = 'jobs'", seq);
	if (r != 0)
		return r;
	if (*seq < 0 || *seq > SEQUENCE_MAX)
		return say(l, "its job counter is invalid");
	r = look_at_pages(l);
	return r == 0 ? look_at_rows(l) : r;
}

/* Uses a connection of its own: ours may cache pages that the file has lost. */
int db_look(struct db *db, char *why, size_t size, int64_t *seq, struct err *e)
{
	own_free char *path = fs_path("%s/" DB_NAME, db->queue_dir);
	struct look l = {.why = why, .size = size, .deadline_ms = clock_mono_ms() + LOOK_MS};
	int r;

	*seq = 0;
	r = sqlite3_open_v2(path, &l.sql,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
			    NULL);
	if (r == SQLITE_OK) {
		sqlite3_db_config(l.sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		sqlite3_db_config(l.sql, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
		sqlite3_busy_timeout(l.sql, db->wait_ms);
		sqlite3_progress_handler(l.sql, STEPS, is_late, &l);
		r = look(&l, seq, e);
	} else {
		r = judge(&l);
	}
	if (r < 0 && e->class == ERR_NONE)
		db_fail(l.sql, db->queue_dir, "check", e);
	if (*seq < 0 || *seq > SEQUENCE_MAX)
		*seq = 0;
	sqlite3_close_v2(l.sql);
	return r;
}
