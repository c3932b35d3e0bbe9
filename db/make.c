/* make: makes a missing database, under the ticket.
 *
 * It builds the database in another file and renames it into place, so nobody opens half of it.
 * First it removes leftovers of a deleted database (-wal, -shm): SQLite would take the old log for
 * the new file's.
 * DIAGNOSTICS: ERR_NOBODY if the disk is full; ERR_OPERATOR for permissions, or a file that is not
 * ours to replace. */
#include "db/inner.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"

#include <fcntl.h>
#include <sys/stat.h>

static int remove_one(struct db *db, const char *name, struct err *e)
{
	if (FAILSTEP("queue-leftover-unlink", unlinkat(db->dir, name, 0)) < 0 && errno != ENOENT)
		return err_sys(e, ERR_OPERATOR, "cannot remove %s/%s", db->queue_dir, name);
	return 0;
}

static int remove_leftovers(struct db *db, struct err *e)
{
	static const char *const names[] = {
		DB_NAME "-wal",    DB_NAME "-shm",    DB_NAME "-journal",    DB_STAGING,
		DB_STAGING "-wal", DB_STAGING "-shm", DB_STAGING "-journal",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (remove_one(db, names[i], e) < 0)
			return -1;
	return 0;
}

/* Makes the empty file with its group and mode, whatever the umask: SQLite gives both to -wal and
 * -shm. */
static int make_empty(struct db *db, struct err *e)
{
	own_fd int fd = openat(db->dir, DB_STAGING,
			       O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat dir, st;

	if (fd < 0 || fstat(db->dir, &dir) < 0 || fstat(fd, &st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot make a database in %s", db->queue_dir);
	if (st.st_gid != dir.st_gid && fchown(fd, (uid_t)-1, dir.st_gid) < 0)
		return err_sys(e, ERR_OPERATOR,
			       "cannot give %s/" DB_NAME " to the group of its directory",
			       db->queue_dir);
	if (fchmod(fd, 0660) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot set the mode of %s/" DB_NAME,
			       db->queue_dir);
	return 0;
}

int db_make_staging(struct db *db, struct err *e)
{
	return remove_leftovers(db, e) < 0 || make_empty(db, e) < 0 ? -1 : 0;
}

static int fill(sqlite3 *sql, const char *queue_dir, int64_t last, struct err *e)
{
	char rest[256];

	sqlite3_snprintf(sizeof(rest), rest,
			 "PRAGMA application_id = %d;INSERT INTO sqlite_sequence (name, seq) "
			 "VALUES ('jobs', %lld);COMMIT; PRAGMA journal_mode = WAL",
			 DB_APPLICATION_ID, (long long)last);
	if (sqlite3_exec(sql,
			 "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; BEGIN IMMEDIATE",
			 NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(sql, queue_dir, "make", e);
	if (db_migrate(sql, queue_dir, 0, db_newest_version(), e) < 0)
		return -1;
	if (sqlite3_exec(sql, rest, NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(sql, queue_dir, "make", e);
	return 0;
}

int db_make(struct db *db, struct err *e)
{
	own_free char *staging = fs_path("%s/" DB_STAGING, db->queue_dir);
	sqlite3 *sql = NULL;
	int64_t seq = 0, last;
	int r;

	if (plan_keep_log(db, &seq, e) < 0 || remove_leftovers(db, e) < 0 ||
	    sequence_start(db, seq, &last, e) < 0 || make_empty(db, e) < 0)
		return -1;
	r = sqlite3_open_v2(staging, &sql,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
			    NULL);
	r = r == SQLITE_OK ? fill(sql, db->queue_dir, last, e)
			   : db_fail(sql, db->queue_dir, "make", e);
	sqlite3_close_v2(sql);
	if (r < 0)
		return -1;
	if (FAILSTEP("queue-rename", renameat(db->dir, DB_STAGING, db->dir, DB_NAME)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot put %s/" DB_NAME " into place",
			       db->queue_dir);
	log_info("event=queue-made last_job=%lld dir=%s", (long long)last, db->queue_dir);
	return fs_sync_dir(db->dir, ".", e);
}
