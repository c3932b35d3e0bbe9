/* missing: DIAGNOSTICS: ERR_PUSHER with the path and the way out if on_missing refuses; else as
 * hooks/catfile.h. */
#include "hooks/missing.h"

#include "conf/lfs.h"
#include "hooks/treediff.h"
#include "hooks/loose.h"
#include "hooks/say.h"
#include "lib/clock.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	ATTRIBUTES_MAX = 1 << 20,
	LIST_MAX = 128 << 20, /* size of a listing of the commit */
	LOOK_MS = 10000,      /* for each git command */
	POINTERS_READ = 1000, /* files to read to find a pointer; the build reads all */
	DEEP_READ = 16,       /* attributes files to read below the image's directory before
			       * asking git anyway */
};

#define SKIPPED "a build of this commit will be refused"

struct look {
	struct catfile *cf;
	const char *commit, *subdir;
	bool refuse_lfs, refuse;
	bool skipped; /* nothing is built from this push: name what would be refused */
	bool filters; /* some .gitattributes may name a filter */
	int deep;
	bool named_lfs, named_module, named_filter;
};

static int read_one(struct look *l, const char *dir, const char *name, size_t max, struct found *f,
		    struct err *e)
{
	*f = (struct found){.kind = FOUND_NOTHING};
	if (loose_find(l->commit, dir, name, max, f))
		return 0;
	return catfile_read(l->cf, l->commit, dir, name, max, f, e);
}

/* Returns 1 if this directory's .gitattributes names a filter, 0 if not, -1 on error. */
static int names_filter(struct look *l, const char *dir, struct err *e)
{
	struct found f;
	int yes;

	if (read_one(l, dir, ".gitattributes", ATTRIBUTES_MAX, &f, e) < 0)
		return -1;
	yes = f.kind == FOUND_TOO_LARGE || (f.kind == FOUND_FILE && strstr(f.text, "filter="));
	free(f.text);
	return yes;
}

static int has_modules(struct look *l, struct err *e)
{
	struct found f;

	if (read_one(l, "", ".gitmodules", 0, &f, e) < 0)
		return -1;
	free(f.text);
	return f.kind != FOUND_NOTHING;
}

/* Reads .gitattributes from the top down to the image's directory. */
static int may_filter(struct look *l, struct err *e)
{
	int got = names_filter(l, "", e);

	for (const char *end = l->subdir; got == 0 && *end;) {
		own_free char *dir = NULL;

		end += strcspn(end, "/");
		dir = fs_path("%.*s", (int)(end - l->subdir), l->subdir);
		end += *end == '/';
		got = names_filter(l, dir, e);
	}
	return got;
}

/* Returns 1 if the whole listing must be read. */
static int look_at_change(void *arg, const char *dir, bool module, struct err *e)
{
	return module ? 1 : names_filter(arg, dir, e);
}

/* Returns 1 if something may be missing, 0 if not, -1 on error. */
static int may_miss(struct look *l, const char *old, struct err *e)
{
	int rc = may_filter(l, e);

	l->filters = rc > 0;
	if (rc == 0)
		rc = has_modules(l, e);
	if (rc == 0)
		rc = treediff_look(l->cf, old, l->commit, l->subdir, look_at_change, l, e);
	return rc > 0 ? 1 : rc;
}

static int run_git(const char *const *argv, const char *index, int in, char **out, size_t *len,
		   struct err *e)
{
	const char *env[CATFILE_ENV_MAX];
	struct spawn s = SPAWN_INIT(argv);
	int status;

	catfile_env(env, index);
	s.envp = env;
	s.in = in;
	status = spawn_capture(&s, LOOK_MS, LIST_MAX, out, len, e);
	if (status < 0)
		return -1;
	return status == 0 ? 0 : err_set(e, ERR_OPERATOR, "git %s failed", argv[1]);
}

static int miss_module(struct look *l, const char *path, struct err *e)
{
	if (l->refuse && !l->skipped)
		return err_set(e, ERR_PUSHER,
			       "%s is a submodule, and its files are not on this node; commit them "
			       "(git subtree does that), or ask the operator for on_missing: warn",
			       path);
	if (!l->named_module)
		say("%s is a submodule and stays empty: %s; commit its files (git subtree does "
		    "that)",
		    path, l->refuse ? SKIPPED : "builds have no network");
	l->named_module = true;
	return 0;
}

static int miss_filter(struct look *l, const char *path, const char *filter, struct err *e)
{
	if (l->refuse && !l->skipped)
		return err_set(e, ERR_PUSHER,
			       "%s has filter=%s in .gitattributes, and this node has no such "
			       "filter; commit the file as builds need it, or ask the operator for "
			       "on_missing: warn",
			       path, filter);
	if (!l->named_filter)
		say("%s has filter=%s in .gitattributes: %s", path, filter,
		    l->refuse ? SKIPPED : "the build sees it as committed");
	l->named_filter = true;
	return 0;
}

static int miss_pointer(struct look *l, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	own_free char *dir = fs_path("%.*s", slash ? (int)(slash - path) : 0, path);
	struct found f;
	bool is;

	if (l->named_lfs)
		return 0;
	if (read_one(l, dir, slash ? slash + 1 : path, LFS_POINTER_MAX, &f, e) < 0)
		return -1;
	is = f.kind == FOUND_FILE && lfs_is_pointer(f.text, strlen(f.text));
	free(f.text);
	if (!is)
		return 0;
	if (l->refuse_lfs && !l->skipped)
		return err_set(e, ERR_PUSHER,
			       "%s is a Git LFS pointer, and the file itself is not on this node "
			       "(of .gitattributes, builds follow text, eol, ident and "
			       "working-tree-encoding, no filters); commit the file (git lfs "
			       "migrate export), or ask the operator for on_missing: warn",
			       path);
	say("%s is a Git LFS pointer: %s, the file itself is not on this node", path,
	    l->refuse_lfs ? SKIPPED : "the build sees the pointer");
	l->named_lfs = true;
	return 0;
}

/* Parses "MODE TYPE OID SIZE\tPATH" of ls-tree -l. Returns the path, or NULL if the line is
 * malformed. */
static const char *listed_path(const char *line, char mode[8], unsigned long *size)
{
	const char *tab = strchr(line, '\t');

	*size = 0;
	if (!tab || sscanf(line, "%7s %*s %*s %lu", mode, size) < 1)
		return NULL;
	return tab + 1;
}

/* Looks at an attributes file below the image's directory. */
static int look_at_file(struct look *l, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	own_free char *dir = NULL;
	int got;

	if (strcmp(slash ? slash + 1 : path, ".gitattributes") != 0)
		return 0;
	dir = fs_path("%.*s", slash ? (int)(slash - path) : 0, path);
	got = l->deep++ < DEEP_READ ? names_filter(l, dir, e) : 1;
	l->filters = got > 0;
	return got < 0 ? -1 : 0;
}

/* Reports submodules and writes to *paths the files whose attributes git is to look up. */
static int read_listing(struct look *l, const char *text, size_t len, FILE *paths, struct err *e)
{
	for (const char *at = text; at < text + len; at += strlen(at) + 1) {
		unsigned long size;
		char mode[8];
		const char *path = listed_path(at, mode, &size);

		if (!path)
			continue;
		if (strcmp(mode, "160000") == 0 && miss_module(l, path, e) < 0)
			return -1;
		if (strncmp(mode, "100", 3) == 0)
			fwrite(path, 1, strlen(path) + 1, paths);
		if (!l->filters && look_at_file(l, path, e) < 0)
			return -1;
	}
	return 0;
}

/* The text repeats: PATH, "filter", VALUE, each NUL-terminated. */
static int read_attributes(struct look *l, const char *text, size_t len, struct err *e)
{
	const char *end = text + len;
	int read = 0;

	for (const char *path = text; path < end;) {
		const char *value = path + strlen(path) + 1;

		value += value < end ? strlen(value) + 1 : 0;
		if (value >= end)
			break;
		if (strcmp(value, "lfs") == 0) {
			if (read++ < POINTERS_READ && miss_pointer(l, path, e) < 0)
				return -1;
		} else if (strcmp(value, "unspecified") != 0 && strcmp(value, "unset") != 0 &&
			   strcmp(value, "set") != 0 && miss_filter(l, path, value, e) < 0) {
			return -1;
		}
		path = value + strlen(value) + 1;
	}
	return 0;
}

/* git check-attr of this version reads the attributes of a commit only through an index: build one
 * beside the pushed objects. */
static int look_at_attributes(struct look *l, FILE *paths, struct err *e)
{
	const char *quarantine = getenv("GIT_QUARANTINE_PATH");
	own_free char *index = fs_path("%s/hornero-index", quarantine ? quarantine : ".");
	const char *const fill[] = {"git", "read-tree", l->commit, NULL};
	const char *const ask[] = {
		"git", "check-attr", "--cached", "-z", "--stdin", "filter", NULL,
	};
	own_free char *nothing = NULL;
	own_free char *text = NULL;
	size_t len = 0;
	int rc;

	if (!quarantine)
		return 0;
	rc = run_git(fill, index, -1, &nothing, &len, e);
	if (rc == 0 && (fflush(paths) != 0 || lseek(fileno(paths), 0, SEEK_SET) < 0))
		rc = err_sys(e, ERR_NOBODY, "cannot keep the list of the pushed files");
	if (rc == 0)
		rc = run_git(ask, index, fileno(paths), &text, &len, e);
	if (rc == 0)
		rc = read_attributes(l, text, len, e);
	FAILSTEP("missing-unlink", unlink(index));
	return rc;
}

static int look_deep(struct look *l, struct err *e)
{
	own_free char *below = fs_path("%s/", l->subdir);
	const char *const list[] = {
		"git", "ls-tree", "-r", "-l", "-z", "--full-tree", l->commit, "--",
		*l->subdir ? below : NULL, NULL,
	};
	int fd = memfd_create("paths", MFD_CLOEXEC);
	own_file FILE *paths = fd < 0 ? NULL : fdopen(fd, "w+");
	own_free char *text = NULL;
	size_t len = 0;

	if (!paths)
		return err_sys(e, ERR_NOBODY, "cannot keep the list of the pushed files");
	if (run_git(list, NULL, -1, &text, &len, e) < 0 || read_listing(l, text, len, paths, e) < 0)
		return -1;
	return l->filters ? look_at_attributes(l, paths, e) : 0;
}

int missing_check(struct catfile *cf, const struct conf *c, const struct missing_of *of,
		  struct err *e)
{
	struct look l = {
		.cf = cf, .commit = of->commit, .subdir = of->subdir, .skipped = of->skipped,
		.refuse = c->on_missing == MISSING_REFUSE,
		.refuse_lfs = c->on_missing != MISSING_WARN,
	};
	int rc = may_miss(&l, of->old, e);

	if (rc > 0 && look_deep(&l, e) < 0)
		return e->class == ERR_PUSHER ? 1 : -1;
	return rc < 0 ? -1 : 0;
}
