/*
 * image: the binding of a Glance UUID to a source, one file `images.d/UUID.yaml` each.
 *
 *     repo: apache-spark            repository below repo_root, without ".git"
 *     ref: refs/heads/main          default refs/heads/main
 *     subdir: node                  default: the whole tree
 *     builder: make                 default: the repository's .hornero.yaml, else detection
 *     expect: ready                 a line of the console that proves a boot; default: .hornero.yaml's, else none
 *     timeout: 30s                  …within so long; default: .hornero.yaml's, else 30s
 *     boot_memory: 512M             what the guest of that boot is: memory
 *     boot_machine: pc              …and QEMU's machine type
 *     name: Apache Spark            for people
 *     keep_warm: 14d                always (default), never, or a time after the last use or push
 *     in_use: defer                 defer (default), flatten or release-only: while instances stand on the old bytes
 *     releases: never               whether each artifact is in the cache under its release as well
 *     confirm: idle                 whether artifacts of incremental builds are built again from nothing: idle or never
 *     pinned: RELEASE               what is warm instead of what the ref makes: a rollback,
 *     until_ref_leaves: OID         as long as the ref is at this commit
 *
 * The file is the wish. A broken one disables its image alone, with words.
 */
#ifndef HORNERO_CONF_IMAGE_H
#define HORNERO_CONF_IMAGE_H

#include "lib/err.h"
#include "lib/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IMAGES_LOCK_MS = 5000 }; /* how long a person's word waits for the lock */

enum image_in_use { IMAGE_IN_USE_DEFER, IMAGE_IN_USE_FLATTEN, IMAGE_IN_USE_RELEASE_ONLY };
enum image_releases { IMAGE_RELEASES_NEVER, IMAGE_RELEASES_ALWAYS };
enum image_confirm { IMAGE_CONFIRM_IDLE, IMAGE_CONFIRM_NEVER };
enum { IMAGE_BOOT_MEMORY = 512 << 20 };
enum image_machine { IMAGE_MACHINE_PC, IMAGE_MACHINE_Q35 };

struct image {
	char uuid[UUID_LEN + 1];
	char *repo;
	char *ref;
	char *subdir;  /* "" for the whole tree; no leading, trailing or doubled slash, no "." or ".." */
	char *builder; /* NULL: not named here */
	char *expect;  /* NULL: not said here */
	int64_t timeout_s; /* 0: not said here */
	int64_t boot_memory_bytes;
	enum image_machine boot_machine;
	char *name;    /* "" where unset */
	char *keep_warm; /* "always", "never" or a time; see image_keep_s */
	enum image_in_use in_use;
	char *pinned;           /* NULL: by no release; see image_pin_at */
	char *until_ref_leaves; /* NULL: until a person takes the pin away */

	enum image_releases releases;
	enum image_confirm confirm;
	bool broken;       /* the file could not be used; only uuid and problem are set */
	struct err problem;
};

/* One file. ERR_OPERATOR with file:line:column; a missing file says how to add the image. */
int image_load(const char *images_dir, const char *uuid, struct image *out, struct err *e);
void image_fini(struct image *img);

/* The same from memory; file is for messages. */
int image_parse(const char *file, const char *uuid, const char *text, size_t len, struct image *out, struct err *e);

/* All of them, sorted by UUID, broken ones included (img.broken). Files whose name is no
 * UUID.yaml are passed over. *out is freed by images_free. */
int images_load(const char *images_dir, struct image **out, size_t *n, struct err *e);

/* The same of those whose file keep() asks for, by its name in the open directory. */
typedef bool images_keep(int dir, const char *file, const void *arg);
int images_load_some(const char *images_dir, images_keep *keep, const void *arg, struct image **out, size_t *n,
		     struct err *e);
void images_free(struct image *list, size_t n);

/* As it stands in the file. */
const char *image_in_use_name(enum image_in_use in_use);
const char *image_releases_name(enum image_releases word);

/* "pc", "q35": QEMU's names. */
const char *image_machine_name(enum image_machine machine);

/* keep_warm in seconds: -1 always, 0 never. */
int64_t image_keep_s(const struct image *img);

/* The release that the image is pinned to while its ref is at commit, or NULL. */
const char *image_pin_at(const struct image *img, const char *commit);

/* Is an artifact of it to be in the cache under its release, too? */
static inline bool image_wants_release(const struct image *img)
{
	return img->releases == IMAGE_RELEASES_ALWAYS || img->in_use == IMAGE_IN_USE_RELEASE_ONLY;
}

/* The keys, for the manual and messages. */
struct table;
extern const struct table image_table;

/* Check one key's value and set it: ERR_USAGE names the key, the value and what is allowed.
 * An empty value unsets an optional key. */
int image_set(struct image *img, const char *key, const char *value, struct err *e);

/* A fresh image with defaults; repo, ref, … by image_set. */
int image_init(struct image *img, const char *uuid, struct err *e);

/* Keys in the table's order, those that say what holds without them left out; what a person wrote as comments is not kept.
 * Aside, fsync, rename, fsync of the directory; mode 0664 (state_dir's group is the queue's). */
int image_save(const char *images_dir, const struct image *img, struct err *e);

/* The file's text as image_save writes it, for the caller to free; ERR_USAGE where there is no repository. */
int image_emit(const struct image *img, char **text, size_t *len, struct err *e);

/* An flock of the directory: who changes or removes a file that is there reads and writes it under this. A descriptor
 * to close; -1 with ERR_NOBODY where somebody else holds it for longer than wait_ms. */
int images_lock(const char *images_dir, int wait_ms, struct err *e);

/* Pin an image, or take its pin away (release NULL), and keep whatever else people wrote into its file. Durable on
 * return. until: a commit, or NULL. */
int image_pin(const char *images_dir, const char *uuid, const char *release, const char *until, struct err *e);

/* Take the pin away if it is still the one that *seen has, and nobody holds the lock. 1 done, 0 left alone, -1. */
int image_unpin(const char *images_dir, const struct image *seen, struct err *e);

/* The caller has the lock. */
int image_remove(const char *images_dir, const char *uuid, struct err *e);

/* Repository names: [A-Za-z0-9._-]+ parts joined by "/", no part starting with "." or "-" or
 * ending in ".git" or ".lock"; at most 200 bytes. ERR_USAGE. */
int image_check_repo(const char *repo, struct err *e);

static inline void image_end(struct image *img)
{
	image_fini(img);
}
#define own_image __attribute__((cleanup(image_end)))

#endif
