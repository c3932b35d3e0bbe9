/* refs: DIAGNOSTICS: ERR_NOBODY if out of memory. */
#include "mirror/refs.h"

#include "conf/check.h"
#include "lib/hex.h"

#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct ref *)a)->name, ((const struct ref *)b)->name);
}

int refs_parse(struct refs *r, char *text, struct err *e)
{
	struct err ignored = ERR_INIT;
	size_t lines = 1, kept = 0;
	char *rest = text, *line;

	*r = (struct refs){.text = text};
	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	r->list = calloc(lines, sizeof(*r->list));
	if (!r->list)
		return err_set(e, ERR_NOBODY, "out of memory for %zu refs", lines);
	while ((line = strsep(&rest, "\n"))) {
		char *name = strchr(line, ' ');

		if (!name)
			continue;
		*name++ = '\0';
		if (hex_is_oid(line) && check_ref(name, &ignored) == 0)
			r->list[r->n++] = (struct ref){line, name};
	}
	qsort(r->list, r->n, sizeof(*r->list), by_name);
	for (size_t i = 0; i < r->n; i++)
		if (i == 0 || strcmp(r->list[i].name, r->list[kept - 1].name) != 0)
			r->list[kept++] = r->list[i];
	r->n = kept;
	return 0;
}

void refs_fini(struct refs *r)
{
	free(r->list);
	free(r->text);
}

int refs_compare(const struct refs *ours, const struct refs *theirs, struct move **out, size_t *n,
		 struct err *e)
{
	struct move *list = calloc(ours->n + theirs->n + 1, sizeof(*list));
	size_t i = 0, j = 0;

	*n = 0;
	if (!list)
		return err_set(e, ERR_NOBODY, "out of memory for %zu refs", ours->n + theirs->n);
	while (i < ours->n || j < theirs->n) {
		int order = i == ours->n     ? 1
			    : j == theirs->n ? -1
					     : by_name(&ours->list[i], &theirs->list[j]);

		if (order < 0)
			list[(*n)++] = (struct move){.name = ours->list[i].name};
		else if (order > 0 || strcmp(ours->list[i].oid, theirs->list[j].oid) != 0)
			list[(*n)++] = (struct move){theirs->list[j].name, theirs->list[j].oid};
		i += order <= 0;
		j += order >= 0;
	}
	*out = list;
	return 0;
}
