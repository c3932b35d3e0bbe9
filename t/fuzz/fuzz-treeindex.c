/* fuzz-treeindex: the record of a checkout, with a head that is made to fit whatever comes behind
 * it: a walk ends, and each name that it tells may be a file's. A broken promise aborts. clang
 * -fsanitize=fuzzer runs it (make fuzz); a unit test replays corpus/fuzz-treeindex. The file is
 * included, so that the target is whole by itself. */
#include "fuzz-treeindex.h"

#include "agent/sandboxed/checkout/treeindex.c"

#include <stdlib.h>

static void promise(bool kept)
{
	if (!kept)
		abort();
}

/* Enters every directory, as deep as the record goes. */
static void walk(struct treeindex_in *in)
{
	for (;;) {
		const struct treeindex_entry *e = treeindex_peek(in);

		if (!e && (in->broken || in->depth == 0))
			return;
		if (!e) {
			treeindex_leave(in);
			continue;
		}
		promise(e->len > 0 && e->len <= 255 && strlen(e->name) == e->len &&
			!strchr(e->name, '/') && e->mode != 0);
		promise(strcmp(e->name, ".") != 0 && strcmp(e->name, "..") != 0);
		treeindex_next(in);
		promise(in->depth >= 0 && in->depth <= TREEINDEX_DEPTH_MAX);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct head h = {.boot = "boot", .tree = "tree", .size = size};
	struct treeindex_in in;
	char *all = malloc(sizeof(h) + size);
	FILE *f;

	if (!all)
		abort();
	memcpy(h.magic, magic, sizeof(magic));
	if (size > 0)
		memcpy(all + sizeof(h), data, size);
	h.crc = add_crc(head_crc(&h), all + sizeof(h), size);
	memcpy(all, &h, sizeof(h));
	f = fmemopen(all, sizeof(h) + size, "r");
	if (!f)
		abort();
	promise(treeindex_begin(&in, f, 0, "boot"));
	walk(&in);
	treeindex_close(&in);
	f = fmemopen(all, sizeof(h) + size, "r");
	if (f && treeindex_begin(&in, f, 0, "other"))
		abort();
	treeindex_close(&in);
	free(all);
	return 0;
}
