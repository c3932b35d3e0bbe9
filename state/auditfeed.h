/*
 * auditfeed: reads the lines of the audit log in order, across its files, also as it grows.
 *
 *     own_auditfeed struct auditfeed f = AUDITFEED_INIT;
 *     if (auditfeed_open(&f, c->audit_dir, e) < 0) …
 *     while ((got = auditfeed_next(&f, false, e)) > 0)
 *             … f.line, f.len …
 *
 * Used by: hornero (`events --audit`), hornero-notify.
 *
 * Members of the queue's group can write to the files, so a line may hold anything.
 */
#ifndef HORNERO_STATE_AUDITFEED_H
#define HORNERO_STATE_AUDITFEED_H

#include "state/audit.h"

#include <stdio.h>

struct auditfeed {
	int dir;
	FILE *file;
	char name[AUDIT_NAME]; /* of the file; "" before the first */
	int64_t at;            /* number of the line in the file, from 1; unknown after a seek */
	off_t start;           /* of the line in the file */
	char line[AUDIT_LINE_MAX + 1]; /* terminated, without its newline */
	size_t len;
	bool whole;            /* it ends in a newline */
};

#define AUDITFEED_INIT {.dir = -1}

int auditfeed_open(struct auditfeed *f, const char *dir, struct err *e);

/* Returns 1 with the next line, 0 if there is none yet, -1 with e filled: ERR_OPERATOR for a line
 * that is too long or a file that cannot be read. A line without a newline is returned only if a
 * later file exists, or if `all` is set. */
int auditfeed_next(struct auditfeed *f, bool all, struct err *e);

/* The next line will be the one at that byte of the file `name`; "" is the first line of the log.
 * Returns 1, 0 if there is no such file, -1 on error. */
int auditfeed_seek(struct auditfeed *f, const char *name, off_t start, struct err *e);
void auditfeed_close(struct auditfeed *f);
#define own_auditfeed __attribute__((cleanup(auditfeed_close)))

#endif
