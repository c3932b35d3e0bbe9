/* treewalk: DIAGNOSTICS: as the header says; messages name the path. */
#include "lib/treewalk.h"

#include "lib/own.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

struct walk {
	tree_each *each;
	void *arg;
	char *path; /* of the present entry */
	size_t room, top; /* top: length of the tree's own path */
	int entries;
};

static int descend(struct walk *w, int dir, const char *name, size_t len, int depth, struct err *e);

/* Appends "/NAME" to the first len bytes of the path. Returns the new length, 0 if out of memory.
 */
static size_t append(struct walk *w, size_t len, const char *name)
{
	size_t need = len + strlen(name) + 2;

	if (need > w->room) {
		char *bigger = realloc(w->path, 2 * need);

		if (!bigger)
			return 0;
		w->path = bigger;
		w->room = 2 * need;
	}
	w->path[len] = '/';
	memcpy(w->path + len + 1, name, strlen(name) + 1);
	return need - 1;
}

static int changing(const struct walk *w, struct err *e)
{
	return err_set(e, ERR_NOBODY, "%s changes while it is read", w->path);
}

static const char *special(mode_t mode)
{
	return S_ISSOCK(mode) ? "a socket" : S_ISFIFO(mode) ? "a named pipe" : "a device";
}

/* Visits one entry, and what is below it. */
static int visit(struct walk *w, int dir, const char *name, size_t len, int depth, struct err *e)
{
	struct stat st;
	struct tree_entry entry = {.path = w->path, .st = &st, .dir = dir, .name = name};
	char target[PATH_MAX];

	/* The tree itself may be reached through links, which bubblewrap follows, too. */
	if (fstatat(dir, name, &st, depth == 0 ? 0 : AT_SYMLINK_NOFOLLOW) < 0)
		return depth > 0 && errno == ENOENT
			       ? changing(w, e)
			       : err_sys(e, ERR_OPERATOR, "cannot look at %s", w->path);
	if (++w->entries > TREE_ENTRIES_MAX)
		return err_set(e, ERR_OPERATOR, "it has more than %d files and directories",
			       TREE_ENTRIES_MAX);
	if (S_ISLNK(st.st_mode)) {
		ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);

		if (n < 0)
			return changing(w, e);
		target[n] = '\0';
		entry.target = target;
	} else if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
		return err_set(e, ERR_OPERATOR,
			       "%s is %s; only files, directories and symbolic links are allowed",
			       w->path, special(st.st_mode));
	}
	entry.inside = w->path + w->top + (len > w->top);
	if (w->each(w->arg, &entry, e) < 0)
		return -1;
	return S_ISDIR(st.st_mode) ? descend(w, dir, name, len, depth, e) : 0;
}

struct names {
	char **list;
	size_t n, room;
};

static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->list[i]);
	free(names->list);
}
#define own_names __attribute__((cleanup(names_free)))

static bool names_add(struct names *names, const char *name)
{
	char *copy;

	if (names->n == names->room) {
		size_t room = 2 * names->room + 16;
		char **bigger = reallocarray(names->list, room, sizeof(*bigger));

		if (!bigger)
			return false;
		names->list = bigger;
		names->room = room;
	}
	copy = strdup(name);
	if (copy)
		names->list[names->n++] = copy;
	return copy != NULL;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_names(const struct walk *w, DIR *d, struct names *names, struct err *e)
{
	const struct dirent *entry;

	while ((errno = 0, entry = readdir(d))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		/* Bounds the memory as well. */
		if (names->n > TREE_ENTRIES_MAX)
			break;
		if (!names_add(names, entry->d_name))
			return err_set(e, ERR_NOBODY, "out of memory for the names of %s", w->path);
	}
	if (errno)
		return err_sys(e, ERR_OPERATOR, "cannot list %s", w->path);
	if (names->n > 0)
		qsort(names->list, names->n, sizeof(*names->list), by_bytes);
	return 0;
}

static int descend(struct walk *w, int dir, const char *name, size_t len, int depth, struct err *e)
{
	own_fd int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
			       (depth == 0 ? 0 : O_NOFOLLOW));
	own_dir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	own_names struct names names = {.list = NULL};

	if (!d)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP
			       ? changing(w, e)
			       : err_sys(e, ERR_OPERATOR, "cannot read %s", w->path);
	fd = -1;
	if (depth == TREE_DEPTH_MAX)
		return err_set(e, ERR_OPERATOR, "it has more than %d levels of directories",
			       TREE_DEPTH_MAX);
	if (read_names(w, d, &names, e) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		size_t longer = append(w, len, names.list[i]);

		if (longer == 0)
			return err_set(e, ERR_NOBODY, "out of memory for a path");
		if (visit(w, dirfd(d), names.list[i], longer, depth + 1, e) < 0)
			return -1;
		w->path[len] = '\0';
	}
	return 0;
}

int tree_walk(const char *path, tree_each *each, void *arg, struct err *e)
{
	struct walk w = {.each = each, .arg = arg, .path = strdup(path), .room = strlen(path) + 1,
			 .top = strlen(path)};
	int rc;

	if (!w.path)
		return err_set(e, ERR_NOBODY, "out of memory for a path");
	rc = visit(&w, AT_FDCWD, path, w.top, 0, e);
	free(w.path);
	return rc;
}
