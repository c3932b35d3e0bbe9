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

/* Looks as agent/sandboxed/checkout/checkout.c does. */
static bool has_file(void *arg, const char *file)
{
	struct look *l = arg;
	const char *subdir = l->a->image->subdir;
	const char *slash = strrchr(file, '/');
	own_free char *dir = fs_path("%s%s%.*s", subdir, *subdir && slash ? "/" : "",
				     slash ? (int)(slash - file) : 0, file);
	const char *name = slash ? slash + 1 : file;
	struct found f = {0};

	if (l->problem.class != ERR_NONE ||
	    (loose_find(l->a->commit, dir, name, 0, &f) == 0 &&
	     catfile_read(l->cf, l->a->commit, dir, name, 0, &f, &l->problem) < 0))
		return false;
	free(f.text);
	return f.kind == FOUND_FILE || f.kind == FOUND_TOO_LARGE || f.kind == FOUND_LINK;
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
	return b && repofile_allowed(a->path, a->found->text, a->found->len, b->name, b->allow,
				     e) < 0;
}
