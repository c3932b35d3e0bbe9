/*
 * build: one attempt of one job, from the ref to an artifact in the store. hornero-build's own.
 *
 * The supervisor stands outside every sandbox and parses nothing that came out of one: it looks
 * at exit statuses, sizes, and three short lines of the checkout, each checked by its alphabet.
 */
#ifndef HORNERO_AGENT_BUILD_BUILD_H
#define HORNERO_AGENT_BUILD_BUILD_H

#include "agent/common/key.h"
#include "agent/build/stage.h"
#include "agent/build/syscalls.h"
#include "agent/common/verdict.h"
#include "conf/builder.h"
#include "conf/conf.h"
#include "conf/image.h"

#include <stdbool.h>

enum { BUILD_MAX_JOIN = 8 };

/* How far the attempt has filled the disks that it writes to: under its checkout and its builder's cache, and under the store. */
struct disk_side {
	struct floor floor;
	int64_t start_bytes, start_files; /* free when the attempt began; -1: nobody knows */
};
struct disk_watch {
	struct disk_side sides[2];
	const struct disk_side *low;      /* the first to fall too far below its floor */
	bool by_files;                    /* of inodes */
	int64_t low_bytes, low_files;     /* free then */
};

struct build {
	const struct conf *conf;
	const struct image *image;
	const struct builders *builders;
	const struct builder *builder; /* once the checkout has chosen it */
	bool force, clean;
	bool confirm;             /* a clean build beside what is warm, to see whether it gives the same bytes */
	bool from_clean;          /* checkout and cache were empty when it began: what comes out depends on the key alone */
	char source[SHA256_HEX + 1]; /* what leftovers must have been built with to be built upon: key.h */
	int join[BUILD_MAX_JOIN]; /* directories of the attempt's cgroup */
	size_t njoin;
	int filters[SYSCALLS_FILTERS];
	int work;                 /* repo_base/UUID, open */
	char *work_path;
	struct stage_log log;
	struct disk_watch disk;
	struct verdict verdict;
	struct key_parts parts;   /* of verdict.key */
	struct key_boot boot;
	char attributes[SHA256_HEX + 1]; /* of the .gitattributes above the image's directory; "" */
};

/* The stages, in this order. Each returns 0, or -1 with build.verdict saying why. */

/* Sandbox 1. 0: checked out; 1: the store knows the content already, verdict.digest is set. */
int build_checkout(struct build *b);
/* The key's answer is this artifact, as the verdict says it was built; of a confirmation: confirmed where it is what is warm. */
int build_answer(struct build *b, const char *digest, struct err *e);
/* Sandbox 2. */
int build_builder(struct build *b);
/* Sandbox 3, the boot, then digest, store and manifest. */
int build_store(struct build *b);
/* Part of it: sandbox 4, where a boot has to show something. raw is the checked artifact, at `path`. */
int build_boot(struct build *b, int raw, const char *path);

/* Every stage is watched: whoever fills a disk is ended at its floor, be it the checkout, the builder or the check. Below
 * it nothing begins (-1). */
int build_disk_begin(struct build *b);
/* A stage's is_low; disk: struct disk_watch. */
bool build_disk_is_low(void *disk);
/* The verdict of a stage that ended with STAGE_DISK. */
int build_disk_blame(struct build *b, const char *name);

/* Time in which it could run that the builder may take: its own bound where that is narrower than hornero.yaml's. */
int64_t build_limit_s(const struct build *b);
/* What needs QEMU is told so before anything is built. */
int build_boot_needs(struct build *b);
/* A stage with what all share: user, groups, filters, clock, and the watch of the disks. */
void build_stage(struct build *b, struct stage *s);
/* The verdict of a stage that did not end well: cause and reason by how it ended. `name` is what people call it. */
int build_blame(struct build *b, const struct stage *s, enum cause cause, const char *name);

#endif
