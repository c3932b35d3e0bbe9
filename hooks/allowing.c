/* allowing: DIAGNOSTICS: 1 with ERR_PUSHER, the place in the file and the way out; -1 with the
 * error of builders_load or catfile_read. */
#include "hooks/allowing.h"

#include "conf/builder.h"
#include "conf/detect.h"
#include "hooks/loose.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <string.h>

/* A look for the files of a tree; problem is set if git could not answer. */
struct look {
	struct catfile *cf;
	const struct allowing *a;
	struct err problem;
};

/* Fills the kind of the entry at commit:top/path. */
static int find(struct catfile *cf, const struct allowing *a, const char *top, const char *path,
		enum found_kind *kind, struct err *e)
{
	const char *slash = strrchr(path, '/');
	own_free char *dir = fs_path("%s%s%.*s", top, *top && slash ? "/" : "",
				     slash ? (int)(slash - path) : 0, path);
	const char *name = slash ? slash + 1 : path;
	struct found f = {0};

	if (loose_find(a->commit, dir, name, 0, &f) == 0 &&
	    catfile_read(cf, a->commit, dir, name, 0, &f, e) < 0)
		return -1;
	free(f.text);
	*kind = f.kind;
	return 0;
}

/* Looks as agent/sandboxed/checkout/checkout.c does. */
static bool has_file(void *arg, const char *file)
{
	struct look *l = arg;
	enum found_kind kind;

	return l->problem.class == ERR_NONE &&
	       find(l->cf, l->a, l->a->image->subdir, file, &kind, &l->problem) == 0 &&
	       (kind == FOUND_FILE || kind == FOUND_TOO_LARGE || kind == FOUND_LINK);
}

static int blame(const struct allowing *a, const char *setting, const char *value, const char *why,
		 struct err *e)
{
	(void)repofile_blame(a->path, a->found->text, a->found->len, setting, value, why, e);
	return 1;
}

/* Returns 1 if the commit lacks a path of the file's subdir or also, 0 if not, or -1. */
static int check_paths(struct catfile *cf, const struct allowing *a, struct err *e)
{
	const struct repowords *w = &a->file->words;
	const char *path = repowords_next(w, "subdir", NULL);
	enum found_kind kind;

	if (path && find(cf, a, a->image->subdir, path, &kind, e) < 0)
		return -1;
	if (path && kind != FOUND_DIRECTORY)
		return blame(a, "subdir", path, "the image's directory has no such directory", e);
	for (path = NULL; *a->image->subdir && (path = repowords_next(w, "also", path));) {
		if (find(cf, a, "", path, &kind, e) < 0)
			return -1;
		if (kind == FOUND_NOTHING)
			return blame(a, "also", path, "the commit has no such path", e);
	}
	return 0;
}

/* Returns 1 and the name of the builder that the files of the tree select, 0 if they select none or
 * several (the build then says so), or -1. */
static int detect(struct catfile *cf, const struct allowing *a, const struct builders *all,
		  const char **out, struct err *e)
{
	struct look l = {cf, a, ERR_INIT};
	own_detect struct detect d = {.nfiles = 0};
	const struct detect_file *found = NULL;
	struct err none = ERR_INIT;

	if (detect_init(&d, all, e) < 0)
		return -1;
	if (detect_builder(&d, a->path, has_file, &l, &found, &none) == 0)
		*out = found->builder;
	if (l.problem.class != ERR_NONE) {
		*e = l.problem;
		return -1;
	}
	return found != NULL;
}

int allowing_check(struct catfile *cf, const struct allowing *a, struct err *e)
{
	const char *name = a->image->builder ? a->image->builder : a->file->builder;
	own_builders struct builders *all = NULL;
	const struct builder *b;
	int found = 1;

	if (a->file->words.len == 0)
		return 0;
	if (builders_load(a->builders_dir, &all, e) < 0)
		return -1;
	if (!*name)
		found = detect(cf, a, all, &name, e);
	if (found <= 0)
		return found;
	b = builder_find(all, name);
	if (b && repofile_allowed(a->path, a->found->text, a->found->len, b->name, b->allow, e) < 0)
		return 1;
	return check_paths(cf, a, e);
}
