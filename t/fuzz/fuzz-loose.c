/* fuzz-loose: one file as every loose object of a push: commit, tag, tree and blob. The first half
 * of the inputs is the zlib stream itself; others (first byte 0) are its content, which is packed
 * here, since a fuzzer finds no checksums. */
#include "fuzz-loose.h"

#include "hooks/loose.c"

#include "hooks/treescan.c"

#include "scratch.h"

#define OID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static char link_path[200];

static const char *fs_link(const char *objects)
{
	snprintf(link_path, sizeof(link_path), "%s/aa", objects);
	return link_path;
}

/* Before the directory goes: what was registered last is called first. */
static void unlink_aa(void)
{
	unlink(link_path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { FILE_LIMIT = 4096 };
	static uint8_t packed[1 << 20];
	unsigned long len = sizeof(packed);
	static char objects[160];
	char out[65], type[16];
	struct found f = {.kind = FOUND_NOTHING};

	if (size > 0 && data[0] == 0) {
		if (compress(packed, &len, data + 1, size - 1) != Z_OK)
			return 0;
		data = packed;
		size = len;
	}
	/* Every object's name is this one: objects/aa/aaa… */
	if (!*objects) {
		snprintf(objects, sizeof(objects), "%s",
			 scratch("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", data, size));
		promise(symlink(".", fs_link(objects)) == 0);
		atexit(unlink_aa);
		setenv("GIT_OBJECT_DIRECTORY", objects, 1);
	}
	scratch("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", data, size);
	if (loose_peel(OID, out, type) == 1)
		promise(strlen(out) == 40 && strcmp(type, "tag") != 0 &&
			memchr(type, 0, sizeof(type)));
	if (loose_find(OID, "sub/dir", ".hornero.yaml", FILE_LIMIT, &f) == 1 &&
	    f.kind == FOUND_FILE)
		promise(f.text != NULL && f.len <= FILE_LIMIT);
	free(f.text);
	return 0;
}
