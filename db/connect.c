/* connect: connects to the existing database and checks that it is still the same one.
 * DIAGNOSTICS: ERR_NOBODY if missing, busy, full or not migrated yet; ERR_OPERATOR if of an unknown
 * version, or without permission. Damaged or foreign: ERR_NOBODY with sys EUCLEAN, and reported
 * (damage.c). */
#include "db/inner.h"

#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* SQLite asks whether to retry: yes, every 200 µs, until the call's deadline. */
static int when_busy(void *arg, int count)
{
	const struct db *db = arg;
	const struct timespec pause = {.tv_nsec = 200000};

	(void)count;
	if (clock_mono_ms() >= db->deadline_ms)
		return 0;
	nanosleep(&pause, NULL);
	return 1;
}

static int when_committed(void *arg, sqlite3 *sql, const char *name, int pages)
{
	struct db *db = arg;

	(void)sql;
	(void)name;
	db->wal_pages = pages;
	return SQLITE_OK;
}

static bool file_id(int dir, const char *name, struct db_file_id *id)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	*id = (struct db_file_id){.dev = st.st_dev, .ino = st.st_ino};
	return true;
}

static bool same_file(int dir, const char *name, const struct db_file_id *known)
{
	struct db_file_id now;

	return file_id(dir, name, &now) && now.dev == known->dev && now.ino == known->ino;
}

/* Uses stat only: closing a descriptor of the database would drop SQLite's locks on it. */
int db_moved(struct db *db)
{
	int moved = 1;

	if (sqlite3_file_control(db->sql, "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK ||
	    moved)
		return 1;
	return same_file(db->dir, DB_NAME "-wal", &db->wal) &&
			       same_file(db->dir, DB_NAME "-shm", &db->shm)
		       ? 0
		       : 2;
}

static int check_access(struct db *db, struct err *e)
{
	struct stat st;

	if (fstatat(db->dir, DB_NAME, &st, 0) < 0) {
		int sys = errno;

		if (sys != ENOENT)
			return err_sys(e, ERR_OPERATOR, "cannot stat %s/" DB_NAME, db->queue_dir);
		if (db->mode < DB_CREATE && faccessat(db->dir, DB_PLAN, F_OK, 0) == 0)
			return db_damaged(db->queue_dir, e, "it is being moved aside");
		err_set(e, ERR_NOBODY,
			"there is no %s/" DB_NAME " yet; hornerod and `hornero sweep` make it",
			db->queue_dir);
		e->sys = sys;
		return -1;
	}
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_OPERATOR,
			       "%s/" DB_NAME " is not a regular file; move it away", db->queue_dir);
	if (faccessat(db->dir, DB_NAME, R_OK | W_OK, AT_EACCESS) < 0)
		return err_sys(e, ERR_OPERATOR,
			       "cannot use %s/" DB_NAME
			       " (readers need to write beside it too); become a member of group "
			       "%u, or act as a user who is",
			       db->queue_dir, (unsigned int)st.st_gid);
	return 0;
}

/* Any member of the group can write rows and schema: allow no functions in triggers and no huge
 * values. No checkpoint on close: it would delay the last hook, and delete by name the log of a
 * database that replaced ours. */
static int configure(struct db *db)
{
	sqlite3 *sql = db->sql;
	const struct {
		int what, on;
	} config[] = {
		{SQLITE_DBCONFIG_ENABLE_FKEY, 1},       {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
		{SQLITE_DBCONFIG_DEFENSIVE, 1},         {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1},
		{SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
	};

	for (size_t i = 0; i < sizeof(config) / sizeof(config[0]); i++)
		if (sqlite3_db_config(sql, config[i].what, config[i].on, NULL) != SQLITE_OK)
			return -1;
	sqlite3_limit(sql, SQLITE_LIMIT_LENGTH, DB_ROW_MAX);
	sqlite3_busy_handler(sql, when_busy, db);
	sqlite3_wal_hook(sql, when_committed, db);
	return 0;
}

/* The first read opens the log and its index; from then on db_moved() knows our files. */
static int establish(struct db *db, struct err *e)
{
	static const char *const pragmas[] = {
		[DB_READ] = "PRAGMA query_only = 1",
		/* txn_commit() syncs. */
		[DB_WRITE] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL",
		[DB_CREATE] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL",
		[DB_OWN] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL",
	};
	int64_t version;

	if (configure(db) < 0 || db_version(db->sql, db->queue_dir, &version, e) < 0)
		return e->class == ERR_NONE ? db_fail(db->sql, db->queue_dir, "set up", e) : -1;
	if (version < db_newest_version()) {
		err_set(e, ERR_NOBODY,
			"%s/" DB_NAME " is of version %lld and not migrated to %d yet; hornerod "
				      "does it when it starts",
			db->queue_dir, (long long)version, db_newest_version());
		e->sys = ESTALE;
		return -1;
	}
	if (sqlite3_exec(db->sql, pragmas[db->mode], NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(db->sql, db->queue_dir, "set up", e);
	if (!file_id(db->dir, DB_NAME "-wal", &db->wal) ||
	    !file_id(db->dir, DB_NAME "-shm", &db->shm) || db_moved(db)) {
		err_set(e, ERR_NOBODY, "%s/" DB_NAME " was deleted while it was opened; try again",
			db->queue_dir);
		e->sys = ENOENT;
		return -1;
	}
	return 0;
}

int db_connect(struct db *db, struct err *e)
{
	own_free char *path = fs_path("%s/" DB_NAME, db->queue_dir);
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;

	e->class = ERR_NONE;
	if (check_access(db, e) < 0)
		return -1;
	if (sqlite3_open_v2(path, &db->sql, flags, NULL) != SQLITE_OK)
		db_fail(db->sql, db->queue_dir, "open", e);
	else if (establish(db, e) == 0) {
		db->generation++;
		return 0;
	}
	db_disconnect(db);
	return -1;
}

void db_disconnect(struct db *db)
{
	for (int i = 0; i < DB_CACHE_SLOTS; i++)
		sqlite3_finalize(db->cache[i].stmt);
	memset(db->cache, 0, sizeof(db->cache));
	sqlite3_close_v2(db->sql);
	db->sql = NULL;
}
