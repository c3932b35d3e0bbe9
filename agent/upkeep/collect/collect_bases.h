/*
 * collect_bases: lists the files of Nova's cache that hornero published. Each file appears once,
 * with its names: an image's own, a release's, or most often both.
 *
 *     struct bases all;
 *     if (bases_load(&all, c, cache, e) < 0) …
 *     bases_fini(&all);
 */
#ifndef HORNERO_AGENT_UPKEEP_COLLECT_COLLECT_BASES_H
#define HORNERO_AGENT_UPKEEP_COLLECT_COLLECT_BASES_H

#include "agent/upkeep/collect/collect.h"

struct base {
	char image[UUID_LEN + 1];
	char digest[SHA256_HEX + 1];
	bool is_own;              /* the image's own name is one of its names */
	uint64_t ino;
	int64_t born_ns, used_ms, bytes;
	bool is_wanted;           /* an image wants it warm, under one of its names */
};

struct bases {
	struct base *list; /* least recently used first */
	size_t n;
	int64_t bytes;
};

/* `cache` is a descriptor of Nova's cache directory. Returns 0, or -1 on error. */
int bases_load(struct bases *out, const struct collect *c, int cache, struct err *e);
void bases_fini(struct bases *all);

/* Returns NULL if no base has that inode. */
const struct base *bases_find(const struct bases *all, uint64_t ino);

#define own_bases __attribute__((cleanup(bases_fini)))

#endif
