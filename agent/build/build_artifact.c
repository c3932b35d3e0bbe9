/* build_artifact: the file that a run makes: removed before, found after it. It is the artifact of
 * the builder file, or a path or pattern of the repository below the checkout.
 *
 * A tool like make does not make a file again that is still there, so an earlier one must go. For a
 * pattern that happens before the checkout: it may match tracked files, which the checkout then
 * writes again; build_artifact_begin() records them, and only a file that is new or has changed
 * since counts as made by the run.
 *
 * DIAGNOSTICS: ERR_PUSHER if the run left no such file, several, or no regular one. */
#include "agent/build/build.h"

#include "conf/repofile.h"
#include "lib/bytes.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/wildcard.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { ENTRIES_MAX = 100000, SHOWN = 5 };

/* A search for the files that match a pattern. */
struct search {
	/* Called for each match. `path` is relative to where the search began. Returns 0, or -1 to
	 * end the search. */
	int (*take)(struct search *s, int dir, const char *name, const char *path);
	struct build *b;
	size_t looked; /* entries of directories */
	size_t fresh;
	char shown[BUILD_HINT];
	struct build_artifact *first; /* the first fresh file */
};

static int search_in(struct search *s, int dir, const char *at, const char *pattern);

/* The entry matches the pattern's component before `rest`; without a rest it is a match. */
static int search_entry(struct search *s, int dir, const char *at, const char *name,
			const char *rest)
{
	own_free char *path = fs_path("%s%s%s", at, *at ? "/" : "", name);
	own_fd int sub = -1;

	if (!rest)
		return s->take(s, dir, name, path);
	sub = fs_enter_beneath(dir, name);
	return sub < 0 ? 0 : search_in(s, sub, path, rest);
}

/* Calls itself once for each component of the pattern. */
static int search_in(struct search *s, int dir, const char *at, const char *pattern)
{
	size_t len = strcspn(pattern, "/");
	const char *rest = pattern[len] ? pattern + len + 1 : NULL;
	own_free char *part = fs_path("%.*s", (int)len, pattern);
	own_dir DIR *d = NULL;
	struct dirent *entry;

	if (!wildcard_is(part))
		return search_entry(s, dir, at, part, rest);
	d = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	while (d && (entry = readdir(d))) {
		if (++s->looked > ENTRIES_MAX)
			return verdict_say(&s->b->verdict, ERR_PUSHER, CAUSE_ARTIFACT,
					   "the artifact %s of %s: more than %d files were looked "
					   "at; name it more exactly",
					   build_repo_says(s->b, "artifact"), REPOFILE_NAME,
					   ENTRIES_MAX);
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    wildcard_matches(part, entry->d_name) &&
		    search_entry(s, dir, at, entry->d_name, rest) < 0)
			return -1;
	}
	return 0;
}

/* Searches the image's directory; one that does not exist yet has no match. */
static int search(struct search *s, const char *pattern)
{
	const char *inside = build_inside(s->b);
	own_free char *top = fs_path("src%s%s", *inside ? "/" : "", inside);
	own_fd int src = fs_enter_beneath(s->b->work, top);

	return src < 0 ? 0 : search_in(s, src, "", pattern);
}

static bool has_pattern(const struct build *b)
{
	return wildcard_is(build_repo_says(b, "artifact"));
}

/* Directories stay: a pattern such as build* must not empty one. */
static int remove_match(struct search *s, int dir, const char *name, const char *path)
{
	if (FAILSTEP("artifact-unlink", unlinkat(dir, name, 0)) == 0 || errno == EISDIR ||
	    errno == ENOENT)
		return 0;
	return verdict_sys(&s->b->verdict, errno == EPERM ? ERR_OPERATOR : ERR_PUSHER,
			   CAUSE_ARTIFACT, "cannot remove %s, an artifact of an earlier build",
			   path);
}

int build_artifact_clear(struct build *b)
{
	struct search s = {.take = remove_match, .b = b};

	return has_pattern(b) ? search(&s, build_repo_says(b, "artifact")) : 0;
}

static int note_match(struct search *s, int dir, const char *name, const char *path)
{
	struct build *b = s->b;
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(st.st_mode))
		return 0;
	if (b->nseen == BUILD_MAX_SEEN)
		return verdict_say(&b->verdict, ERR_PUSHER, CAUSE_ARTIFACT,
				   "the artifact %s of %s matches more than %d files that the "
				   "repository itself has, such as %s; name it more exactly",
				   build_repo_says(b, "artifact"), REPOFILE_NAME, BUILD_MAX_SEEN,
				   path);
	b->seen[b->nseen++] = (struct build_seen){st.st_ino, st.st_ctim};
	return 0;
}

/* The artifact's path in the sandbox; it is no pattern. */
static char *plain_path(const struct build *b)
{
	const char *own = build_repo_says(b, "artifact");

	return *own ? fs_path("/build/src/%s", own) : fs_path("%s", b->builder->artifact);
}

static int remove_plain(struct build *b)
{
	own_free char *seen = plain_path(b);
	own_free char *path = build_place(b, seen);
	const char *slash = strrchr(path, '/');
	own_free char *parent = fs_path("%.*s", (int)(slash - path), path);
	own_fd int dir = fs_enter_beneath(b->work, parent);
	struct err e = ERR_INIT;

	/* A file behind a link is no artifact, and the run may replace the link. */
	if (dir < 0 && (errno == ENOENT || errno == ELOOP || errno == ENOTDIR))
		return 0;
	/* EPERM: another user owns it, and no build can cause that. */
	if (dir < 0)
		return verdict_sys(&b->verdict, errno == EPERM ? ERR_OPERATOR : ERR_PUSHER,
				   CAUSE_ARTIFACT, "cannot enter %s to remove the artifact "
				   "of an earlier build", parent);
	if (fs_remove_tree(dir, slash + 1, &e) < 0)
		return verdict_say(&b->verdict, e.class, CAUSE_ARTIFACT, "%s", e.msg);
	return 0;
}

int build_artifact_begin(struct build *b)
{
	struct search s = {.take = note_match, .b = b};

	/* The kernel stamps files by this clock, which is up to a tick behind CLOCK_REALTIME. */
	clock_gettime(CLOCK_REALTIME_COARSE, &b->run_start);
	b->nseen = 0;
	return has_pattern(b) ? search(&s, build_repo_says(b, "artifact")) : remove_plain(b);
}

static int missing(struct build *b, const char *what)
{
	char hint[BUILD_HINT];

	build_fresh_hint(b, hint);
	return verdict_say(&b->verdict, ERR_PUSHER, CAUSE_ARTIFACT, "%s succeeded but left no %s%s",
			   b->builder->argv[0], what, hint);
}

/* Opens the artifact beneath the work directory; follows no link and waits for no device. */
int build_open(struct build *b, const char *path)
{
	own_free char *below = build_place(b, path);
	own_fd int fd = fs_open_beneath(b->work, below, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return missing(b, path);
	if (fd < 0 && (errno == ELOOP || errno == EXDEV))
		return verdict_say(&b->verdict, ERR_PUSHER, CAUSE_ARTIFACT,
				   "%s is reached through a symbolic link; make it a file", path);
	if (fd < 0)
		return verdict_sys(&b->verdict, ERR_PUSHER, CAUSE_ARTIFACT, "cannot open %s",
				   path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return verdict_say(&b->verdict, ERR_PUSHER, CAUSE_ARTIFACT,
				   "%s is not a regular file", path);
	return steal_fd(&fd);
}

void build_artifact_end(struct build_artifact *a)
{
	own_fd_end(&a->fd);
	own_fd_end(&a->dir);
}

static void note_name(struct build_artifact *a, int dir, const char *name)
{
	snprintf(a->name, sizeof(a->name), "%s", name);
	a->dir = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_plain(struct build *b, struct build_artifact *out)
{
	own_free char *seen = plain_path(b);
	own_free char *path = build_place(b, seen);
	const char *slash = strrchr(path, '/');
	own_free char *parent = fs_path("%.*s", (int)(slash - path), path);
	own_fd int dir = -1;

	out->fd = build_open(b, seen);
	if (out->fd < 0)
		return -1;
	dir = fs_enter_beneath(b->work, parent);
	if (dir >= 0)
		note_name(out, dir, slash + 1);
	return 0;
}

static bool was_there(const struct build *b, const struct stat *st)
{
	for (size_t i = 0; i < b->nseen; i++)
		if (b->seen[i].ino == st->st_ino &&
		    b->seen[i].ctime.tv_sec == st->st_ctim.tv_sec &&
		    b->seen[i].ctime.tv_nsec == st->st_ctim.tv_nsec)
			return true;
	return false;
}

/* Only regular files count: a link beside the file that it leads to is usual. */
static int open_match(struct search *s, int dir, const char *name, const char *path)
{
	own_fd int fd = fs_open_beneath(dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	size_t len = strlen(s->shown);
	char size[BYTES_WORDS];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || was_there(s->b, &st))
		return 0;
	if (s->fresh < SHOWN)
		snprintf(s->shown + len, sizeof(s->shown) - len, "%s%.100s (%s)", len ? ", " : "",
			 path, bytes_words(size, st.st_size));
	if (s->fresh++ == 0) {
		s->first->fd = steal_fd(&fd);
		note_name(s->first, dir, name);
	}
	return 0;
}

static int open_fresh(struct build *b, struct build_artifact *out)
{
	struct search s = {.take = open_match, .b = b, .first = out};
	const char *pattern = build_repo_says(b, "artifact");

	if (search(&s, pattern) < 0)
		return -1;
	if (s.fresh == 0) {
		own_free char *what = fs_path("new file that matches the artifact %s of %s",
					      pattern, REPOFILE_NAME);

		return missing(b, what);
	}
	if (s.fresh > 1)
		return verdict_say(&b->verdict, ERR_PUSHER, CAUSE_ARTIFACT,
				   "the artifact %s of %s matches %zu new files, and one is "
				   "needed: %s%s; name it more exactly", pattern, REPOFILE_NAME,
				   s.fresh, s.shown, s.fresh > SHOWN ? ", …" : "");
	return 0;
}

int build_artifact_open(struct build *b, struct build_artifact *out)
{
	return has_pattern(b) ? open_fresh(b, out) : open_plain(b, out);
}
