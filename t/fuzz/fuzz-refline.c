/* fuzz-refline: one text read as git's lines, and as a tree object. Accepted input must keep its
 * promises; a broken promise aborts. clang -fsanitize=fuzzer runs it (make fuzz); a unit test
 * replays corpus/fuzz-refline. The pure files are included, so that the target is whole by itself.
 */
#include "fuzz-refline.h"

#include "hooks/refline.c"
#include "hooks/treescan.c"

#include <stdlib.h>

static void promise(bool kept)
{
	if (!kept)
		abort();
}

/* Safe to open below the repository, and to write into a line of its own. */
static void check_ref(const char *ref)
{
	promise(strncmp(ref, "refs/", 5) == 0 && strlen(ref) <= REFLINE_REF_MAX);
	promise(!strstr(ref, "/.") && !strstr(ref, "//") && !strstr(ref, "..") &&
		!strpbrk(ref, " \t\r\n\033\\"));
	promise(ref[strlen(ref) - 1] != '/' && ref[strlen(ref) - 1] != '.');
}

static void try_lines(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char *at = text;
	char *before = text;
	struct refline r;
	int got;

	if (!text)
		return;
	memcpy(text, data, size);
	while ((got = refline_next(&at, text + size, &r)) != 0) {
		promise(at > before && at <= text + size);
		before = at;
		if (got < 0)
			continue;
		promise(strlen(r.old) == strlen(r.new) &&
			(strlen(r.old) == 40 || strlen(r.old) == 64));
		promise(refline_deletes(&r) == (strspn(r.new, "0") == strlen(r.new)));
		check_ref(r.ref);
	}
	promise(at == text + size || size == 0);
	free(text);
}

/* In one piece or byte by byte, the result must be the same. */
static void try_tree(const uint8_t *data, size_t size)
{
	struct treescan whole, pieces;

	treescan_init(&whole, ".hornero.yaml", 20);
	treescan_init(&pieces, ".hornero.yaml", 20);
	treescan_feed(&whole, (const char *)data, size);
	for (size_t i = 0; i < size; i++)
		treescan_feed(&pieces, (const char *)data + i, 1);
	promise(whole.mode == pieces.mode && memcmp(whole.oid, pieces.oid, sizeof(whole.oid)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_lines(data, size);
	try_tree(data, size);
	return 0;
}
