/*
 * audit: the log of who changed what: one JSON object a line, each with the SHA-256 of the line
 * before it, so that a changed, removed or added line breaks the chain.
 *
 *     own_audit struct audit a = AUDIT_INIT;
 *     if (audit_open(&a, c->audit_dir, AUDIT_WAIT_MS, e) < 0)
 *             return -1;
 *     audit_begin(&a, "push");
 *     audit_text(&a, "who", name);
 *     if (audit_end(&a, e) < 0 || audit_sync(&a, e) < 0)
 *             return -1;
 *
 * Written by: hornero-hook, hornero, hornerod. Read by: hornero (`events --audit`).
 *
 * The files are AUDIT_DIR/YYYY-MM.jsonl; their names sort by time, and the chain goes on from one
 * to the next. They are only appended to, under a lock of the directory. A record is durable after
 * audit_sync. A writer that dies leaves an incomplete last line; the next one ends that line and
 * chains to it.
 */
#ifndef HORNERO_STATE_AUDIT_H
#define HORNERO_STATE_AUDIT_H

#include "lib/err.h"
#include "lib/shaplain.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum {
	AUDIT_LINE_MAX = 32 << 10,
	AUDIT_WAIT_MS = 10000, /* for the lock, in hooks and commands */
	AUDIT_NAME = 16,       /* "2026-11.jsonl" */
	AUDIT_FILES_MAX = 4096,
};
#define AUDIT_FIRST "0000000000000000000000000000000000000000000000000000000000000000"

struct audit {
	int dir, fd;
	char name[AUDIT_NAME];
	off_t size;               /* of the file: the end of the last whole record */
	int64_t n;                /* number of the last record */
	char last[SHAPLAIN_HEX + 1];
	FILE *record;             /* being made */
	char *text;
	size_t len;
	bool first, torn;         /* first: no member of the object yet; torn: ends in a piece */
};

#define AUDIT_INIT {.dir = -1, .fd = -1}

/* Takes the lock and finds the end of the chain. Returns 0, or -1 with e filled: ERR_OPERATOR if
 * the directory is missing or the last line is no record, ERR_NOBODY if the lock is busy. */
int audit_open(struct audit *a, const char *dir, int wait_ms, struct err *e);

/* Builds one record. Names are ours and are not escaped, texts are. NULL is written as null. */
void audit_begin(struct audit *a, const char *event);
void audit_text(struct audit *a, const char *name, const char *text);
void audit_number(struct audit *a, const char *name, int64_t number);
/* A list of objects: audit_list, then for each audit_item, members, audit_item_end; audit_list_end.
 * audit_word adds a text to a list instead. */
void audit_list(struct audit *a, const char *name);
void audit_item(struct audit *a);
void audit_item_end(struct audit *a);
void audit_word(struct audit *a, const char *text);
void audit_list_end(struct audit *a);
/* Returns the bytes of the record so far. */
size_t audit_room_used(struct audit *a);

/* Appends the record as one line. On error the file is as before. */
int audit_end(struct audit *a, struct err *e);

/* Releases the lock, makes the records durable, and tells syslog the number and the digest of the
 * last one. */
int audit_sync(struct audit *a, struct err *e);

/* The same for records that nothing depends on: the kernel writes them when it likes. */
void audit_tell(struct audit *a);
void audit_close(struct audit *a);
#define own_audit __attribute__((cleanup(audit_close)))

/* Reads the number and the digest of the line before from a record. Returns false if it is none.
 * Pure. */
bool audit_parse(const char *line, size_t len, int64_t *n, char prev[SHAPLAIN_HEX + 1]);

/* Whether it is the name of a file of the log. Pure. */
bool audit_is_name(const char *name);

#endif
