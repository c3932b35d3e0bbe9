/*
 * store: finished RAW files, named by their SHA-256.
 *
 *     STORE/artifact/DIGEST.raw     the bytes, mode 0444, never written again
 *     STORE/artifact/DIGEST.json    manifest: what it was made of
 *     STORE/artifact/DIGEST.refused what verify.h moved out of use
 *     STORE/artifact/DIGEST.gone    what inventory.h moved out of use, on its way
 *     STORE/clean, own              which artifact a content key finds, and for which image: answer.h
 *     STORE/stage/JOB.ATTEMPT.raw   where one attempt converts; swept at start
 *     STORE/warm/UUID.json          see warm.h; release/UUID/RELEASE.json: see placed.h
 *
 * When an artifact was used last stands in the time of its manifest file: finding and taking it renew it. Both hold
 * the store's lock, shared; what collects has it alone (inventory.h).
 *
 * No database: deleting the queue loses nothing here. An artifact is there when its
 * manifest is (written after the bytes are durable).
 */
#ifndef HORNERO_STORE_STORE_H
#define HORNERO_STORE_STORE_H

#include "lib/err.h"
#include "lib/sha.h"
#include "lib/uuid.h"

#include <stdint.h>

/* What the content key was made of, and what came of it. Strings are bounded copies. */
struct manifest {
	char digest[SHA256_HEX + 1];
	char key[SHA256_HEX + 1];
	char tree[65];          /* object id of the keyed subtree */
	char commit[65];        /* the commit it was first built for */
	char builder[33];
	char image[UUID_LEN + 1]; /* the image it was first built for */
	int64_t job, attempt;
	int64_t size_bytes;     /* virtual size = length of the RAW */
	int64_t built_ms;       /* wall */
	uint64_t ino;           /* of DIGEST.raw, with size, mtime and ctime: a changed file is never published */
	int64_t mtime_ns, ctime_ns;

	/* What came to the manifest later; "" and 0 where an older hornero wrote it. */
	char builder_file[SHA256_HEX + 1]; /* these three, tree, builder, attributes and on_missing make the key: agent/common/key.h */
	char toolchain[SHA256_HEX + 1];
	char architecture[65];
	char builder_version[256]; /* what the builder's version commands say first */
	char hornero_version[33];
	/* The limits it was built under, by hornero.yaml's names. Without isolation the first three are not in force: 0. */
	char isolation[17];
	int64_t compile_core_limit, compile_mem_limit, compile_pids_limit;
	int64_t build_timeout_s, silence_timeout_s, log_limit_bytes, image_size_limit_bytes;
	int64_t checkout_ms, build_ms, check_ms, boot_ms;
	/* What its boot showed; "" and 0: it was not booted. A part of the key. */
	char expect[201];
	int64_t timeout_s, boot_memory_bytes;
	char boot_machine[17];
	char built[16];         /* how the first build of these bytes began, in the words of answer.h */
	char repo[256];         /* the repository that it was built from */
	char on_missing[17];    /* where it was not the default. A part of the key */
	char attributes[65];    /* of the .gitattributes above the keyed subtree; "": none. A part of the key */
};

/* Make the subdirectories, mode 0755 (2775 for stage is not needed: its owner alone writes). */
int store_init(const char *store_dir, struct err *e);

/* The lock: a descriptor of STORE/artifact, or -1; ERR_NOBODY where others hold it too long. */
enum store_lock { STORE_SHARED, STORE_ALONE };
int store_lock(const char *store_dir, enum store_lock how, struct err *e);

/* The artifact is in use now; artifacts: the lock. Matters only where artifacts are collected. */
void store_mark_used(int artifacts, const char *digest);

/* Remove what writers that were killed left aside in it; not what attempts are converting. */
int store_clear_aside(const char *store_dir, struct err *e);

/* Where attempt JOB.ATTEMPT converts; fresh. */
char *store_stage_path(const char *store_dir, int64_t job, int64_t attempt);

/* Take the finished file at stage_path (same filesystem; nobody else can write it any more) into the store:
 * fsync, mode 0444, rename to its digest, fsync of the directory, manifest. Fills m->ino, mtime_ns,
 * ctime_ns. If the digest is there already the staged file is dropped and the manifest stays the older one,
 * which *m then holds. Durable on return. No key finds it yet: answer_give. */
int store_take(const char *store_dir, const char *stage_path, struct manifest *m, struct err *e);

/* The manifest beside an artifact; ERR_NOBODY + sys ENOENT where there is none. */
int store_manifest(const char *store_dir, const char *digest, struct manifest *out, struct err *e);

/* Is fd the file the manifest was written for: regular, same inode, size, mtime and ctime?
 * -1 with ERR_NOBODY and sys ESTALE says what differs: building again mends it. */
int store_compare(int fd, const struct manifest *m, struct err *e);

/* The RAW read-only, after comparing inode, size, mtime and ctime with the manifest. Descriptor or -1. */
int store_open(const char *store_dir, const char *digest, struct manifest *m, struct err *e);

#endif
