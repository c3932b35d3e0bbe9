/*
 * table: describes keys once; they are read, set, freed and documented from there.
 *
 *     static const struct key keys[] = {{.name = "workers", .type = KEY_COUNT, .min = 1, .max = 64,
 *             .fallback = "2", .offset = offsetof(struct conf, workers), .help = "…"}, …};
 *     const struct table conf_table = {"hornero.yaml", keys, N};
 *
 * hornero.yaml, image files, builder files and .hornero.yaml have one such table each. The
 * messages, the default file and the manual come from it.
 */
#ifndef HORNERO_CONF_SETTING_H
#define HORNERO_CONF_SETTING_H

#include "conf/yaml.h"
#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum key_type {
	KEY_TEXT,     /* char *; NULL if unset and without fallback */
	KEY_PATH,     /* char *, absolute; a relative path starts at the file's directory */
	KEY_COUNT,    /* int64_t */
	KEY_SIZE,     /* int64_t bytes; K, M, G are 1024, 1024², 1024³ */
	KEY_DURATION, /* int64_t seconds; s, m, h */
	KEY_CHOICE,   /* an enum: the index into choices */
	KEY_USER,     /* uid_t, and gid_t at `also` if that is not 0; name or number */
	KEY_GROUP,    /* gid_t; name or number */
	KEY_LIST,     /* char **, NULL-terminated; never NULL once read */
	KEY_LISTS,    /* char ***, a list of lists */
	KEY_MAP,      /* char **, "KEY=value" */
};

struct key {
	const char *name;
	enum key_type type;
	const char *unit;            /* describes a number */
	/* as it would be in the file; "$key/rest" begins with another key's value */
	const char *fallback;
	int64_t min, max;            /* range of a number; max: bytes of a text (0: no limit) */
	const char *const *choices;  /* NULL-terminated */
	int (*check)(const char *text, struct err *e); /* checks a text, or each text of a list */
	bool required;
	size_t offset, also;
	const char *help;            /* one sentence or two, for users */
	const char *allowed;         /* for the manual, if type and range do not say it */
};

struct table {
	const char *what; /* the type of file */
	const struct key *keys;
	size_t n;
};

/* Reads a document into the zeroed struct at base and sets fallbacks. dir is the file's directory,
 * for KEY_PATH. On failure base is partly filled; table_fini frees it in both cases. Returns 0, or
 * -1 with e filled. */
int table_read(const struct table *t, const struct doc *doc, const char *dir, void *base,
	       struct err *e);

/* Sets only the fallbacks. */
int table_defaults(const struct table *t, void *base, struct err *e);

/* Sets one scalar key from a command line. "" restores the fallback of a key that is not required.
 * Returns 0, or -1 with ERR_USAGE. */
int table_set(const struct table *t, void *base, const char *name, const char *text, struct err *e);

/* Returns the value of a text, a choice or a number as it could be in the file, or NULL for an
 * unset text. The caller frees it. */
char *table_text(const struct key *k, const void *base);

void table_fini(const struct table *t, void *base);

/* Prints every key as a commented file, or as blocks of man-page source. */
enum table_form { TABLE_YAML, TABLE_MAN };
void table_print(const struct table *t, FILE *out, enum table_form form);

#endif
