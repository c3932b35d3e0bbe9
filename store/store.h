/*
 * store: finished RAW files, named by their SHA-256.
 *
 *     STORE/artifact/DIGEST.raw     the bytes, mode 0444, never written again
 *     STORE/artifact/DIGEST.json    manifest: how it was built
 *     STORE/artifact/DIGEST.refused moved out of use by verify.h
 *     STORE/artifact/DIGEST.gone    moved out of use by inventory.h, to be removed
 *     STORE/clean, own              the artifacts that content keys find: answer.h
 *     STORE/stage/JOB.ATTEMPT.raw   where one attempt converts; cleared at start
 *     STORE/warm/UUID.json          see warm.h; release/UUID/RELEASE.json: see placed.h
 *
 * The mtime of its manifest is an artifact's time of last use: finding and taking it renew it. Both
 * hold the store's lock, shared; collectors hold it exclusively (inventory.h).
 *
 * There is no database: deleting the queue loses nothing here. An artifact exists if its manifest
 * does, which is written after the bytes are durable.
 */
#ifndef HORNERO_STORE_STORE_H
#define HORNERO_STORE_STORE_H

#include "lib/err.h"
#include "lib/sha.h"
#include "lib/uuid.h"
#include "store/provenance.h"

#include <stdint.h>

/* The inputs of the content key and the results of the build. Strings are bounded copies. */
struct manifest {
	struct provenance made;
	int64_t size_bytes;     /* virtual size = length of the RAW */
	int64_t built_ms;       /* wall */
	uint64_t ino;           /* of DIGEST.raw, like size, mtime and ctime: a changed file is
				 * never published */
	int64_t mtime_ns, ctime_ns;

	/* Added to the manifest later; "" and 0 in those of an older hornero. */
	char builder_file[SHA256_HEX + 1]; /* these three, tree, builder, attributes and
					    * on_missing make the key: agent/common/contentkey.h */
	char toolchain[SHA256_HEX + 1];
	char architecture[65];
	char builder_version[256]; /* first output of the builder's version commands */
	char hornero_version[33];
	/* The limits of its build, by hornero.yaml's names. Without isolation the first three are
	 * not in force: 0. */
	char isolation[17];
	int64_t compile_core_limit, compile_mem_limit, compile_pids_limit;
	int64_t build_timeout_s, silence_timeout_s, log_limit_bytes, image_size_limit_bytes;
	int64_t checkout_ms, build_ms, check_ms, boot_ms;
	/* Its boot; "" and 0: it was not booted. Part of the key. */
	char expect[201];
	int64_t timeout_s, boot_memory_bytes;
	char boot_machine[17];
	char boot_bus[17];      /* if not the default */
	char built[16];         /* how the first build of these bytes began, in the words of
				 * answer.h */
	char on_missing[17];    /* if not the default. Part of the key */
	char sha512[SHA512_HEX + 1]; /* Glance's digest; only of artifacts whose image was to be
				      * registered when they were built */
	char firmware[8];       /* "uefi" if nothing else boots it */
	char shared_from[256];  /* another node and URL; "": built here */
	char attributes[65];    /* of the .gitattributes above the keyed subtree; "": none. Part
				 * of the key */
};

/* Makes the subdirectories, mode 0755 (stage needs no 2775: only its owner writes there). */
int store_init(const char *store_dir, struct err *e);

/* Returns the lock, a descriptor of STORE/artifact, or -1 (ERR_NOBODY if other processes hold it
 * too long). */
enum store_lock { STORE_SHARED, STORE_ALONE };
int store_lock(const char *store_dir, enum store_lock how, struct err *e);

/* Records that the artifact is used now; artifacts is the lock. Only collectors read that time. */
void store_note_used(int artifacts, const char *digest);

/* Removes temporary files that killed writers left, but not files that attempts are converting. */
int store_clear_staging(const char *store_dir, struct err *e);

/* Returns the path where attempt JOB.ATTEMPT converts; the caller frees it. */
char *store_stage_path(const char *store_dir, int64_t job, int64_t attempt);

/* Moves the finished file at stage_path into the store. The file must be on the same filesystem and
 * nobody else may be able to write it. Steps: fsync, mode 0444, rename to the digest, fsync of the
 * directory, manifest. Fills m->ino, mtime_ns and ctime_ns. If the digest exists already, removes
 * the staged file and copies the older manifest, which stays, to *m. Durable on return. No key
 * finds the artifact yet: see answer_give. */
int store_take(const char *store_dir, const char *stage_path, struct manifest *m, struct err *e);

/* Reads the manifest of an artifact; ERR_NOBODY with e->sys ENOENT if there is none. */
int store_manifest(const char *store_dir, const char *digest, struct manifest *out, struct err *e);

/* Returns 0 if fd is the file that the manifest was written for: regular, same inode, size, mtime
 * and ctime. Else returns -1 with ERR_NOBODY and e->sys ESTALE; the message says what differs.
 * Building again repairs it. */
int store_compare(int fd, const struct manifest *m, struct err *e);

/* Opens the RAW read-only after store_compare. Returns the descriptor, or -1. */
int store_open(const char *store_dir, const char *digest, struct manifest *m, struct err *e);

#endif
