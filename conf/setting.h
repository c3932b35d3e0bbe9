/*
 * setting: describes settings once; they are read, set, freed and documented from there.
 *
 *     static const struct setting settings[] = {
 *             {.name = "workers", .type = SETTING_COUNT, .min = 1, .max = 64, .fallback = "2",
 *              .offset = offsetof(struct conf, workers), .help = "…"},
 *             …};
 *     const struct settings conf_settings = {"hornero.yaml", settings, N};
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

enum setting_type {
	SETTING_TEXT,     /* char *; NULL if unset and without fallback */
	SETTING_PATH,     /* char *, absolute; a relative path starts at the file's directory */
	SETTING_COUNT,    /* int64_t */
	SETTING_SIZE,     /* int64_t bytes; K, M, G are 1024, 1024², 1024³ */
	SETTING_DURATION, /* int64_t seconds; s, m, h */
	SETTING_CHOICE,   /* an enum: the index into choices */
	SETTING_USER,     /* uid_t, and gid_t at `also` if that is not 0; name or number */
	SETTING_GROUP,    /* gid_t; name or number */
	SETTING_LIST,     /* char **, NULL-terminated; never NULL once read */
	SETTING_LISTS,    /* char ***, a list of lists */
	SETTING_MAP,      /* char **, "KEY=value" */
};

struct setting {
	const char *name;
	enum setting_type type;
	const char *unit;            /* describes a number */
	const char *zero;            /* of a SETTING_COUNT: the word for 0; NULL: none */
	/* as it would be in the file; "$name/rest" begins with another setting's value */
	const char *fallback;
	int64_t min, max;            /* range of a number; max: bytes of a text (0: no limit) */
	const char *const *choices;  /* NULL-terminated */
	int (*check)(const char *text, struct err *e); /* checks a text, or each text of a list */
	bool required;
	size_t offset, also;
	const char *help;            /* one sentence or two, for users */
	const char *allowed;         /* for the manual, if type and range do not say it */
};

struct settings {
	const char *what; /* the type of file */
	const struct setting *list;
	size_t n;
};

/* Reads a document into the zeroed struct at base and sets fallbacks. dir is the file's directory,
 * for SETTING_PATH. On failure base is partly filled; settings_fini frees it in both cases. Returns
 * 0, or -1 with e filled. */
int settings_read(const struct settings *t, const struct doc *doc, const char *dir, void *base,
		  struct err *e);

/* Like settings_read, but goes on behind a fault. Calls told() for each; returns their number. */
int settings_check(const struct settings *t, const struct doc *doc, const char *dir, void *base,
		   void (*told)(void *arg, const struct err *fault), void *arg);

/* Whether the document has the setting. */
bool settings_given(const struct doc *doc, const struct setting *k);

/* Sets only the fallbacks. */
int settings_defaults(const struct settings *t, void *base, struct err *e);

/* Sets one scalar setting from a command line. "" restores the fallback of a setting that is not
 * required. Returns 0, or -1 with ERR_USAGE. */
int settings_set(const struct settings *t, void *base, const char *name, const char *text,
		 struct err *e);

/* Returns the value of anything but a list as it could be in the file, or NULL if it is unset. The
 * caller frees it. */
char *settings_text(const struct setting *k, const void *base);

void settings_fini(const struct settings *t, void *base);

/* Prints every setting as a commented file, or as blocks of man-page source. */
enum settings_form { SETTINGS_YAML, SETTINGS_MAN };
void settings_print(const struct settings *t, FILE *out, enum settings_form form);

#endif
