/*
 * fetch: gets the branches and tags of an upstream repository, in a sandbox with a network.
 *
 * The sandbox reads the repository, the key and whom it trusts, and writes one scratch directory.
 * Only packs are taken out of that, since nobody can know what the sandbox left beside them.
 */
#ifndef HORNERO_MIRROR_FETCH_H
#define HORNERO_MIRROR_FETCH_H

#include "conf/conf.h"
#include "store/mirrored.h"

#include <stddef.h>

struct fetch {
	const struct conf *conf;
	const char *repo_path; /* REPO_ROOT/NAME.git */
	const char *url;
	const char *dir;       /* a new scratch directory, its path and open */
	int dir_fd;
};

/* Returns MIRRORED_CURRENT with the refs, lines of "OID REF" that the caller frees, and their
 * objects in DIR/objects, as far as the repository lacks them; else another state and the reason.
 */
enum mirrored_state fetch_run(const struct fetch *f, char **refs, char *reason, size_t size);

#endif
