/* backup: a copy of the queue while others use it, and its way back into an empty node.
 * DIAGNOSTICS: as connect; ERR_OPERATOR for a copy of a newer hornero's version, or if a file
 * cannot be written. */
#include "db/inner.h"

#include "lib/clock.h"
#include "lib/copy.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <string.h>

/* In one step, so in one read transaction: writers go on, and no write makes it start again. */
static int copy_pages(struct db *db, sqlite3 *to, struct err *e)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", db->sql, "main");
	int r;

	if (!b)
		return db_fail(to, db->queue_dir, "copy", e);
	do
		r = sqlite3_backup_step(b, -1);
	while ((r == SQLITE_BUSY || r == SQLITE_LOCKED) && clock_mono_ms() < db->deadline_ms &&
	       usleep(1000) == 0);
	sqlite3_backup_finish(b);
	return r == SQLITE_DONE ? 0 : db_fail(to, db->queue_dir, "copy", e);
}

/* The new file loses its name as soon as SQLite has opened it, so that a death leaves nothing. */
static int open_nameless(const char *dir, sqlite3 **to, struct err *e)
{
	own_free char *path = fs_path("%s/.hornero-queue.%d.tmp", dir, (int)getpid());
	own_fd int fd = fs_create(AT_FDCWD, path, O_RDWR, 0600);
	int r;

	if (fd < 0)
		return err_sys(e, ERR_OPERATOR, "cannot make a file in %s", dir);
	r = sqlite3_open_v2(path, to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (FAILSTEP("copy-unname", unlink(path)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot remove %s", path);
	if (r != SQLITE_OK ||
	    sqlite3_exec(*to, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", NULL, NULL,
			 NULL) != SQLITE_OK)
		return db_fail(*to, dir, "copy to", e);
	return steal_fd(&fd);
}

int db_backup(struct db *db, const char *dir, struct err *e)
{
	sqlite3 *to = NULL;
	own_fd int fd = -1;
	int r;

	db->deadline_ms = clock_mono_ms() + db->wait_ms;
	fd = open_nameless(dir, &to, e);
	r = fd < 0 ? -1 : copy_pages(db, to, e);
	sqlite3_close_v2(to);
	return r < 0 ? -1 : steal_fd(&fd);
}

static int64_t big_endian(const unsigned char *p)
{
	return (int64_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

/* Offsets of SQLite's file format: fileformat2.html, "The Database Header". */
int db_backup_check(int fd, struct err *e)
{
	enum { HEADER = 100, VERSION_AT = 60, APPLICATION_AT = 68 };
	unsigned char h[HEADER];

	if (fs_pread(fd, h, sizeof(h), 0) != HEADER || memcmp(h, "SQLite format 3", 16) != 0 ||
	    big_endian(h + APPLICATION_AT) != DB_APPLICATION_ID || big_endian(h + VERSION_AT) < 1)
		return err_set(e, ERR_USAGE, "its queue is not one of hornero's");
	if (big_endian(h + VERSION_AT) > db_newest_version())
		return err_set(e, ERR_OPERATOR,
			       "its queue is of version %lld, and this hornero knows 1 to %d; "
			       "install the newer hornero, then restore",
			       (long long)big_endian(h + VERSION_AT), db_newest_version());
	return 0;
}

/* The copy has no log of its own; the file says that the next opener is to make one. */
static int set_wal(struct db *db, struct err *e)
{
	own_free char *path = fs_path("%s/" DB_STAGING, db->queue_dir);
	sqlite3 *sql = NULL;
	int r = sqlite3_open_v2(path, &sql, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (r == SQLITE_OK)
		r = sqlite3_exec(sql, "PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL", NULL,
				 NULL, NULL);
	r = r == SQLITE_OK ? 0 : db_fail(sql, db->queue_dir, "restore", e);
	sqlite3_close_v2(sql);
	return r;
}

static int put(struct db *db, int in, struct err *e)
{
	own_fd int out = -1;
	enum copy_way way;
	struct stat st;

	if (FAILSTEP("restore-queue-unlink", unlinkat(db->dir, DB_NAME, 0)) < 0 && errno != ENOENT)
		return err_sys(e, ERR_OPERATOR, "cannot remove %s/" DB_NAME, db->queue_dir);
	if (db_make_staging(db, e) < 0)
		return -1;
	out = openat(db->dir, DB_STAGING, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (out < 0 || fstat(in, &st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot make a database in %s", db->queue_dir);
	if (copy_file(in, out, st.st_size, NULL, NULL, &way, e) < 0)
		return -1;
	if (set_wal(db, e) < 0)
		return -1;
	if (FAILSTEP("restore-queue-sync", fsync(out)) < 0 ||
	    FAILSTEP("restore-queue-rename",
		     renameat(db->dir, DB_STAGING, db->dir, DB_NAME)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot put %s/" DB_NAME " into place",
			       db->queue_dir);
	return fs_sync_dir(db->dir, ".", e);
}

int db_restore(const struct db_queue *queue, int in, int wait_ms, struct err *e)
{
	own_db struct db *db = calloc(1, sizeof(*db));
	int r;

	if (!db)
		return err_set(e, ERR_NOBODY, "out of memory for the database");
	db->queue_dir = fs_path("%s", queue->queue_dir);
	db->mode = DB_CREATE;
	db->wait_ms = wait_ms;
	db->deadline_ms = clock_mono_ms() + wait_ms;
	db->pid = getpid();
	db->highest = queue->highest;
	db->highest_arg = queue->highest_arg;
	db_let_fail();
	db->dir = fs_open_dir(AT_FDCWD, db->queue_dir, e);
	if (db->dir < 0 || db_backup_check(in, e) < 0 || db_ticket(db, e) < 0)
		return -1;
	/* Numbers that were given out after the copy was made are not used again. */
	r = put(db, in, e) < 0 || db_create(db, e) < 0 || sequence_skip(db, e) < 0 ? -1 : 0;
	db_ticket_drop(db);
	return r;
}
