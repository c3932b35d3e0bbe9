/* migrate: migrates a file to the newest version with the statements of db/schema.sql.
 * DIAGNOSTICS: ERR_OPERATOR for a file of a newer hornero's version; a file that is no queue is
 * damaged (db/damage.c). */
#include "db/inner.h"

static const char *const migrations[] = {
#include "db/schema.inc"
};

int db_newest_version(void)
{
	return (int)(sizeof(migrations) / sizeof(migrations[0]));
}

static int pragma_int(sqlite3 *sql, const char *queue_dir, const char *text, int64_t *out,
		      struct err *e)
{
	own_statement sqlite3_stmt *q = NULL;

	if (sqlite3_prepare_v2(sql, text, -1, &q, NULL) != SQLITE_OK ||
	    sqlite3_step(q) != SQLITE_ROW)
		return db_fail(sql, queue_dir, "read", e);
	*out = sqlite3_column_int64(q, 0);
	return 0;
}

int db_version(sqlite3 *sql, const char *queue_dir, int64_t *version, struct err *e)
{
	int64_t application;

	if (pragma_int(sql, queue_dir, "PRAGMA application_id", &application, e) < 0 ||
	    pragma_int(sql, queue_dir, "PRAGMA user_version", version, e) < 0)
		return -1;
	if (application != DB_APPLICATION_ID)
		return db_damaged(queue_dir, e, "it is not a queue of hornero's");
	if (*version < 1)
		return db_damaged(queue_dir, e, "it has no version");
	if (*version > db_newest_version())
		return err_set(e, ERR_OPERATOR,
			       "%s/" DB_NAME
			       " is of version %lld, and this hornero knows 1 to %d; install the "
			       "newer hornero again, or move the file away (it holds history only)",
			       queue_dir, (long long)*version, db_newest_version());
	return 0;
}

int db_migrate(sqlite3 *sql, const char *queue_dir, int64_t from, int64_t to, struct err *e)
{
	char number[64];

	for (int v = (int)from; v < (int)to; v++)
		if (sqlite3_exec(sql, migrations[v], NULL, NULL, NULL) != SQLITE_OK)
			return db_fail(sql, queue_dir, "migrate", e);
	sqlite3_snprintf(sizeof(number), number, "PRAGMA user_version = %d", (int)to);
	if (sqlite3_exec(sql, number, NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(sql, queue_dir, "migrate", e);
	return 0;
}
