/* treediff: DIAGNOSTICS: as hooks/catfile.h. Malformed tree bytes end the walk (git's fsck rejects
 * them earlier). */
#include "hooks/treediff.h"

#include "hooks/loose.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <string.h>

enum { DEPTH_MAX = 64, MODE_MODULE = 0160000, MODE_TREE = 0040000 };

struct walk {
	struct catfile *cf;
	int (*look)(void *arg, const char *dir, bool module, struct err *e);
	void *arg;
	size_t raw; /* bytes of an object id in a tree */
	int trees;
	bool asks; /* start git for a packed tree */
};

struct bytes {
	char *data;
	size_t len;
};

static void bytes_end(struct bytes *b)
{
	free(b->data);
}
#define own_bytes __attribute__((cleanup(bytes_end)))

struct entry {
	unsigned int mode;
	const char *name;
	const char *oid; /* raw */
};

/* Reads the entry at *at and moves *at past it. Returns false at the end. */
static bool next(const struct walk *w, const struct bytes *b, size_t *at, struct entry *out)
{
	const char *s = b->data + *at;
	size_t left = b->len - *at;
	const char *blank = left ? memchr(s, ' ', left) : NULL;
	const char *nul = blank ? memchr(blank, '\0', left - (size_t)(blank - s)) : NULL;

	if (!nul || left - (size_t)(nul - s) - 1 < w->raw)
		return false;
	*out = (struct entry){(unsigned int)strtoul(s, NULL, 8), blank + 1, nul + 1};
	*at += (size_t)(nul - s) + 1 + w->raw;
	return true;
}

static bool is_tree(const struct entry *t)
{
	return (t->mode & 0170000) == MODE_TREE;
}

/* git sorts the entries of a tree as if the name of a directory ended in a slash. */
static int order(const struct entry *a, const struct entry *b)
{
	size_t la = strlen(a->name), lb = strlen(b->name);
	size_t n = la < lb ? la : lb;
	int c = memcmp(a->name, b->name, n);
	int ea = la > n ? (unsigned char)a->name[n] : is_tree(a) ? '/' : 0;
	int eb = lb > n ? (unsigned char)b->name[n] : is_tree(b) ? '/' : 0;

	return c ? c : ea - eb;
}

static void hex_of(const struct walk *w, const struct entry *t, char out[65])
{
	for (size_t i = 0; i < w->raw; i++)
		snprintf(out + 2 * i, 3, "%02x", (unsigned int)(unsigned char)t->oid[i]);
}

/* Reads the tree "OID" or "COMMIT:DIRECTORY". Returns 1, 0 if there is none or none worth starting
 * git for, TREEDIFF_MANY, -1 on error. */
static int read_tree(struct walk *w, const char *oid, const char *subdir, struct bytes *out,
		     struct err *e)
{
	own_free char *name = fs_path("%s%s%s", oid, subdir ? ":" : "", subdir ? subdir : "");

	if (w->trees++ >= TREEDIFF_TREES_MAX)
		return TREEDIFF_MANY;
	if (loose_tree(oid, subdir, &out->data, &out->len))
		return 1;
	if (!w->asks && !catfile_started(w->cf))
		return 0;
	return catfile_tree(w->cf, name, &out->data, &out->len, e);
}

static int compare(struct walk *w, const struct bytes *old, const struct bytes *new,
		   const char *dir, int depth, struct err *e);

static int enter(struct walk *w, const struct entry *was, const struct entry *is, const char *dir,
		 int depth, struct err *e)
{
	own_free char *below = fs_path("%s%s%s", dir, *dir ? "/" : "", is->name);
	own_bytes struct bytes old = {.data = NULL};
	own_bytes struct bytes new = {.data = NULL};
	char oid[65];
	int rc;

	if (!is_tree(is))
		return w->look(w->arg, below, true, e);
	if (depth >= DEPTH_MAX)
		return TREEDIFF_MANY;
	hex_of(w, is, oid);
	rc = read_tree(w, oid, NULL, &new, e);
	if (rc == 1 && was) {
		hex_of(w, was, oid);
		rc = read_tree(w, oid, NULL, &old, e) == 0 ? 1 : rc;
	}
	return rc == 1 ? compare(w, &old, &new, below, depth + 1, e) : rc;
}

static int compare(struct walk *w, const struct bytes *old, const struct bytes *new,
		   const char *dir, int depth, struct err *e)
{
	size_t at = 0, was_at = 0;
	struct entry is, was;
	bool more = next(w, old, &was_at, &was);
	int rc = 0;

	while (rc == 0 && next(w, new, &at, &is)) {
		bool known, same;

		if (strcmp(is.name, ".gitattributes") == 0)
			rc = w->look(w->arg, dir, false, e);
		if (!is_tree(&is) && (is.mode & 0170000) != MODE_MODULE)
			continue;
		while (more && order(&was, &is) < 0)
			more = next(w, old, &was_at, &was);
		known = more && order(&was, &is) == 0 && was.mode == is.mode;
		same = known && memcmp(was.oid, is.oid, w->raw) == 0;
		if (rc == 0 && !same)
			rc = enter(w, known ? &was : NULL, &is, dir, depth, e);
	}
	return rc;
}

int treediff_look(struct catfile *cf, const char *old, const char *commit, const char *subdir,
		  int (*look)(void *arg, const char *dir, bool module, struct err *e), void *arg,
		  struct err *e)
{
	struct walk w = {
		.cf = cf, .look = look, .arg = arg, .raw = strlen(commit) / 2, .asks = true};
	own_bytes struct bytes before = {.data = NULL};
	own_bytes struct bytes now = {.data = NULL};
	int rc = read_tree(&w, commit, subdir, &now, e);

	w.asks = false;
	if (rc == 1 && old[strspn(old, "0")] && read_tree(&w, old, subdir, &before, e) < 0)
		return -1;
	if (rc != 1 || (now.len == before.len &&
			(now.len == 0 || memcmp(now.data, before.data, now.len) == 0)))
		return rc == 1 ? 0 : rc;
	return compare(&w, &before, &now, subdir, 0, e);
}
