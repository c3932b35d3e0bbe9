/*
 * releases: what the store still has of an image, for `image show` and for whoever asks `rollback` wrongly.
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
	struct release *list; /* the newest built first */
	size_t n;
	const char *pinned;   /* borrowed from the image, or NULL */
};

/* With a key only of what was first built for this image it is said when and from which commit. */
int releases_load(const struct cli *cli, const struct image *img, struct releases *out, struct err *e);

/* The same of one: release_get. */
int releases_get(const struct cli *cli, const struct image *img, const char *release, struct release *out, struct err *e);

/* "commit 4fce1c88dbf6, built 3 h ago". With a key nothing is told of what was built for another image. Returns buf. */
enum { RELEASE_WORDS = 128 };
const char *release_words(const struct cli *cli, const struct release *r, char buf[RELEASE_WORDS]);

/* A line each. */
void releases_print(const struct cli *cli, const struct releases *r, FILE *out);

json_t *releases_json(const struct cli *cli, const struct releases *r);

static inline void releases_end(struct releases *r)
{
	free(r->list);
}
#define own_releases __attribute__((cleanup(releases_end)))

#endif
