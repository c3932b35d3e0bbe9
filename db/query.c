/* query: caches prepared statements and turns SQLite's errors into ours.
 * DIAGNOSTICS: ERR_NOBODY if busy, full, deleted or damaged (sys EUCLEAN); ERR_OPERATOR without
 * permission; ERR_US for a statement or value that the schema refuses. */
#include "db/inner.h"

#include "lib/escape.h"

#include <errno.h>
#include <string.h>

static enum err_class class_of(int code, int sys)
{
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_FULL:
	case SQLITE_NOMEM:
	case SQLITE_INTERRUPT:
		return ERR_NOBODY;
	case SQLITE_READONLY:
		return code == SQLITE_READONLY_DBMOVED ? ERR_NOBODY : ERR_OPERATOR;
	case SQLITE_CANTOPEN:
		return sys == ENOENT || sys == EMFILE || sys == ENFILE || sys == ENOMEM
			       ? ERR_NOBODY
			       : ERR_OPERATOR;
	case SQLITE_IOERR:
		return sys == ENOSPC || sys == EDQUOT || sys == ENOMEM ||
				       code == SQLITE_IOERR_SHMSIZE || code == SQLITE_IOERR_NOMEM
			       ? ERR_NOBODY
			       : ERR_OPERATOR;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return ERR_OPERATOR;
	default:
		return ERR_US;
	}
}

static const char *way_out(int code, enum err_class class)
{
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return "; another process is using it, try again";
	case SQLITE_ERROR:
		return "; hornerod checks whether it is damaged";
	case SQLITE_PERM:
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
		return class == ERR_NOBODY
			       ? "; try again"
			       : "; the queue is for members of the group that owns its directory";
	case SQLITE_FULL:
		return "; make room on its file system";
	default:
		return "";
	}
}

int db_fail(sqlite3 *sql, const char *queue_dir, const char *what, struct err *e)
{
	int code = sqlite3_extended_errcode(sql);
	int base = code & 0xff;
	int sys = base == SQLITE_CANTOPEN || base == SQLITE_IOERR ? sqlite3_system_errno(sql) : 0;
	enum err_class class = class_of(code, sys);

	if (db_is_damage(code))
		return db_damaged(queue_dir, e, "%s", sqlite3_errmsg(sql));

	err_set(e, class, "cannot %s %s/" DB_NAME ": %s%s%s%s", what, queue_dir,
		sqlite3_errmsg(sql), sys ? ": " : "", sys ? strerror(sys) : "",
		way_out(code, class));
	e->sys = base == SQLITE_FULL ? ENOSPC : sys;
	if (base == SQLITE_ERROR) { /* our statements fit our tables, so the schema was altered */
		db_report(queue_dir);
		e->sys = EUCLEAN;
	}
	return -1;
}

static struct db_cached *slot_of(struct db *db, const char *text, struct err *e)
{
	for (int i = 0; i < DB_CACHE_SLOTS; i++)
		if (db->cache[i].text == text || !db->cache[i].text)
			return &db->cache[i];
	err_set(e, ERR_US, "no place for one more prepared statement; DB_CACHE_SLOTS is too small");
	return NULL;
}

static sqlite3_stmt *prepared(struct db *db, const char *text, struct err *e)
{
	struct db_cached *slot = slot_of(db, text, e);

	if (!slot || slot->text)
		return slot ? slot->stmt : NULL;
	if (sqlite3_prepare_v3(db->sql, text, -1, SQLITE_PREPARE_PERSISTENT, &slot->stmt, NULL) !=
	    SQLITE_OK) {
		db_fail(db->sql, db->queue_dir, "read", e);
		return NULL;
	}
	slot->text = text;
	return slot->stmt;
}

static int bind_one(sqlite3_stmt *q, int at, const struct value *v)
{
	size_t len;

	if (!v->is_text)
		return sqlite3_bind_int64(q, at, v->number);
	if (!v->text)
		return sqlite3_bind_null(q, at);
	len = strlen(v->text);
	if (len > DB_TEXT_MAX)
		len = escape_whole(v->text, DB_TEXT_MAX);
	return sqlite3_bind_text(q, at, v->text, (int)len, SQLITE_STATIC);
}

sqlite3_stmt *db_query_n(struct db *db, struct err *e, const char *text, const struct value *v,
			 int n)
{
	sqlite3_stmt *q = prepared(db, text, e);

	if (!q)
		return NULL;
	sqlite3_reset(q);
	for (int i = 0; i < n; i++)
		if (bind_one(q, i + 1, &v[i]) != SQLITE_OK) {
			db_fail(db->sql, db->queue_dir, "bind a value in", e);
			return NULL;
		}
	return q;
}

int db_step(struct db *db, sqlite3_stmt *q, struct err *e)
{
	if (!q)
		return -1;
	switch (sqlite3_step(q)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return db_fail(db->sql, db->queue_dir, sqlite3_stmt_readonly(q) ? "read" : "write",
			       e);
	}
}

int db_run_n(struct db *db, struct err *e, const char *text, const struct value *v, int n)
{
	own_query sqlite3_stmt *q = db_query_n(db, e, text, v, n);
	int r;

	do
		r = db_step(db, q, e);
	while (r == 1);
	return r;
}
