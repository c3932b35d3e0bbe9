/* durable: DIAGNOSTICS: ERR_OPERATOR or ERR_NOBODY if a directory cannot be synced; the caller must
 * then write no row. It is no error if git removed a directory meanwhile (one of refs that became
 * empty). */
#include "hooks/durable.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { DIRS_MAX = 65536 /* directories of refs in one push; the sweep handles larger pushes */ };

/* Part of a ref's name, not NUL-terminated: "refs/heads" of "refs/heads/main". */
struct prefix {
	const char *at;
	size_t len;
};

struct prefixes {
	struct prefix *list;
	size_t n, room;
};

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

/* Returns when everything was last on disk, or 0 if that is unknown. */
static struct timespec synced_since(int fd, const struct timespec *now)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || is_before(now, &st.st_mtim))
		return (struct timespec){0};
	return st.st_mtim;
}

/* A filesystem whose times are whole seconds truncates them: such a time may mean any later part of
 * its second. */
static bool is_since(const struct statx_timestamp *t, const struct timespec *since)
{
	struct timespec at = {.tv_sec = (time_t)t->tv_sec,
			      .tv_nsec = t->tv_nsec ? t->tv_nsec : 999999999};

	return !is_before(&at, since);
}

/* Created since then, as far as the filesystem tells. */
static bool is_born_since(const struct statx *st, const struct timespec *since)
{
	return !(st->stx_mask & STATX_BTIME) || is_since(&st->stx_btime, since);
}

/* Returns 1 if it exists, 0 if not (git has removed it), -1 on error. */
static int look(int dir, const char *name, struct statx *st, struct err *e)
{
	if (statx(dir, name, AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_CTIME | STATX_BTIME, st) == 0)
		return 1;
	if (errno == ENOENT || errno == ENOTDIR)
		return 0;
	return err_sys(e, ERR_OPERATOR, "cannot look at %s", name);
}

static int sync_dir(int dir, const char *name, const char *shown, struct err *e)
{
	own_fd int fd = fs_open_beneath(dir, name, O_RDONLY | O_DIRECTORY, 0);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0 || FAILSTEP("push-sync", fsync(fd)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot make the directory %s durable", shown);
	return 0;
}

static bool is_fanout(const char *name)
{
	static const char hex[] = "0123456789abcdef";

	return strlen(name) == 2 && strchr(hex, name[0]) && strchr(hex, name[1]);
}

/* Syncs one directory of objects/. Sets *born if it is a new entry of objects/ itself. */
static int sync_fanout(int objects, const char *name, const struct timespec *since, bool *born,
		       struct err *e)
{
	struct statx st;
	int there = look(objects, name, &st, e);

	if (there <= 0 || !S_ISDIR(st.stx_mode) || !is_since(&st.stx_ctime, since))
		return there < 0 ? -1 : 0;
	*born |= is_born_since(&st, since);
	return sync_dir(objects, name, "objects", e);
}

/* objects/ itself changes with every push, because the quarantine is created and removed in it:
 * only a new fan-out directory or pack/ counts. */
static int sync_objects(int repo, const struct timespec *since, struct err *e)
{
	own_dir DIR *d = NULL;
	struct dirent *entry;
	bool born = false;
	int fd = fs_open_dir(repo, "objects", e);

	if (fd < 0)
		return -1;
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return err_sys(e, ERR_NOBODY, "cannot list the object directories");
	}
	while ((entry = readdir(d))) {
		if (!is_fanout(entry->d_name) && strcmp(entry->d_name, "pack") != 0)
			continue;
		if (sync_fanout(dirfd(d), entry->d_name, since, &born, e) < 0)
			return -1;
	}
	return born ? sync_dir(repo, "objects", "objects", e) : 0;
}

/* HEAD.lock changes the repository's own directory with every push, too. packed-refs is the only
 * entry in it that a push replaces, when it deletes a ref. */
static int sync_packed_refs(int repo, const struct timespec *since, struct err *e)
{
	struct statx st;
	int there = look(repo, "packed-refs", &st, e);

	if (there <= 0 || !is_since(&st.stx_ctime, since))
		return there < 0 ? -1 : 0;
	return sync_dir(repo, ".", "of the repository", e);
}

static int prefixes_add(struct prefixes *p, const char *at, size_t len, struct err *e)
{
	if (p->n == DIRS_MAX)
		return err_set(e, ERR_NOBODY, "the push changes refs in more than %d directories",
			       DIRS_MAX);
	if (p->n == p->room) {
		size_t room = p->room ? 2 * p->room : 64;
		struct prefix *more = reallocarray(p->list, room, sizeof(*more));

		if (!more)
			return err_set(e, ERR_NOBODY,
				       "out of memory for the directories of the refs");
		p->list = more;
		p->room = room;
	}
	p->list[p->n++] = (struct prefix){.at = at, .len = len};
	return 0;
}

/* Adds every directory on the path to ref that the path to before does not have. */
static int prefixes_of(struct prefixes *p, const char *ref, const char *before, struct err *e)
{
	size_t same = 0;

	while (before && ref[same] && ref[same] == before[same])
		same++;
	for (const char *slash = strchr(ref, '/'); slash; slash = strchr(slash + 1, '/')) {
		size_t len = (size_t)(slash - ref);

		if (len >= same && prefixes_add(p, ref, len, e) < 0)
			return -1;
	}
	return 0;
}

/* Sorts backwards: a directory comes before the one that holds it. */
static int compare_backwards(const void *a, const void *b)
{
	const struct prefix *x = a;
	const struct prefix *y = b;
	int order = memcmp(y->at, x->at, x->len < y->len ? x->len : y->len);

	return order ? order : (y->len > x->len) - (y->len < x->len);
}

static int sync_prefixes(int repo, struct prefixes *p, const struct timespec *since, struct err *e)
{
	char path[4096];
	struct statx st;
	int there;

	if (p->n > 0)
		qsort(p->list, p->n, sizeof(*p->list), compare_backwards);
	for (size_t i = 0; i < p->n; i++) {
		if (i > 0 && compare_backwards(&p->list[i], &p->list[i - 1]) == 0)
			continue;
		snprintf(path, sizeof(path), "%.*s", (int)p->list[i].len, p->list[i].at);
		there = look(repo, path, &st, e);
		if (there < 0 || (there > 0 && is_since(&st.stx_ctime, since) &&
				  sync_dir(repo, path, path, e) < 0))
			return -1;
	}
	return 0;
}

static int sync_refs(int repo, const char *const *refs, size_t n, const struct timespec *since,
		     struct err *e)
{
	struct prefixes p = {0};
	int status = 0;

	for (size_t i = 0; i < n && status == 0; i++)
		status = prefixes_of(&p, refs[i], i > 0 ? refs[i - 1] : NULL, e);
	if (status == 0)
		status = sync_prefixes(repo, &p, since, e);
	free(p.list);
	return status;
}

/* Creates a missing stamp under another name with time 0 and renames it: a fresh file's own time
 * would claim a sync that nobody made. */
static int stamp_new(int repo)
{
	own_free char *staging = fs_path("." DURABLE_SYNCED ".%ld", (long)getpid());
	int fd = fs_create(repo, staging, O_WRONLY, 0640);

	if (fd >= 0 && (futimens(fd, (const struct timespec[2]){{0}, {0}}) < 0 ||
			FAILSTEP("push-synced-rename",
				 renameat(repo, staging, repo, DURABLE_SYNCED)) < 0)) {
		FAILSTEP("push-synced-undo", unlinkat(repo, staging, 0));
		close(fd);
		fd = -1;
	}
	return fd;
}

/* The kernel takes file times from the coarse clock: every change after this reading has at least
 * this time. */
int durable_sync(int repo, const char *const *refs, size_t n, struct err *e)
{
	own_fd int stamp = openat(repo, DURABLE_SYNCED, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	struct timespec start, since;

	if (stamp < 0)
		stamp = stamp_new(repo);
	clock_gettime(CLOCK_REALTIME_COARSE, &start);
	since = synced_since(stamp, &start);
	if (sync_objects(repo, &since, e) < 0 || sync_refs(repo, refs, n, &since, e) < 0 ||
	    sync_packed_refs(repo, &since, e) < 0)
		return -1;
	if (stamp >= 0)
		futimens(stamp, (const struct timespec[2]){start, start});
	return 0;
}
