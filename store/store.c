/* store: DIAGNOSTICS: ERR_OPERATOR if the directory is wrong, ERR_NOBODY if the disk is full or an
 * artifact was changed by somebody else (e->sys ESTALE: it is built again), ERR_US if a caller's
 * digest is invalid. */
#include "store/store.h"

#include "lib/dirs.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/record.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static const struct record_field fields[] = {
	RECORD_MADE(struct manifest, digest, RECORD_HEX),
	RECORD_MADE(struct manifest, key, RECORD_KEY),
	RECORD_MADE(struct manifest, tree, RECORD_OID),
	RECORD_MADE(struct manifest, commit, RECORD_OID),
	RECORD_MADE(struct manifest, builder, RECORD_WORD),
	RECORD_MADE(struct manifest, image, RECORD_UUID),
	RECORD_MADE(struct manifest, job, RECORD_COUNT),
	RECORD_MADE(struct manifest, attempt, RECORD_COUNT),
	RECORD_FIELD(struct manifest, size_bytes, RECORD_COUNT),
	RECORD_FIELD(struct manifest, built_ms, RECORD_TIME),
	RECORD_FIELD(struct manifest, ino, RECORD_INO),
	RECORD_FIELD(struct manifest, mtime_ns, RECORD_TIME),
	RECORD_FIELD(struct manifest, ctime_ns, RECORD_TIME),
	RECORD_OPTIONAL(struct manifest, builder_file, RECORD_KEY),
	RECORD_OPTIONAL(struct manifest, toolchain, RECORD_KEY),
	RECORD_OPTIONAL(struct manifest, architecture, RECORD_TEXT),
	RECORD_OPTIONAL(struct manifest, builder_version, RECORD_TEXT),
	RECORD_OPTIONAL(struct manifest, hornero_version, RECORD_TEXT),
	RECORD_OPTIONAL(struct manifest, isolation, RECORD_WORD),
	RECORD_OPTIONAL(struct manifest, compile_core_limit, RECORD_COUNT),
	RECORD_OPTIONAL(struct manifest, compile_mem_limit, RECORD_COUNT),
	RECORD_OPTIONAL(struct manifest, compile_pids_limit, RECORD_COUNT),
	RECORD_OPTIONAL(struct manifest, build_timeout_s, RECORD_COUNT),
	RECORD_OPTIONAL(struct manifest, silence_timeout_s, RECORD_COUNT),
	RECORD_OPTIONAL(struct manifest, log_limit_bytes, RECORD_COUNT),
	RECORD_OPTIONAL(struct manifest, image_size_limit_bytes, RECORD_COUNT),
	RECORD_OPTIONAL(struct manifest, checkout_ms, RECORD_COUNT),
	RECORD_OPTIONAL(struct manifest, build_ms, RECORD_COUNT),
	RECORD_OPTIONAL(struct manifest, check_ms, RECORD_COUNT),
	RECORD_OPTIONAL(struct manifest, boot_ms, RECORD_COUNT),
	RECORD_OPTIONAL(struct manifest, expect, RECORD_TEXT),
	RECORD_OPTIONAL(struct manifest, timeout_s, RECORD_COUNT),
	RECORD_OPTIONAL(struct manifest, boot_memory_bytes, RECORD_COUNT),
	RECORD_OPTIONAL(struct manifest, boot_machine, RECORD_WORD),
	RECORD_OPTIONAL(struct manifest, boot_bus, RECORD_WORD),
	RECORD_OPTIONAL(struct manifest, built, RECORD_WORD),
	RECORD_MADE_OPTIONAL(struct manifest, repo, RECORD_TEXT),
	RECORD_OPTIONAL(struct manifest, attributes, RECORD_OID),
	RECORD_OPTIONAL(struct manifest, on_missing, RECORD_WORD),
	RECORD_OPTIONAL(struct manifest, sha512, RECORD_KEY),
	RECORD_OPTIONAL(struct manifest, firmware, RECORD_WORD),
	RECORD_OPTIONAL(struct manifest, shared_from, RECORD_TEXT),
};
enum { N_FIELDS = sizeof(fields) / sizeof(fields[0]), LOCK_WAIT_MS = 30000 };

static char *raw_path(const char *store_dir, const char *digest)
{
	return fs_path("%s/artifact/%s.raw", store_dir, digest);
}

static char *manifest_path(const char *store_dir, const char *digest)
{
	return fs_path("%s/artifact/%s.json", store_dir, digest);
}

static int check_digest(const char *what, const char *digest, struct err *e)
{
	if (!sha256_valid(digest))
		return err_set(e, ERR_US, "a %s must have 64 lower-case hexadecimal digits", what);
	return 0;
}

static const char *const rooms[] = {"artifact", "clean", "kept", "own", "release", "stage", "warm"};
enum { N_ROOMS = sizeof(rooms) / sizeof(rooms[0]) };

/* For a room that has a directory for each image. */
static int clear_images_staging(const char *store_dir, const char *room, struct err *e)
{
	own_free char *path = fs_path("%s/%s", store_dir, room);
	own_dir DIR *d = opendir(path);
	struct dirent *entry;

	if (!d)
		return errno == ENOENT ? 0 : err_sys(e, ERR_OPERATOR, "cannot list %s", path);
	while ((entry = readdir(d))) {
		own_free char *one = fs_path("%s/%s", path, entry->d_name);

		if (uuid_valid(entry->d_name) && fs_clear_staging(one, e) < 0)
			return -1;
	}
	return 0;
}

int store_clear_staging(const char *store_dir, struct err *e)
{
	/* The writers make these when they need them. */
	static const char *const late[] = {"changed", "outbox", "wanted"};

	if (fs_clear_staging(store_dir, e) < 0) /* of the scrub's record */
		return -1;
	for (int i = 0; i < N_ROOMS; i++) {
		own_free char *path = fs_path("%s/%s", store_dir, rooms[i]);

		if (fs_clear_staging(path, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < sizeof(late) / sizeof(late[0]); i++) {
		own_free char *path = fs_path("%s/%s", store_dir, late[i]);

		if (access(path, F_OK) == 0 && fs_clear_staging(path, e) < 0)
			return -1;
	}
	if (clear_images_staging(store_dir, "own", e) < 0)
		return -1;
	return clear_images_staging(store_dir, "release", e);
}

int store_init(const char *store_dir, struct err *e)
{
	for (int i = 0; i < N_ROOMS; i++) {
		own_free char *path = fs_path("%s/%s", store_dir, rooms[i]);

		if (fs_mkdir_p(path, 0755, e) < 0)
			return -1;
	}
	if (fs_sync_dir(AT_FDCWD, store_dir, e) < 0)
		return -1;
	return fs_sync_parent(AT_FDCWD, store_dir, e);
}

static int lock_room(const char *store_dir, const char *room, enum store_lock how, struct err *e)
{
	own_free char *path = fs_path("%s/%s", store_dir, room);
	own_fd int fd = fs_open_dir(AT_FDCWD, path, e);
	int held;

	if (fd < 0)
		return err_wrap(e, "hornero init makes the store");
	held = how == STORE_ALONE ? fs_flock(fd, LOCK_WAIT_MS, e)
				  : fs_flock_shared(fd, LOCK_WAIT_MS, e);
	if (held < 0)
		return err_wrap(e, "%s", path);
	if (held == 0)
		return err_set(e, ERR_NOBODY, "cannot lock the store %s within %d s: others use it",
			       store_dir, LOCK_WAIT_MS / 1000);
	return steal_fd(&fd);
}

int store_lock(const char *store_dir, enum store_lock how, struct err *e)
{
	return lock_room(store_dir, "artifact", how, e);
}

/* Ignores errors: only collectors care, and an unmarked artifact looks older than it is. */
void store_note_used(int artifacts, const char *digest)
{
	own_free char *manifest = fs_path("%s.json", digest);

	(void)!utimensat(artifacts, manifest, NULL, AT_SYMLINK_NOFOLLOW);
}

static int64_t in_ns(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void note_stat(struct manifest *m, const struct stat *st)
{
	m->ino = st->st_ino;
	m->mtime_ns = in_ns(st->st_mtim);
	m->ctime_ns = in_ns(st->st_ctim);
}

int store_compare(int fd, const struct manifest *m, struct err *e)
{
	struct stat st;
	const char *what = NULL;

	if (fstat(fd, &st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot stat artifact %.12s", m->made.digest);
	if (!S_ISREG(st.st_mode))
		what = "type";
	else if (st.st_ino != m->ino)
		what = "inode";
	else if (st.st_size != m->size_bytes)
		what = "size";
	else if (in_ns(st.st_mtim) != m->mtime_ns)
		what = "time of modification";
	else if (in_ns(st.st_ctim) != m->ctime_ns)
		what = "time of change";
	if (!what)
		return 0;
	err_set(e, ERR_NOBODY,
		"artifact %.12s is not the file that was stored: its %s differs from the manifest; "
		"it is not published, but built again",
		m->made.digest, what);
	e->sys = ESTALE;
	return -1;
}

int store_manifest(const char *store_dir, const char *digest, struct manifest *out, struct err *e)
{
	own_free char *path = manifest_path(store_dir, digest);
	struct manifest m;

	if (check_digest("digest", digest, e) < 0)
		return -1;
	if (record_load(path, fields, N_FIELDS, &m, sizeof(m), e) < 0) {
		if (e->sys == ENOENT)
			e->class = ERR_NOBODY;
		return -1;
	}
	if (strcmp(m.made.digest, digest) != 0)
		return err_set(e, ERR_OPERATOR, "%s is the manifest of another artifact", path);
	*out = m;
	return 0;
}

int store_open(const char *store_dir, const char *digest, struct manifest *m, struct err *e)
{
	own_free char *path = raw_path(store_dir, digest);
	own_fd int fd = -1;
	struct manifest found;

	if (store_manifest(store_dir, digest, &found, e) < 0)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return err_sys(e, ERR_OPERATOR, "cannot open %s", path);
	if (store_compare(fd, &found, e) < 0)
		return -1;
	*m = found;
	return steal_fd(&fd);
}

/* Returns a descriptor of the staged file, whose bytes are durable, or -1. */
static int make_durable(const char *stage_path, const struct manifest *m, struct err *e)
{
	own_fd int fd = open(stage_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, ERR_US, "cannot take %s into the store", stage_path);
	if (!S_ISREG(st.st_mode) || st.st_size != m->size_bytes || st.st_nlink != 1)
		return err_set(
			e, ERR_US,
			"cannot take %s into the store: it is not one regular file of %lld bytes",
			stage_path, (long long)m->size_bytes);
	if (fchmod(fd, 0444) < 0 || FAILSTEP("store-sync", fsync(fd)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot make %s durable", stage_path);
	failpoint("store-staged");
	return steal_fd(&fd);
}

/* Moves the file to its digest, durably, and fills m with its inode and times. */
static int move_in(int fd, const char *stage_path, const char *path, struct manifest *m,
		   struct err *e)
{
	struct stat st;

	if (FAILSTEP("store-rename", rename(stage_path, path)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot move %s to %s", stage_path, path);
	/* Not the old directory: each start of hornerod clears it. */
	if (fs_sync_parent(AT_FDCWD, path, e) < 0)
		return -1;
	failpoint("store-taken");
	/* Not before the rename, which changes the ctime. */
	if (fstat(fd, &st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot stat %s", path);
	note_stat(m, &st);
	return 0;
}

/* Two builds may give the same bytes at the same time. Without this lock, held from the look to the
 * manifest, the file of one could stay with the manifest of the other. */
static int take_turn(const char *store_dir, struct err *e)
{
	return lock_room(store_dir, "stage", STORE_ALONE, e);
}

/* Returns 1 if the store has these bytes already, and copies their manifest to *m; else 0. */
static int is_known(const char *store_dir, struct manifest *m)
{
	struct manifest old;
	struct err why = ERR_INIT;
	own_fd int fd = store_open(store_dir, m->made.digest, &old, &why);

	if (fd < 0)
		return 0;
	*m = old;
	return 1;
}

char *store_stage_path(const char *store_dir, int64_t job, int64_t attempt)
{
	return fs_path("%s/stage/%lld.%lld.raw", store_dir, (long long)job, (long long)attempt);
}

int store_take(const char *store_dir, const char *stage_path, struct manifest *m, struct err *e)
{
	own_free char *path = raw_path(store_dir, m->made.digest);
	own_free char *beside = manifest_path(store_dir, m->made.digest);
	own_fd int lock = -1, turn = -1, fd = -1;

	if (check_digest("digest", m->made.digest, e) < 0 ||
	    check_digest("content key", m->made.key, e) < 0)
		return -1;
	lock = store_lock(store_dir, STORE_SHARED, e);
	if (lock < 0)
		return -1;
	if (!is_known(store_dir, m)) {
		fd = make_durable(stage_path, m, e);
		turn = fd < 0 ? -1 : take_turn(store_dir, e);
		if (turn < 0)
			return -1;
		if (!is_known(store_dir, m))
			return move_in(fd, stage_path, path, m, e) < 0
				       ? -1
				       : record_save(beside, fields, N_FIELDS, m, e);
	}
	if (FAILSTEP("store-unstage", unlink(stage_path)) < 0 && errno != ENOENT)
		return err_sys(e, ERR_OPERATOR, "cannot remove %s", stage_path);
	store_note_used(lock, m->made.digest);
	return 0;
}
