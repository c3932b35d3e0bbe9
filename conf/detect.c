/* detect: DIAGNOSTICS: see detect.h; ERR_NOBODY if out of memory. */
#include "conf/detect.h"

#include "conf/repofile.h"
#include "lib/own.h"

#include <stdlib.h>
#include <string.h>

enum { LIST_MAX = ERR_MSG_MAX / 2 };

/* The first matching file of each builder that matches. */
struct hits {
	const struct detect_file **list;
	size_t n;
};

static size_t count(char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

int detect_init(struct detect *d, const struct builders *b, struct err *e)
{
	size_t nfiles = 0, ninstead = 0;
	struct detect_file *files;
	struct detect_instead *instead;

	for (size_t i = 0; i < b->n; i++) {
		nfiles += count(b->list[i].detect);
		ninstead += count(b->list[i].instead_of);
	}
	files = calloc(nfiles + 1, sizeof(*files));
	instead = calloc(ninstead + 1, sizeof(*instead));
	*d = (struct detect){.files = files, .instead = instead};
	if (!files || !instead)
		return err_set(e, ERR_NOBODY, "out of memory");
	for (size_t i = 0; i < b->n; i++) {
		const struct builder *one = &b->list[i];

		for (char **file = one->detect; file && *file; file++)
			files[d->nfiles++] = (struct detect_file){one->name, *file};
		for (char **other = one->instead_of; other && *other; other++)
			instead[d->ninstead++] = (struct detect_instead){one->name, *other};
	}
	return 0;
}

void detect_fini(struct detect *d)
{
	free((void *)d->files);
	free((void *)d->instead);
	*d = (struct detect){.nfiles = 0};
}

static int fail_none(const struct detect *d, const char *where, struct err *e)
{
	char list[LIST_MAX] = "";

	for (size_t i = 0; i < d->nfiles; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s (%s)",
			 i ? ", " : "", d->files[i].file, d->files[i].builder);
	return err_set(e, ERR_PUSHER, "no builder for %s: it has none of %s; add one of them, or "
		       "name a builder in %s", where,
		       d->nfiles ? list : "the files that builders look for", REPOFILE_NAME);
}

static int fail_several(const struct hits *h, const char *where, struct err *e)
{
	char list[LIST_MAX] = "";
	bool is_one_file = true;

	for (size_t i = 0; i < h->n; i++) {
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s (%s)",
			 i == 0 ? "" : i + 1 == h->n ? " and " : ", ", h->list[i]->builder,
			 h->list[i]->file);
		is_one_file = is_one_file && strcmp(h->list[i]->file, h->list[0]->file) == 0;
	}
	if (is_one_file)
		return err_set(e, ERR_OPERATOR, "%zu builders match %s: %s; write `instead_of: "
			       "[OTHER]` into the file of the builder to prefer, or name one in "
			       "%s", h->n, where, list, REPOFILE_NAME);
	return err_set(e, ERR_PUSHER, "%zu builders match %s: %s; name one in %s, as in `builder: "
		       "%s`", h->n, where, list, REPOFILE_NAME, h->list[0]->builder);
}

static bool has_hit(const struct hits *h, const char *builder)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->list[i]->builder, builder) == 0)
			return true;
	return false;
}

static bool is_replaced(const struct detect *d, const struct hits *h, const char *builder)
{
	for (size_t i = 0; i < d->ninstead; i++)
		if (strcmp(d->instead[i].other, builder) == 0 &&
		    strcmp(d->instead[i].builder, builder) != 0 &&
		    has_hit(h, d->instead[i].builder))
			return true;
	return false;
}

int detect_builder(const struct detect *d, const char *where,
		   bool (*has)(void *arg, const char *path), void *arg,
		   const struct detect_file **out, struct err *e)
{
	own_free const struct detect_file **hits = calloc(d->nfiles + 1, sizeof(void *));
	own_free const struct detect_file **left = calloc(d->nfiles + 1, sizeof(void *));
	struct hits all = {.list = hits}, kept = {.list = left};

	if (!hits || !left)
		return err_set(e, ERR_NOBODY, "out of memory");
	for (size_t i = 0; i < d->nfiles; i++)
		if (!has_hit(&all, d->files[i].builder) && has(arg, d->files[i].file))
			hits[all.n++] = &d->files[i];
	for (size_t i = 0; i < all.n; i++)
		if (!is_replaced(d, &all, hits[i]->builder))
			left[kept.n++] = hits[i];
	if (all.n == 0)
		return fail_none(d, where, e);
	/* None remains if two builders list each other. */
	if (kept.n != 1)
		return fail_several(kept.n ? &kept : &all, where, e);
	*out = left[0];
	return 0;
}
