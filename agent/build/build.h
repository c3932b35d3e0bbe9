/*
 * build: one attempt of one job, from the ref to an artifact in the store. Private to
 * hornero-build.
 *
 * The supervisor runs outside every sandbox and parses nothing that comes out of one. It looks at
 * exit statuses, sizes, and a few short lines of the checkout and the boot, each checked by its
 * alphabet.
 */
#ifndef HORNERO_AGENT_BUILD_BUILD_H
#define HORNERO_AGENT_BUILD_BUILD_H

#include "agent/common/contentkey.h"
#include "agent/build/stage.h"
#include "agent/build/syscalls.h"
#include "agent/common/verdict.h"
#include "conf/builder.h"
#include "conf/conf.h"
#include "conf/image.h"
#include "conf/repowords.h"

#include <limits.h>
#include <stdbool.h>

enum { BUILD_MAX_JOIN = 8, BUILD_MAX_SEEN = 64 };

/* Watches the two disks that an attempt writes to: the one with its checkout and cache, and the
 * store's. */
struct disk_side {
	struct floor floor;
	int64_t start_bytes, start_files; /* free when the attempt began; -1 if unknown */
};
struct disk_watch {
	struct disk_side sides[2];
	const struct disk_side *low;      /* the first side to fall too far below its floor */
	bool by_files;                    /* the floor of inodes, not of bytes */
	int64_t low_bytes, low_files;     /* free at that time */
};

/* A file that matched the pattern of the artifact before the run. A build cannot set a ctime, so
 * the pair says whether the file has changed. */
struct build_seen {
	ino_t ino;
	struct timespec ctime;
};

/* The file that a run made, and its name in its directory. */
struct build_artifact {
	int fd;  /* for reading */
	int dir; /* -1: it has no such name any more */
	char name[NAME_MAX + 1];
};
#define BUILD_ARTIFACT_INIT {.fd = -1, .dir = -1}
#define own_build_artifact __attribute__((cleanup(build_artifact_end)))

struct build {
	const struct conf *conf;
	const struct image *image;
	const struct builders *builders;
	const struct builder *builder; /* set once the checkout has chosen it */
	bool force, clean;
	/* a clean build to check that it yields the same bytes as the warm ones */
	bool confirm;
	/* checkout and cache were empty at the start, so the output depends on the key alone */
	bool from_clean;
	char wanted[SHA256_HEX + 1]; /* the digest that shared bytes must have; "": built here */
	bool final; /* leftovers cannot be the reason of the failure */
	/* leftovers are reused only if they match this source: contentkey.h */
	char source[SHA256_HEX + 1];
	int join[BUILD_MAX_JOIN]; /* directories of the attempt's cgroup */
	size_t njoin;
	int filters[SYSCALLS_FILTERS];
	int work;                 /* repo_base/UUID, open */
	char *work_path;
	int staged;               /* an eventfd: tells hornerod that the artifact is staged; -1 */
	struct stage_log log;
	struct disk_watch disk;
	struct verdict verdict;
	struct key_parts parts;   /* of verdict.key */
	struct key_boot boot;
	/* what .hornero.yaml says; find_content() has checked that the builder allows it */
	struct repowords words;
	bool words_bad;           /* the checkout reported a line that it must not */
	struct build_seen seen[BUILD_MAX_SEEN];
	size_t nseen;
	struct timespec run_start; /* of the builder, by the clock of the files' times */
	/* digest of the files that decide what is fetched, as the checkout reports it; "" if it
	 * reports none */
	char locks[SHA256_HEX + 1];
	char fetched[SHA256_HEX + 1]; /* key_fetched(), the name of the directory; "" if none */
	char *fetched_path;
	int fetched_dir;              /* the directory around it, open and locked; -1 */
	bool refetch;                 /* a user asked for a clean build */
	/* digest of the .gitattributes above the image's directory; "" if none */
	char attributes[SHA256_HEX + 1];
};

/* The stages, in order. Each returns 0, or -1 with the reason in build.verdict. */

/* Sandbox 1. Returns 0 if checked out, 1 if the store has the content already (sets
 * verdict.digest), -1 on error. */
int build_checkout(struct build *b);
/* Records the artifact as the key's answer, built as the verdict says. A confirmation that yields
 * the warm artifact records it as confirmed. */
int build_answer(struct build *b, const char *digest, struct err *e);
/* Sandbox 2. */
int build_builder(struct build *b);
/* The sandbox before it, called by build_builder: fetches, if the builder does, or finds what was
 * fetched for the same lock files. Sets fetched_path. */
int build_fetch(struct build *b);
/* Sandbox 3, the boot, then digest, store and manifest. */
int build_store(struct build *b);
/* The same for a RAW that another node built: in is its descriptor. */
int build_store_shared(struct build *b, int in);
/* Before sandbox 2: takes the artifact of another node with the same content key, if share says so.
 * Returns 1 if it is in the store, 0 if this node has to build: a failure is a line of the log. -1
 * only if a process hangs. */
int build_shared(struct build *b);
/* Sandbox 4, called by build_store: boots the artifact if a line is expected. raw is the checked
 * artifact, `path` its path. */
int build_boot(struct build *b, int raw, const char *path);
/* Sandbox 3 for format: kernel, called by build_store: fills `out` with a disk around the kernel
 * `in`. */
int build_kernel(struct build *b, int in, int out);
/* Opens a file of the builder by its path in the sandbox. Follows no link and waits for no device.
 * Returns a descriptor, or -1 with the reason in build.verdict. */
int build_open(struct build *b, const char *path);

/* Before the checkout writes: removes all files that a pattern of the repository matches. The
 * checkout writes the tracked ones again. */
int build_artifact_clear(struct build *b);
/* Before the builder runs: removes the artifact of an earlier build. For a pattern of the
 * repository it records which files match already. */
int build_artifact_begin(struct build *b);
/* After the run: opens the one artifact that it made. Returns 0, or -1 with the verdict. */
int build_artifact_open(struct build *b, struct build_artifact *out);
void build_artifact_end(struct build_artifact *a);

/* Whether the builder's file can become the store's by a rename; else it is copied. `stage` is an
 * open file of the store's staging directory. No process of the builder may be left. */
bool build_move_possible(const struct build_artifact *a, int stage);
/* Renames it to `path` instead of that file, ours alone from then on. Returns 0, or -1 with the
 * verdict. */
int build_move(struct build *b, const struct build_artifact *a, const char *path);
/* Writes a hint for the verdict of a missing artifact: files of this run that look like disks or
 * kernels, and the line to write into .hornero.yaml. */
enum { BUILD_HINT = 768 };
void build_fresh_hint(struct build *b, char out[BUILD_HINT]);

/* The value of a setting of the repository's .hornero.yaml that is no list, "" if unset: cmdline,
 * boot_bus, artifact, target, subdir. */
const char *build_repo_says(const struct build *b, const char *setting);

/* The image's directory in the checkout, "" if it is all of it. With `also` the checkout begins at
 * the top of the repository. */
const char *build_inside(const struct build *b);
/* Returns the place of a file below the work directory, for its path in the sandbox below /build.
 * The caller frees it. */
char *build_place(const struct build *b, const char *path);

/* For the command lines of these two sandboxes: the tree, as working directory (how: "--bind" or
 * "--ro-bind"); the inputs; one variable "KEY=value", or a list. */
void build_show_tree(const struct build *b, struct args *a, const char *how);
void build_show_inputs(const struct build *b, struct args *a);
void build_add_pair(struct args *a, const char *pair);
void build_add_env(struct args *a, char *const *pairs);
/* Returns result, or -1 with the verdict if a tool or an input has changed since the key was
 * computed. A result of -1 has its own verdict. */
int build_check_inputs(struct build *b, int result);

/* Frees and closes what the stages left, but for the log. */
void build_fini(struct build *b);

/* Starts the watch of the disks, which ends any stage that fills a disk to its floor. Returns -1 if
 * a disk is below its floor already. */
int build_disk_begin(struct build *b);
/* Serves as a stage's is_low; disk is a struct disk_watch. */
bool build_disk_is_low(void *disk);
/* Sets the verdict of a stage that ended with STAGE_DISK. */
int build_disk_blame(struct build *b, const char *name);

/* Returns the builder's time limit, in time in which it could run: the smaller of its own and
 * hornero.yaml's. */
int64_t build_limit_s(const struct build *b);
/* Returns the kernel's command line, for format: kernel; it passes check_cmdline. */
const char *build_cmdline(const struct build *b);
/* Fails if this node lacks something that the builder needs. */
int build_needs(struct build *b);
/* Fails early, before the build, if the image needs QEMU and this node lacks it. */
int build_boot_needs(struct build *b);
/* Whether UEFI alone boots the builder's disks. */
bool build_boot_by_uefi(const struct build *b);
/* Prepares a stage with everything that all stages share: user, groups, filters, time limit, and
 * the watch of the disks. */
void build_stage(struct build *b, struct stage *s);
/* Returns a descriptor of a file in memory with this text, which --ro-bind-data of a sandbox can
 * show; -1 on error. */
int build_text(const char *name, const char *text, struct err *e);
/* Sets the verdict of a stage that failed: cause and reason follow from how it ended. `name` is its
 * name in messages. */
int build_blame(struct build *b, const struct stage *s, enum cause cause, const char *name);

#endif
