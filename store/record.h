/*
 * record: stores a flat struct as a small JSON file, described by a table of its fields.
 *
 *     static const struct record_field fields[] = {
 *             RECORD_FIELD(struct warm, image, RECORD_UUID),
 *             …
 *     };
 *     record_save(path, fields, n, &warm, e);    durable on return
 *     record_load(path, fields, n, &warm, e);
 *
 * hornero writes these files, but other users may reach their directory: record_load checks every
 * value against its kind and reads no file beyond RECORD_MAX bytes. It ignores unknown names, so an
 * older hornero reads a newer one's files. Fields added later are optional, so a newer hornero
 * reads an older one's.
 */
#ifndef HORNERO_STORE_RECORD_H
#define HORNERO_STORE_RECORD_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { RECORD_MAX = 16384 };

enum record_kind {
	RECORD_HEX,   /* char[n + 1]: exactly n lower-case hexadecimal digits */
	RECORD_KEY,   /* the same, or empty */
	RECORD_OID,   /* char[65]: a git object id of 40 or 64 digits, or empty */
	RECORD_UUID,  /* char[UUID_LEN + 1], canonical */
	RECORD_WORD,  /* char[n + 1]: at most n of [A-Za-z0-9._-], or empty */
	RECORD_TEXT,  /* char[n + 1]: at most n printable ASCII characters and blanks, or empty */
	RECORD_COUNT, /* int64_t, 0 or more */
	RECORD_TIME,  /* int64_t */
	RECORD_INO,   /* uint64_t; a decimal string in the file, since JSON integers end at 2^63 */
};

struct record_field {
	const char *name;
	enum record_kind kind;
	size_t offset, size;
	bool optional; /* missing in older files: then 0 or "" */
};

#define RECORD_ENTRY(type, name_, member, kind_, optional_) \
	{name_, kind_, offsetof(type, member), sizeof(((type *)NULL)->member), optional_}
#define RECORD_FIELD(type, member, kind_)    RECORD_ENTRY(type, #member, member, kind_, false)
#define RECORD_OPTIONAL(type, member, kind_) RECORD_ENTRY(type, #member, member, kind_, true)
/* A field of struct provenance, by its own name. */
#define RECORD_MADE(type, member, kind_) RECORD_ENTRY(type, #member, made.member, kind_, false)
#define RECORD_MADE_OPTIONAL(type, member, kind_) \
	RECORD_ENTRY(type, #member, made.member, kind_, true)

/* Writes a temporary file, fsyncs it, renames it and fsyncs the directory; mode 0644. ERR_US if
 * record_load would refuse the struct. */
int record_save(const char *path, const struct record_field *fields, size_t n, const void *in,
		struct err *e);

/* Writes *out on success only. On error e->sys is ENOENT if there is no file; e is ERR_OPERATOR
 * with e->sys 0 if the file is invalid. */
int record_load(const char *path, const struct record_field *fields, size_t n, void *out,
		size_t size, struct err *e);

/* Replaces what RECORD_TEXT cannot have by "?". */
void record_plain(char *text);

#endif
