/*
 * auditcursor: how far the programs of events_dir were told of the audit log, with the setting
 * notify_audit: NOTIFY_DIR/audit.json. hornero-notify alone writes it, after each record.
 */
#ifndef HORNERO_STORE_AUDITCURSOR_H
#define HORNERO_STORE_AUDITCURSOR_H

#include "lib/err.h"

#include <stdint.h>

#define AUDITCURSOR_TOLD   "told"
#define AUDITCURSOR_FAILED "failed" /* a program failed with the next record: tried again */
#define AUDITCURSOR_DENIED "denied" /* our user may not read the log */
#define AUDITCURSOR_UNREAD "unread" /* the log cannot be read */

struct auditcursor {
	/* The last record that all programs were told of: its number, place and SHA-256, which is
	 * "" if the log could not be read since notify_audit was set. */
	int64_t n;
	char file[17]; /* "": none yet */
	int64_t start; /* byte of the file */
	char sha256[65];
	char state[17];
	char trying[65];  /* the SHA-256 of the record to which `program` belongs; "" */
	char program[65]; /* the last one that ended well with that; "" */
	char reason[401]; /* why it is not told, one sentence; "" */
	int64_t tries;    /* that failed */
	int64_t since_ms; /* wall: of this state */
	int64_t next_ms;  /* wall: of the next try; 0: none */
};

/* Durable on return. Bytes of reason that a record cannot have become "?". */
int auditcursor_save(const char *notify_dir, const struct auditcursor *c, struct err *e);
/* Returns 1 if read, 0 if missing, -1 on error: with e->sys 0 and ERR_OPERATOR if it is invalid. */
int auditcursor_load(const char *notify_dir, struct auditcursor *out, struct err *e);
/* A missing one is no error. */
int auditcursor_remove(const char *notify_dir, struct err *e);

#endif
