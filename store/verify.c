/* verify: DIAGNOSTICS: ERR_OPERATOR if an artifact cannot be read or moved (the store belongs to
 * hornerod's user), ERR_NOBODY if the machine is short of a resource. */
#include "store/verify.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/inventory.h"
#include "store/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

/* The arguments of a verification. */
struct verify {
	const char *store_dir;
	int dir;
	digest_pace *pace;
	void *pace_arg;
	verify_tell *tell;
	void *arg;
	struct verify_count *n;
};

/* Returns 1 if the bytes are right, 0 if not (e says why), -1 on error. */
static int is_whole(const struct verify *v, const char *digest, struct err *e)
{
	own_free char *raw = fs_path("%s.raw", digest);
	char found[SHA256_HEX + 1];
	own_fd int seen = -1, fd = -1;
	struct manifest m;

	seen = store_open(v->store_dir, digest, &m, e);
	if (seen < 0)
		return e->sys == 0 || e->sys == ENOENT || e->sys == ESTALE || e->sys == ELOOP ? 0
											      : -1;
	fd = digest_open(v->dir, raw, e);
	if (fd < 0 || digest_fd(fd, v->pace, v->pace_arg, found, e) < 0)
		return -1;
	if (strcmp(found, digest) == 0)
		return 1;
	err_set(e, ERR_NOBODY,
		"artifact %.12s holds other bytes than were stored: their SHA-256 is %.12s", digest,
		found);
	return 0;
}

/* Moves the bytes first: a manifest alone finds nothing. */
static int move_out(int dir, const char *digest, struct err *e)
{
	own_free char *raw = fs_path("%s.raw", digest);
	own_free char *refused = fs_path("%s.refused", digest);
	own_free char *manifest = fs_path("%s.json", digest);

	if (FAILSTEP("refuse-rename", renameat(dir, raw, dir, refused)) < 0 && errno != ENOENT)
		return err_sys(e, ERR_OPERATOR, "cannot move artifact %.12s out of use", digest);
	if (FAILSTEP("refuse-unlink", unlinkat(dir, manifest, 0)) < 0 && errno != ENOENT)
		return err_sys(e, ERR_OPERATOR, "cannot remove the manifest of artifact %.12s",
			       digest);
	return fs_sync_dir(dir, ".", e);
}

/* Identifies an artifact and its manifest: replacing either changes it. */
struct seen {
	ino_t manifest, raw;
	struct timespec changed;
};

/* Zeroes stand for missing files. */
static struct seen look(int dir, const char *digest)
{
	own_free char *raw = fs_path("%s.raw", digest);
	own_free char *manifest = fs_path("%s.json", digest);
	struct seen s = {0};
	struct stat st;

	if (fstatat(dir, manifest, &st, AT_SYMLINK_NOFOLLOW) == 0)
		s.manifest = st.st_ino;
	if (fstatat(dir, raw, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		s.raw = st.st_ino;
		s.changed = st.st_ctim;
	}
	return s;
}

/* Reading took long. Meanwhile a build may have put a good file in place, or a collector removed
 * it: then leave it alone. Returns 1 if moved out, 0 if the artifact was replaced or removed, -1 on
 * error. */
static int refuse(const char *store_dir, int dir, const char *digest, const struct seen *before,
		  struct err *e)
{
	own_fd int lock = store_lock(store_dir, STORE_ALONE, e);
	struct seen now;

	if (lock < 0)
		return -1;
	now = look(dir, digest);
	if (now.manifest == 0 || now.manifest != before->manifest || now.raw != before->raw ||
	    now.changed.tv_sec != before->changed.tv_sec ||
	    now.changed.tv_nsec != before->changed.tv_nsec)
		return 0;
	return move_out(dir, digest, e) < 0 ? -1 : 1;
}

static int verify_one(const struct verify *v, const char *digest, struct err *e)
{
	struct seen before = look(v->dir, digest);
	struct err why = ERR_INIT;
	int rc = is_whole(v, digest, &why);

	if (rc < 0) {
		*e = why;
		return -1;
	}
	if (rc == 1) {
		v->n->whole++;
		return 0;
	}
	rc = refuse(v->store_dir, v->dir, digest, &before, e);
	if (rc == 0)
		return 0;
	v->n->refused++;
	v->tell(v->arg, digest, why.msg);
	return rc < 0 ? -1 : 0;
}

int store_verify_one(const char *store_dir, const char *digest, digest_pace *pace, void *pace_arg,
		     verify_tell *tell, void *arg, struct verify_count *n, struct err *e)
{
	own_free char *path = fs_path("%s/artifact", store_dir);
	own_fd int dir = fs_open_dir(AT_FDCWD, path, e);
	struct verify v = {.store_dir = store_dir,
			   .dir = dir,
			   .pace = pace,
			   .pace_arg = pace_arg,
			   .tell = tell,
			   .arg = arg,
			   .n = n};

	return dir < 0 ? -1 : verify_one(&v, digest, e);
}

bool store_is_refused(const char *store_dir, const char *digest)
{
	own_free char *refused = fs_path("%s/artifact/%s.refused", store_dir, digest);
	own_free char *manifest = fs_path("%s/artifact/%s.json", store_dir, digest);

	return access(refused, F_OK) == 0 && access(manifest, F_OK) < 0;
}

int store_verify_note(const char *store_dir, struct err *e)
{
	own_free char *path = fs_path("%s/verified", store_dir);

	/* A user who may not write to the store can verify it, but cannot record that. */
	if (access(store_dir, W_OK) < 0)
		return 0;
	return fs_replace(AT_FDCWD, path, "", 0, 0644, e);
}

int store_verify(const char *store_dir, verify_tell *tell, void *arg, struct verify_count *n,
		 struct err *e)
{
	own_dir DIR *d = inventory_open(store_dir, e);
	struct verify v = {
		.store_dir = store_dir, .dir = d ? dirfd(d) : -1, .tell = tell, .arg = arg, .n = n};
	char digest[SHA256_HEX + 1];
	int rc = 0;

	*n = (struct verify_count){0};
	if (!d)
		return -1;
	while (inventory_next(d, digest))
		if (verify_one(&v, digest, e) < 0)
			rc = -1;
	return rc < 0 ? -1 : store_verify_note(store_dir, e);
}

int64_t store_verified_ms(const char *store_dir)
{
	own_free char *path = fs_path("%s/verified", store_dir);
	struct stat st;

	return stat(path, &st) < 0 ? 0 : (int64_t)st.st_mtim.tv_sec * 1000;
}
