/*
 * table: keys described once, read, set, freed and documented from there.
 *
 *     static const struct key keys[] = {{.name = "workers", .type = KEY_COUNT, .min = 1, .max = 64,
 *             .fallback = "2", .offset = offsetof(struct conf, workers), .help = "…"}, …};
 *     const struct table conf_table = {"hornero.yaml", keys, N};
 *
 * hornero.yaml, image files, builder files and .hornero.yaml each have one such
 * table; the messages, the default file and the manual come from it.
 */
#ifndef HORNERO_CONF_TABLE_H
#define HORNERO_CONF_TABLE_H

#include "conf/yaml.h"
#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum key_type {
	KEY_TEXT,     /* char *; NULL where unset without fallback */
	KEY_PATH,     /* char *, absolute: a relative one begins at the file's directory */
	KEY_COUNT,    /* int64_t */
	KEY_SIZE,     /* int64_t bytes; K, M, G are 1024, 1024², 1024³ */
	KEY_DURATION, /* int64_t seconds; s, m, h */
	KEY_CHOICE,   /* an enum: the index into choices */
	KEY_USER,     /* uid_t, and gid_t at `also` where that is not 0; name or number */
	KEY_GROUP,    /* gid_t; name or number */
	KEY_LIST,     /* char **, NULL-terminated, never NULL itself once read */
	KEY_LISTS,    /* char ***, a list of lists */
	KEY_MAP,      /* char **, "KEY=value" */
};

struct key {
	const char *name;
	enum key_type type;
	const char *unit;            /* words for a number */
	const char *fallback;        /* as it would stand in the file; "$key/rest" begins with another key's value */
	int64_t min, max;            /* of a number; max: bytes of a text (0: no matter) */
	const char *const *choices;  /* NULL-terminated */
	int (*check)(const char *text, struct err *e); /* of a text, or of each one in a list */
	bool required;
	size_t offset, also;
	const char *help;            /* one sentence or two, for people */
	const char *allowed;         /* for the manual, where type and range do not say it */
};

struct table {
	const char *what; /* the kind of file */
	const struct key *keys;
	size_t n;
};

/* Bring a document into the zeroed struct at base, fallbacks included. dir is the file's directory, for
 * KEY_PATH. On failure base is partly filled: table_fini frees it either way. */
int table_read(const struct table *t, const struct doc *doc, const char *dir, void *base, struct err *e);

/* Only the fallbacks. */
int table_defaults(const struct table *t, void *base, struct err *e);

/* One scalar key from a command line. "" brings back the fallback of a key that is not required. ERR_USAGE. */
int table_set(const struct table *t, void *base, const char *name, const char *text, struct err *e);

/* What a text, a choice or a number holds, as it could stand in the file; NULL for a text that is unset. For the caller to free. */
char *table_text(const struct key *k, const void *base);

void table_fini(const struct table *t, void *base);

/* Every key as a commented file, or as blocks of man-page source. */
enum table_form { TABLE_YAML, TABLE_MAN };
void table_print(const struct table *t, FILE *out, enum table_form form);

#endif
