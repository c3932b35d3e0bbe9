/*
 * names: the names that operators gave to images, for users who know no UUIDs by heart.
 *
 *     own_names struct names n = {0};
 *     names_load(&n, cli);
 *     names_shown(&n, j->image, buf)
 */
#ifndef HORNERO_CLI_NAMES_H
#define HORNERO_CLI_NAMES_H

#include "cli/cli.h"

enum { NAMES_SHOWN = 256 };

struct names {
	struct image *list; /* sorted by UUID */
	size_t n;
};

/* Loads the names of the images that the key may see. Without the images there are no names. */
void names_load(struct names *n, const struct cli *cli);
void names_fini(struct names *n);
#define own_names __attribute__((cleanup(names_fini)))

int names_has(const struct names *n, const char *uuid);

/* Returns the image's name, "" if it has none. Borrowed. */
const char *names_of(const struct names *n, const char *uuid);

/* Returns the image as text output shows it: its name, with the first digits of the UUID if two
 * images have that name, or the UUID. */
const char *names_shown(const struct names *n, const char *uuid, char buf[NAMES_SHOWN]);

/* Finds the image that a user calls UUID or NAME; the image of a UUID need not exist any more.
 * Returns 0, or -1 with ERR_USAGE. */
int names_find(const struct names *n, const char *text, char uuid[UUID_LEN + 1], struct err *e);

#endif
