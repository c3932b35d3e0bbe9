/* smudge: DIAGNOSTICS: ERR_PUSHER if a file is missing and refused or cannot be converted, else as
 * checkout.h. */
#include "agent/sandboxed/checkout/smudge.h"

#include "conf/lfs.h"
#include "lib/escape.h"
#include "lib/grow.h"
#include "lib/own.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	CONVERTED_MAX = 64 << 20, /* largest blob to convert, in bytes */
};

static int take_whole(void *arg, const void *data, size_t len, struct err *e)
{
	return grow_add(arg, data, len, e);
}

static void name_first(uint64_t *count, const char *path, const char *what)
{
	char text[4 * 200 + 1];

	if ((*count)++ > 0)
		return;
	escape_text(text, sizeof(text), path, strlen(path), ESCAPE_LINE);
	fprintf(stderr, "hornero: %s %s\n", text, what);
}

static int miss_pointer(struct smudge *m, const char *path, struct err *e)
{
	if (m->on_missing != MISSING_WARN)
		return err_set(e, ERR_PUSHER, "%s is a Git LFS pointer, and the file itself is not "
			       "on this node; commit the file (git lfs migrate export), or ask the "
			       "operator for on_missing: warn", path);
	name_first(&m->pointers, path, "is a Git LFS pointer: the build sees the pointer, the file "
		   "itself is not on this node");
	return 0;
}

static int miss_filter(struct smudge *m, const char *path, const char *filter, struct err *e)
{
	char text[4 * 64 + 64];

	if (m->on_missing == MISSING_REFUSE)
		return err_set(e, ERR_PUSHER, "%s has filter=%s in .gitattributes, and this node "
			       "has no such filter; commit the file as builds need it, or ask the "
			       "operator for on_missing: warn", path, filter);
	snprintf(text, sizeof(text), "has filter=");
	escape_text(text + strlen(text), 4 * 63 + 1, filter, strlen(filter), ESCAPE_LINE);
	snprintf(text + strlen(text), sizeof(text) - strlen(text),
		 ": the build sees it as committed");
	name_first(&m->filters, path, text);
	return 0;
}

int smudge_module(struct smudge *m, const char *path, struct err *e)
{
	if (m->on_missing == MISSING_REFUSE)
		return err_set(e, ERR_PUSHER, "%s is a submodule, and its files are not on this "
			       "node; commit them (git subtree does that), or ask the operator for "
			       "on_missing: warn", path);
	name_first(&m->modules, path, "is a submodule and stays empty: builds have no network; "
		   "commit its files (git subtree does that)");
	return 0;
}

static int look_for_pointer(struct smudge *m, const unsigned char *id, const char *path,
			    struct err *e)
{
	own_grow struct grow w = {.data = NULL};
	struct err large = ERR_INIT;

	if (checkout_blob_each(m->k, id, path, LFS_POINTER_MAX, take_whole, &w, &large) < 0)
		/* too large for a pointer; the caller reads the file and reports any other error */
		return 0;
	return lfs_is_pointer(w.data, w.len) ? miss_pointer(m, path, e) : 0;
}

static int converted_each(struct smudge *m, const struct convert *c, const unsigned char *id,
			  const char *path, uint64_t max,
			  int (*take)(void *arg, const void *data, size_t len, struct err *e),
			  void *arg, struct err *e)
{
	own_grow struct grow w = {.data = NULL};
	own_free char *out = NULL;
	char hex[2 * CHECKOUT_ID_SIZE + 1];
	size_t len;

	if (checkout_blob_each(m->k, id, path, max < CONVERTED_MAX ? max : CONVERTED_MAX,
			       take_whole, &w, e) < 0)
		return err_wrap(e, "a file that .gitattributes has converted");
	for (size_t i = 0; i < CHECKOUT_ID_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", id[i]);
	if (convert_apply(c, path, hex, w.data ? w.data : "", w.len, &out, &len, e) < 0)
		return -1;
	return take(arg, out, len, e);
}

int smudge_each(struct smudge *m, const unsigned char *id, const char *path, uint64_t max,
		int (*take)(void *arg, const void *data, size_t len, struct err *e), void *arg,
		struct err *e)
{
	struct checkout_attributes a;

	if (m->here == 0)
		return checkout_blob_each(m->k, id, path, max, take, arg, e);
	if (checkout_attributes(m->k, path, &a, e) < 0)
		return -1;
	if (strcmp(a.filter, "lfs") == 0 && look_for_pointer(m, id, path, e) < 0)
		return -1;
	if (a.filter[0] && strcmp(a.filter, "lfs") != 0 && miss_filter(m, path, a.filter, e) < 0)
		return -1;
	if (!convert_changes(&a.convert))
		return checkout_blob_each(m->k, id, path, max, take, arg, e);
	return converted_each(m, &a.convert, id, path, max, take, arg, e);
}

static void say_more(uint64_t n, const char *what)
{
	if (n > 1)
		fprintf(stderr, "hornero: %" PRIu64 " more %s\n", n - 1, what);
}

void smudge_end(const struct smudge *m)
{
	say_more(m->pointers, "Git LFS pointers");
	say_more(m->filters, "files have a filter that this node lacks");
	say_more(m->modules, "submodules stay empty");
}
