/* create: connects, after making (make.c), migrating or moving aside (aside.c) the database if
 * needed. Under the ticket.
 * DIAGNOSTICS: as connect; ERR_OPERATOR for permissions, or a file that is not ours to replace. */
#include "db/inner.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

static int commit(sqlite3 *sql)
{
	int r;

	failpoint("migrate-before-commit");
	r = sqlite3_exec(sql, "COMMIT", NULL, NULL, NULL);
	failpoint("migrate-committed");
	return r;
}

/* Migrates an older version in place, through a connection of its own. */
static int migrate_old(struct db *db, struct err *e)
{
	own_free char *path = fs_path("%s/" DB_NAME, db->queue_dir);
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	sqlite3 *sql = NULL;
	int64_t version;
	int r = -1;

	if (sqlite3_open_v2(path, &sql, flags, NULL) != SQLITE_OK ||
	    sqlite3_db_config(sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) != SQLITE_OK ||
	    sqlite3_busy_timeout(sql, db->wait_ms) != SQLITE_OK ||
	    sqlite3_exec(sql, "PRAGMA synchronous = FULL; BEGIN IMMEDIATE", NULL, NULL, NULL) !=
		    SQLITE_OK)
		db_fail(sql, db->queue_dir, "migrate", e);
	else if (db_version(sql, db->queue_dir, &version, e) == 0 &&
		 db_migrate(sql, db->queue_dir, version, db_newest_version(), e) == 0)
		r = commit(sql) == SQLITE_OK ? 0 : db_fail(sql, db->queue_dir, "migrate", e);
	/* The new version also in the file itself, where others than SQLite look for it
	 * (debian/hornero.preinst). */
	if (r == 0)
		sqlite3_wal_checkpoint_v2(sql, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	sqlite3_close_v2(sql);
	return r;
}

int db_create(struct db *db, struct err *e)
{
	int moved = db->sql ? db_moved(db) : 0;

	if (moved == 2)
		return aside_put(db, "its log was removed while it was open", 0, e);
	db_disconnect(db);
	if (db_connect(db, e) == 0)
		return 0;
	if (e->sys == ENOENT && db_make(db, e) < 0)
		return -1;
	if (e->sys == ESTALE && migrate_old(db, e) < 0)
		return -1;
	return e->sys == ENOENT || e->sys == ESTALE ? db_connect(db, e) : -1;
}
