/* damage: a process that meets a damaged queue leaves a report beside it (db_damaged).
 *
 * Only hornerod reads reports. It checks the file itself (db/look.c) and moves it aside only if it
 * finds damage, too (db/aside.c). I/O errors, a full disk, a busy queue and missing permissions are
 * no damage.
 * DIAGNOSTICS: db_damaged is ERR_NOBODY with sys EUCLEAN, since hornerod repairs it. */
#include "db/inner.h"

#include "lib/own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>

/* Best effort: without a report hornerod finds the damage when it reads the queue itself. */
void db_report(const char *queue_dir)
{
	own_fd int dir = open(queue_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	own_fd int fd =
		dir < 0 ? -1
			: openat(dir, DB_REPORT,
				 O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0660);

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
	err_set(e, ERR_NOBODY,
		"the queue %s/" DB_NAME
		" is damaged (%s); hornerod moves it aside and queues again what is not warm",
		queue_dir, why);
	e->sys = EUCLEAN;
	return -1;
}

bool db_is_damage(int code)
{
	switch (code & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_TOOBIG: /* a larger value than any of our rows has */
		return true;
	default:
		return code == SQLITE_IOERR_SHORT_READ; /* the file is too short; the disk is not
							 * at fault */
	}
}
