/*
 * releases: the releases of an image that the store still has, for `image show` and the errors of
 * `rollback`.
 *
 *     own_releases struct releases r = {0};
 *     if (releases_load(cli, &img, &r, e) < 0) …
 */
#ifndef HORNERO_CLI_RELEASES_H
#define HORNERO_CLI_RELEASES_H

#include "cli/cli.h"
#include "store/release.h"

#include <jansson.h>
#include <stdlib.h>

struct releases {
	struct release *list; /* newest build first */
	size_t n;
	const char *pinned;   /* borrowed from the image, or NULL */
};

/* With a key, clears commit and build time of every release that was first built for another image.
 * Returns 0, or -1 on error. */
int releases_load(const struct cli *cli, const struct image *img, struct releases *out,
		  struct err *e);

/* The same for one release; returns as release_get. */
int releases_get(const struct cli *cli, const struct image *img, const char *release,
		 struct release *out, struct err *e);

/* Returns buf with "commit 4fce1c88dbf6, built 3 h ago". With a key, tells nothing of a release
 * that was first built for another image. */
enum { RELEASE_WORDS = 128 };
const char *release_words(const struct cli *cli, const struct release *r, char buf[RELEASE_WORDS]);

/* Prints a line per release. */
void releases_print(const struct cli *cli, const struct releases *r, FILE *out);

json_t *releases_json(const struct cli *cli, const struct releases *r);

static inline void releases_end(struct releases *r)
{
	free(r->list);
}
#define own_releases __attribute__((cleanup(releases_end)))

#endif
