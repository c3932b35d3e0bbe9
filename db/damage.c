/* damage: a program that meets a damaged queue leaves a report beside it (db_damaged).
 *
 * hornerod alone reads reports: it looks for itself (db/look.c), and moves the file aside only if it
 * finds damage, too (db/aside.c). I/O errors, a full disk, a busy queue and missing permissions are no damage.
 * DIAGNOSTICS: db_damaged is ERR_NOBODY with sys EUCLEAN, since hornerod repairs it. */
#include "db/inner.h"

#include "lib/own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>

/* Best effort: without a report hornerod finds the damage when it meets it itself. */
void db_report(const char *queue_dir)
{
	own_fd int dir = open(queue_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	own_fd int fd = dir < 0 ? -1 : openat(dir, DB_REPORT, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0660);

	(void)fd;
}

int db_damaged(const char *queue_dir, struct err *e, const char *fmt, ...)
{
	char why[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	db_report(queue_dir);
	err_set(e, ERR_NOBODY, "the queue %s/" DB_NAME " is damaged (%s); hornerod moves it aside and queues again what is "
		"not warm", queue_dir, why);
	e->sys = EUCLEAN;
	return -1;
}

bool db_is_damage(int code)
{
	switch (code & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_TOOBIG: /* a value that no row of ours can have */
		return true;
	default:
		return code == SQLITE_IOERR_SHORT_READ; /* the file ends too early; the disk is not at fault */
	}
}
