/* allowing: whether the builder of an image allows what a pushed .hornero.yaml sets, and whether
 * its commit has the paths that it names. */
#ifndef HORNERO_HOOKS_ALLOWING_H
#define HORNERO_HOOKS_ALLOWING_H

#include "conf/image.h"
#include "conf/repofile.h"
#include "hooks/catfile.h"
#include "lib/err.h"

/* A parsed .hornero.yaml of a commit, and the image that it is for. */
struct allowing {
	const char *builders_dir;
	const struct image *image;
	const char *commit;
	const char *path; /* of the file, for messages */
	const struct found *found;
	const struct repofile *file;
};

/* Returns 1 if refused (e says why), 0 if it is fine or if the node has no such builder (the build
 * says so then), -1 if it cannot be checked. Reads nothing if the file needs no permission. */
int allowing_check(struct catfile *cf, const struct allowing *a, struct err *e);

#endif
