/*
 * smudge: the bytes of a tracked file as a clone has them, and what a clone would have and we do not.
 *
 *     struct smudge m = {.k = k, .on_missing = MISSING_LFS};
 *     m.here++ … m.here--                          around what lies beside or below a .gitattributes
 *     smudge_each(&m, id, path, max, take, arg, e)
 *     smudge_module(&m, path, e)
 *     smudge_end(&m)                               says how much more is missing
 *
 * Missing are files that Git LFS keeps elsewhere (a pointer, and filter=lfs), what another filter driver would make of a
 * file, and submodules. Each is refused by path, or named on standard error, as on_missing has it.
 */
#ifndef HORNERO_AGENT_SANDBOXED_CHECKOUT_SMUDGE_H
#define HORNERO_AGENT_SANDBOXED_CHECKOUT_SMUDGE_H

#include "agent/sandboxed/checkout/checkout.h"
#include "conf/conf.h"

struct smudge {
	struct checkout *k;
	enum conf_missing on_missing;
	unsigned int here;                  /* .gitattributes that say something of the present directory */
	uint64_t pointers, filters, modules; /* named or passed over */
};

/* As checkout_blob_each. ERR_PUSHER where it is missing and refused. A file that is converted is held in memory. */
int smudge_each(struct smudge *m, const unsigned char *id, const char *path, uint64_t max,
		int (*take)(void *arg, const void *data, size_t len, struct err *e), void *arg, struct err *e);

int smudge_module(struct smudge *m, const char *path, struct err *e);

void smudge_end(const struct smudge *m);

#endif
