/* checkout_locks: one digest for all files of the tree that decide what a builder fetches.
 * DIAGNOSTICS: ERR_PUSHER if there is none, or if the tree is too large, else as checkout.c. */
#include "agent/sandboxed/checkout/checkout_inner.h"

#include "agent/sandboxed/checkout/pathglob.h"
#include "agent/sandboxed/checkout/treesync.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <string.h>
#include <sys/stat.h>

struct locks {
	struct checkout *k;
	const char *const *patterns;
	FILE *found; /* a line for each file */
	size_t n, entries;
};

static bool matches(const struct locks *l, const char *path)
{
	for (const char *const *pattern = l->patterns; *pattern; pattern++)
		if (pathglob_matches(*pattern, checkout_inside(l->k, path)))
			return true;
	return false;
}

/* The length comes before the path, which may hold any byte. */
static void note(struct locks *l, const struct checkout_entry *entry, const char *path)
{
	char hex[CHECKOUT_HEX + 1];
	git_oid id;

	git_oid_fromraw(&id, entry->id);
	git_oid_tostr(hex, sizeof(hex), &id);
	fprintf(l->found, "%o %s %zu %s\n", entry->mode, hex, strlen(path), path);
	l->n++;
}

static int walk(struct locks *l, const unsigned char *id, const char *at, int depth, struct err *e)
{
	own_checkout_list struct checkout_list list = {.n = 0};

	if (depth > TREESYNC_DEPTH_MAX)
		return err_set(e, ERR_PUSHER, "%.200s: more than %d directories inside each other",
			       at, TREESYNC_DEPTH_MAX);
	if (checkout_list(l->k, id, at, TREESYNC_ENTRIES_MAX - l->entries, &list, e) < 0)
		return -1;
	l->entries += list.n;
	for (size_t i = 0; i < list.n; i++) {
		const struct checkout_entry *entry = &list.v[i];
		own_free char *path = fs_path("%s%s%s", at, *at ? "/" : "", entry->name);

		if (S_ISDIR(entry->mode) && walk(l, entry->id, path, depth + 1, e) < 0)
			return -1;
		if ((S_ISREG(entry->mode) || S_ISLNK(entry->mode)) && matches(l, path))
			note(l, entry, path);
	}
	return 0;
}

static int digest(const char *text, size_t len, char out[CHECKOUT_HEX + 1], struct err *e)
{
	git_oid id;

	if (git_odb_hash(&id, text, len, GIT_OBJECT_BLOB) < 0)
		return checkout_fail(e, "cannot digest", "the lock files");
	git_oid_tostr(out, CHECKOUT_HEX + 1, &id);
	return 0;
}

int checkout_locks(struct checkout *k, const char *const *patterns, char out[CHECKOUT_HEX + 1],
		   struct err *e)
{
	own_free char *text = NULL;
	size_t len = 0;
	struct locks l = {.k = k, .patterns = patterns, .found = open_memstream(&text, &len)};
	int rc;

	if (!l.found)
		return err_set(e, ERR_NOBODY, "out of memory for lock files");
	rc = walk(&l, checkout_tree_id(k), "", 0, e);
	if (fclose(l.found) != 0 && rc == 0)
		rc = err_set(e, ERR_NOBODY, "out of memory for lock files");
	if (rc < 0)
		return -1;
	if (l.n == 0)
		return err_set(e, ERR_PUSHER, "commit %.12s has no file that says what its build "
			       "needs from elsewhere (fetch_locks of the builder: %s%s); commit it",
			       k->commit_hex, patterns[0], patterns[1] ? ", …" : "");
	return digest(text, len, out, e);
}
