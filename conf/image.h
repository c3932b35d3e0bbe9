/*
 * image: binds a Glance UUID to a source, one file `images.d/UUID.yaml` each.
 *
 *     repo: apache-spark            repository below repo_root, without ".git"
 *     ref: refs/heads/main          default refs/heads/main
 *     subdir: node                  default: the whole tree
 *     builder: make                 default: the repository's .hornero.yaml, else detection
 *     expect: ready                 console line that proves a boot; default: .hornero.yaml or none
 *     timeout: 30s                  …within this time; default: .hornero.yaml or 30s
 *     boot_memory: 512M             memory of the guest in that boot
 *     boot_machine: pc              …and its QEMU machine type
 *     boot_bus: ide                 …and the bus of its disk; default: .hornero.yaml or virtio
 *     name: Apache Spark            for display
 *     keep_warm: 14d                always (default), never, or a time after the last use or push
 *     in_use: defer                 defer (default), flatten or release-only: while instances use
 *                                   the old bytes
 *     releases: never               whether each artifact is in the cache under its release as well
 *                                   (always), and that release is registered in Glance (registered)
 *     glance_visibility: shared     of the record in Glance: shared, private, community or public
 *     glance_project: ID            …and the project that owns it; default: the credential's
 *     glance_record: none           of the image's own UUID: none, create or adopt
 *     glance_stable: node           fail-closed, follow, or as hornero.yaml says
 *     require_warm: leave           yes: the records in Glance require a node that has it warm; no:
 *                                   they do not; leave: as they are
 *     on_warm: nothing              nothing; notify: run the operator's programs of events.d; or
 *                                   rebuild: have Nova rebuild servers onto each release
 *     rebuild_failed: stop          stop, or rollback: the image goes back if a server fails
 *     confirm: idle                 idle or never: rebuild incremental artifacts from nothing
 *     share: node                   yes or no: take another node's artifact instead of a build;
 *                                   node: as hornero.yaml says
 *     pinned: RELEASE               warm instead of what the ref makes (a rollback),
 *     until_ref_leaves: OID         as long as the ref is at this commit
 *
 * The file states what the operator wants. A broken file disables only its image, with a message.
 */
#ifndef HORNERO_CONF_IMAGE_H
#define HORNERO_CONF_IMAGE_H

#include "lib/err.h"
#include "lib/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IMAGES_LOCK_MS = 5000 }; /* how long a user's command waits for the lock */

enum image_in_use { IMAGE_IN_USE_DEFER, IMAGE_IN_USE_FLATTEN, IMAGE_IN_USE_RELEASE_ONLY };
enum image_releases { IMAGE_RELEASES_NEVER, IMAGE_RELEASES_ALWAYS, IMAGE_RELEASES_REGISTERED };
enum image_visibility {
	IMAGE_VISIBILITY_SHARED,
	IMAGE_VISIBILITY_PRIVATE,
	IMAGE_VISIBILITY_COMMUNITY,
	IMAGE_VISIBILITY_PUBLIC,
};
enum image_record { IMAGE_RECORD_NONE, IMAGE_RECORD_CREATE, IMAGE_RECORD_ADOPT };
enum image_stable { IMAGE_STABLE_NODE, IMAGE_STABLE_FAIL_CLOSED, IMAGE_STABLE_FOLLOW };
enum image_require_warm { IMAGE_REQUIRE_LEAVE, IMAGE_REQUIRE_YES, IMAGE_REQUIRE_NO };
enum image_on_warm { IMAGE_ON_WARM_NOTHING, IMAGE_ON_WARM_NOTIFY, IMAGE_ON_WARM_REBUILD };
enum image_rebuild_failed { IMAGE_REBUILD_FAILED_STOP, IMAGE_REBUILD_FAILED_ROLLBACK };
/* IMAGE_SHARE_NODE: as hornero.yaml says */
enum image_share { IMAGE_SHARE_NODE, IMAGE_SHARE_YES, IMAGE_SHARE_NO };
enum image_confirm { IMAGE_CONFIRM_IDLE, IMAGE_CONFIRM_NEVER };
enum { IMAGE_BOOT_MEMORY = 512 << 20 };
enum image_machine { IMAGE_MACHINE_PC, IMAGE_MACHINE_Q35 };
#define IMAGE_BUS_DEFAULT "virtio"

struct conf;

struct image {
	char uuid[UUID_LEN + 1];
	char *repo;
	char *ref;
	char *subdir;  /* "" for the whole tree; else a path that check_relative accepts */
	char *builder; /* NULL if unset */
	char *expect;  /* NULL if unset */
	int64_t timeout_s; /* 0 if unset */
	int64_t boot_memory_bytes;
	enum image_machine boot_machine;
	char *boot_bus; /* NULL if unset */
	char *name;    /* "" if unset */
	char *keep_warm; /* "always", "never" or a time; see image_keep_s */
	enum image_in_use in_use;
	char *pinned;           /* NULL if not pinned; see image_pin_at */
	char *until_ref_leaves; /* NULL: the pin lasts until it is removed by hand */

	enum image_releases releases;
	enum image_visibility glance_visibility;
	char *glance_project; /* NULL if unset */
	enum image_record glance_record;
	enum image_stable glance_stable;
	enum image_require_warm require_warm;
	enum image_on_warm on_warm;
	enum image_rebuild_failed rebuild_failed;
	enum image_confirm confirm;
	enum image_share share;
	bool broken;       /* the file is unusable; only uuid and problem are set */
	struct err problem;
};

/* Loads one file. Returns 0, or -1 with e filled: ERR_OPERATOR with file:line:column. If the file
 * is missing, the message says how to add the image. */
int image_load(const char *images_dir, const char *uuid, struct image *out, struct err *e);
void image_fini(struct image *img);

/* Like image_load, from memory. file is for messages. */
int image_parse(const char *file, const char *uuid, const char *text, size_t len, struct image *out,
		struct err *e);

/* Loads all images, sorted by UUID, including broken ones (img.broken). Skips files whose name is
 * not UUID.yaml. The caller frees *out with images_free. */
int images_load(const char *images_dir, struct image **out, size_t *n, struct err *e);

/* Like images_load, for the images whose file keep() selects, by its name in the open directory. */
typedef bool images_keep(int dir, const char *file, const void *arg);
int images_load_some(const char *images_dir, images_keep *keep, const void *arg, struct image **out,
		     size_t *n, struct err *e);
void images_free(struct image *list, size_t n);

/* Return the word in the file. */
const char *image_in_use_name(enum image_in_use in_use);
const char *image_releases_name(enum image_releases word);
const char *image_visibility_name(enum image_visibility word);
const char *image_record_name(enum image_record word);

/* Returns QEMU's name, "pc" or "q35". */
const char *image_machine_name(enum image_machine machine);

/* Returns keep_warm in seconds: -1 for always, 0 for never. */
int64_t image_keep_s(const struct image *img);

/* Whether an artifact of another node is taken for it instead of a build. */
bool image_shares(const struct image *img, const struct conf *c);

/* Returns the release that the image is pinned to while its ref is at commit, or NULL. */
const char *image_pin_at(const struct image *img, const char *commit);

/* Whether its artifacts must be in the cache under their release, too. */
static inline bool image_wants_release(const struct image *img)
{
	return img->releases != IMAGE_RELEASES_NEVER || img->in_use == IMAGE_IN_USE_RELEASE_ONLY;
}

/* The settings, for the manual and messages. */
struct settings;
extern const struct settings image_settings;

/* Checks one setting's value and sets it. An empty value unsets an optional setting. Returns 0, or
 * -1 with ERR_USAGE, which names the setting, the value and what is allowed. */
int image_set(struct image *img, const char *name, const char *value, struct err *e);

/* Initializes an image with defaults; set repo, ref, … with image_set. */
int image_init(struct image *img, const char *uuid, struct err *e);

/* Writes the settings in the table's order, without those at their default. Comments in an old file
 * are lost. Replaces the file like fs_replace, with mode 0664 (state_dir's group is the queue's).
 */
int image_save(const char *images_dir, const struct image *img, struct err *e);

/* Returns in *text the file's text as image_save writes it; the caller frees it. -1 with ERR_USAGE
 * if there is no repository. */
int image_emit(const struct image *img, char **text, size_t *len, struct err *e);

/* Takes a lock (flock) on the directory. Hold it to read and write a file that you change or
 * remove. Returns a descriptor to close, or -1 with e filled: ERR_NOBODY if another process holds
 * the lock for longer than wait_ms. */
int images_lock(const char *images_dir, int wait_ms, struct err *e);

/* Pins an image to release, until its ref leaves the commit `until` (NULL: without end), or removes
 * its pin (release NULL). Keeps the rest of the file, including comments. Durable on success. */
int image_pin(const char *images_dir, const char *uuid, const char *release, const char *until,
	      struct err *e);

/* Removes the pin if it still equals that of *seen and the lock is free. Returns 1 if removed, 0 if
 * left alone, -1 on error. */
int image_unpin(const char *images_dir, const struct image *seen, struct err *e);

/* The caller must hold the lock. */
int image_remove(const char *images_dir, const char *uuid, struct err *e);

/* Checks a repository name: [A-Za-z0-9._-]+ parts joined by "/", no part starting with "." or "-"
 * or ending in ".git" or ".lock"; at most 200 bytes. ERR_USAGE. */
int image_check_repo(const char *repo, struct err *e);

static inline void image_end(struct image *img)
{
	image_fini(img);
}
#define own_image __attribute__((cleanup(image_end)))

#endif
