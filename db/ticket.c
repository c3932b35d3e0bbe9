/* ticket: lets one process write at a time. Waiters for SQLite's own lock poll it with growing
 * pauses, which starves writers; they poll this one every 200 µs. The kernel releases it when its
 * holder dies. It is on the directory itself: a lock file could be deleted, and then two processes
 * would hold two tickets.
 * DIAGNOSTICS: ERR_NOBODY when the wait is over. */
#include "db/inner.h"

#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

/* The path may name another directory by now, if somebody moved the whole queue away. */
static int reopen_if_replaced(struct db *db, bool *replaced, struct err *e)
{
	struct stat held, named;
	int fd;

	*replaced = false;
	if (fstat(db->dir, &held) < 0 || stat(db->queue_dir, &named) < 0)
		return err_sys(e, errno == ENOENT ? ERR_NOBODY : ERR_OPERATOR,
			       "cannot stat the queue directory %s", db->queue_dir);
	if (held.st_dev == named.st_dev && held.st_ino == named.st_ino)
		return 0;
	fd = fs_open_dir(AT_FDCWD, db->queue_dir, e);
	if (fd < 0)
		return -1;
	close(db->dir);
	db->dir = fd;
	*replaced = true;
	return 0;
}

int db_ticket(struct db *db, struct err *e)
{
	bool replaced;

	do {
		int64_t left_ms = db->deadline_ms - clock_mono_ms();
		int held = fs_flock(db->dir, left_ms > 0 ? (int)left_ms : 0, e);

		if (held < 0)
			return -1;
		if (held == 0)
			return err_set(e, ERR_NOBODY,
				       "the queue %s is busy: another process has been writing for "
				       "%d ms; try again",
				       db->queue_dir, db->wait_ms);
		if (reopen_if_replaced(db, &replaced, e) < 0) {
			db_ticket_drop(db);
			return -1;
		}
	} while (replaced);
	return 0;
}

void db_ticket_drop(struct db *db)
{
	flock(db->dir, LOCK_UN);
}
