/* allowing: DIAGNOSTICS: 1 with ERR_PUSHER, the place in the file and the way out; -1 with the
 * error of builders_load or catfile_read. */
#include "hooks/allowing.h"

#include "conf/builder.h"
#include "hooks/loose.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <string.h>

/* Returns 1 if the image's directory has the file, as agent/sandboxed/checkout/checkout.c looks for
 * it, 0 if not, -1 if git cannot answer. */
static int has_file(struct catfile *cf, const struct allowing *a, const char *file, struct err *e)
{
	const char *subdir = a->image->subdir;
	const char *slash = strrchr(file, '/');
	own_free char *dir = fs_path("%s%s%.*s", subdir, *subdir && slash ? "/" : "",
				     slash ? (int)(slash - file) : 0, file);
	const char *name = slash ? slash + 1 : file;
	struct found f = {0};

	if (loose_find(a->commit, dir, name, 0, &f) == 0 &&
	    catfile_read(cf, a->commit, dir, name, 0, &f, e) < 0)
		return -1;
	free(f.text);
	return f.kind == FOUND_FILE || f.kind == FOUND_TOO_LARGE || f.kind == FOUND_LINK;
}

/* Returns 1 and the builder that the files of the tree select, 0 if there is none, or -1. */
static int detect(struct catfile *cf, const struct allowing *a, const struct builders *all,
		  const struct builder **out, struct err *e)
{
	for (size_t i = 0; i < all->n; i++)
		for (char **file = all->list[i].detect; file && *file; file++) {
			int has = has_file(cf, a, *file, e);

			*out = &all->list[i];
			if (has != 0)
				return has;
		}
	*out = NULL;
	return 0;
}

int allowing_check(struct catfile *cf, const struct allowing *a, struct err *e)
{
	const char *named = a->image->builder ? a->image->builder : a->file->builder;
	own_builders struct builders *all = NULL;
	const struct builder *b = NULL;

	if (a->file->words.len == 0)
		return 0;
	if (builders_load(a->builders_dir, &all, e) < 0)
		return -1;
	if (*named)
		b = builder_find(all, named);
	else if (detect(cf, a, all, &b, e) < 0)
		return -1;
	return b && repofile_allowed(a->path, a->found->text, a->found->len, b->name, b->allow,
				     e) < 0;
}
