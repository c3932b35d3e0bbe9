/*
 * smudge: reads a tracked file as a clone would write it, and handles what a clone has and we lack.
 *
 *     struct smudge m = {.k = k, .on_missing = MISSING_LFS};
 *     m.here++ … m.here--                          in and below the directory of a .gitattributes
 *     smudge_each(&m, id, path, max, take, arg, e)
 *     smudge_module(&m, path, e)
 *     smudge_end(&m)                               log how many more are missing
 *
 * Three things are missing: files that Git LFS stores elsewhere (a pointer, with filter=lfs), the
 * output of other filter drivers, and submodules. on_missing decides whether each is an error or a
 * warning on standard error.
 */
#ifndef HORNERO_AGENT_SANDBOXED_CHECKOUT_SMUDGE_H
#define HORNERO_AGENT_SANDBOXED_CHECKOUT_SMUDGE_H

#include "agent/sandboxed/checkout/checkout.h"
#include "conf/conf.h"

struct smudge {
	struct checkout *k;
	enum conf_missing on_missing;
	/* number of .gitattributes files that apply to the current directory */
	unsigned int here;
	uint64_t pointers, filters, modules; /* how many of each are missing */
};

/* As checkout_blob_each. ERR_PUSHER if the file is missing and on_missing refuses that. A file that
 * must be converted is held in memory. */
int smudge_each(struct smudge *m, const unsigned char *id, const char *path, uint64_t max,
		int (*take)(void *arg, const void *data, size_t len, struct err *e), void *arg,
		struct err *e);

int smudge_module(struct smudge *m, const char *path, struct err *e);

void smudge_end(const struct smudge *m);

#endif
