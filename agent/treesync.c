/* treesync: DIAGNOSTICS: ERR_PUSHER where a pushed name, mode or size cannot become a file (the path is
 * named), else what checkout.h and worktree.h say. A submodule is a warning on standard error. */
#include "agent/treesync.h"

#include "agent/treename.h"
#include "agent/worktree.h"
#include "lib/escape.h"
#include "lib/own.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

enum { MODE_MODULE = 0160000 };

struct sync {
	struct checkout *k;
	bool told;     /* the message names its path */
	bool old_lost; /* an object of the old tree is gone: a gc, or another repository */
	int depth;
	uint64_t entries, bytes, modules, added;
	struct treesync_done done;
	size_t len;
	char path[PATH_MAX];
};

static int merge(struct sync *s, int dir, const unsigned char *old, const unsigned char *new, bool fresh,
		 struct err *e);

/* The end of the path: a message must have room for what is wrong with it. */
static const char *shown(const struct sync *s)
{
	return s->len == 0 ? "the top directory" : s->len > 200 ? s->path + s->len - 200 : s->path;
}

static bool is_leaf(const struct checkout_entry *t)
{
	return t && (S_ISREG(t->mode) || S_ISLNK(t->mode));
}

static bool is_dir(const struct checkout_entry *t)
{
	return t && S_ISDIR(t->mode);
}

static bool is_module(const struct checkout_entry *t)
{
	return t && (t->mode & S_IFMT) == MODE_MODULE;
}

static bool is_same(const struct checkout_entry *a, const struct checkout_entry *b)
{
	return a && b && a->mode == b->mode && memcmp(a->id, b->id, sizeof(a->id)) == 0;
}

static int check_entry(const struct sync *s, const struct checkout_entry *t, struct err *e)
{
	const char *why = treename_refuse(t->name, t->len);

	if (why)
		return err_set(e, ERR_PUSHER, "%s: the name %s; take it out of the commit", shown(s), why);
	if (!is_leaf(t) && !is_dir(t) && !is_module(t))
		return err_set(e, ERR_PUSHER, "%s has mode %06o; only files, links and directories can be checked out",
			       shown(s), t->mode);
	return 0;
}

static int write_file(struct sync *s, int dir, const struct checkout_entry *t, struct err *e)
{
	uint64_t left = TREESYNC_BYTES_MAX - s->bytes;
	uint64_t max = left < TREESYNC_FILE_MAX ? left : TREESYNC_FILE_MAX;
	own_fd int fd = worktree_file(dir, t->name, (t->mode & 0100) != 0, e);
	uint64_t size = 0;

	if (fd < 0 || checkout_blob_to(s->k, t->id, shown(s), max, fd, &size, e) < 0)
		return -1;
	s->bytes += size;
	return 0;
}

static int write_link(struct sync *s, int dir, const struct checkout_entry *t, struct err *e)
{
	own_free char *target = NULL;

	if (checkout_blob_text(s->k, t->id, shown(s), PATH_MAX - 1, &target, e) < 0)
		return -1;
	if (*target == '\0')
		return err_set(e, ERR_PUSHER, "%s is a link to nothing; give it a target", shown(s));
	return worktree_link(dir, t->name, target, e);
}

static int write_module(struct sync *s, int dir, const struct checkout_entry *t, struct err *e)
{
	bool fresh;
	own_fd int fd = worktree_enter(dir, t->name, &fresh, e);
	char text[4 * 200 + 1];

	if (fd < 0)
		return -1;
	escape_text(text, sizeof(text), shown(s), strlen(shown(s)), ESCAPE_LINE);
	if (s->modules++ == 0)
		fprintf(stderr, "hornero: %s is a submodule and stays empty: builds have no network; "
			"commit its files (git subtree does that)\n", text);
	return 0;
}

/* Recurse into the directory `name`; old or new is NULL where that tree has none there. */
static int merge_below(struct sync *s, int dir, const struct checkout_entry *old,
		       const struct checkout_entry *new, struct err *e)
{
	bool fresh;
	own_fd int fd = worktree_enter(dir, new ? new->name : old->name, &fresh, e);
	int rc;

	if (fd < 0)
		return -1;
	if (s->depth >= TREESYNC_DEPTH_MAX)
		return err_set(e, ERR_PUSHER, "%s lies more than %d directories deep; flatten it", shown(s),
			       TREESYNC_DEPTH_MAX);
	s->depth++;
	rc = merge(s, fd, old ? old->id : NULL, new ? new->id : NULL, fresh, e);
	s->depth--;
	return rc;
}

/* What the old tree had under this name and the new one has not, or has as something else. */
static int remove_old(struct sync *s, int dir, const struct checkout_entry *old, struct err *e)
{
	if (is_leaf(old)) {
		s->done.removed++;
		return worktree_remove(dir, old->name, e);
	}
	if (is_dir(old) && merge_below(s, dir, old, NULL, e) < 0)
		return -1;
	return worktree_remove_empty(dir, old->name, e);
}

static int write_new(struct sync *s, int dir, const struct checkout_entry *new, struct err *e)
{
	if (is_module(new))
		return write_module(s, dir, new, e);
	s->done.written++;
	return S_ISLNK(new->mode) ? write_link(s, dir, new, e) : write_file(s, dir, new, e);
}

static int apply(struct sync *s, int dir, const struct checkout_entry *old, const struct checkout_entry *new,
		 struct err *e)
{
	if (new && check_entry(s, new, e) < 0)
		return -1;
	if (old && ((is_leaf(old) && !is_leaf(new)) || (is_dir(old) && !is_dir(new)) ||
		    (is_module(old) && !is_module(new) && !is_dir(new))) &&
	    remove_old(s, dir, old, e) < 0)
		return -1;
	s->added += is_leaf(new) && !is_leaf(old);
	if (is_dir(new))
		return merge_below(s, dir, is_dir(old) ? old : NULL, new, e);
	return new ? write_new(s, dir, new, e) : 0;
}

/* apply with the name on the path. */
static int visit(struct sync *s, int dir, const struct checkout_entry *old, const struct checkout_entry *new,
		 struct err *e)
{
	const struct checkout_entry *t = new ? new : old;
	size_t before = s->len;
	int rc;

	if (s->len + t->len + 2 > sizeof(s->path))
		return err_set(e, ERR_PUSHER, "the path …%s/… is longer than %zu bytes; shorten it", shown(s),
			       sizeof(s->path) - 1);
	if (s->len > 0)
		s->path[s->len++] = '/';
	memcpy(s->path + s->len, t->name, t->len + 1);
	s->len += t->len;
	rc = apply(s, dir, old, new, e);
	if (rc < 0 && e->sys != 0 && !s->told) {
		err_wrap(e, "in %s", shown(s));
		s->told = true;
	}
	s->len = before;
	s->path[before] = '\0';
	return rc;
}

static int list_new(struct sync *s, const unsigned char *id, struct checkout_list *list, struct err *e)
{
	if (checkout_list(s->k, id, shown(s), TREESYNC_ENTRIES_MAX - s->entries, list, e) < 0)
		return -1;
	s->entries += list->n;
	for (size_t i = 1; i < list->n; i++)
		if (strcmp(list->v[i - 1].name, list->v[i].name) == 0)
			return err_set(e, ERR_PUSHER, "%s holds %s twice; push a sound tree (git fsck finds it)", shown(s),
				       list->v[i].name);
	return 0;
}

/* Make dir, which holds tree `old`, hold tree `new`; NULL is the empty tree. fresh: it should hold `old` but
 * a builder took it away, so nothing in it counts as unchanged. */
static int merge(struct sync *s, int dir, const unsigned char *old, const unsigned char *new, bool fresh,
		 struct err *e)
{
	own_checkout_list struct checkout_list a = {.n = 0};
	own_checkout_list struct checkout_list b = {.n = 0};

	if (old && checkout_list(s->k, old, shown(s), TREESYNC_ENTRIES_MAX, &a, e) < 0) {
		s->old_lost = true;
		return -1;
	}
	if (new && list_new(s, new, &b, e) < 0)
		return -1;
	for (size_t i = 0, j = 0; i < a.n || j < b.n;) {
		int order = i == a.n ? 1 : j == b.n ? -1 : strcmp(a.v[i].name, b.v[j].name);
		const struct checkout_entry *was = order <= 0 ? &a.v[i++] : NULL;
		const struct checkout_entry *is = order >= 0 ? &b.v[j++] : NULL;

		if ((fresh || !is_same(was, is)) && visit(s, dir, was, is, e) < 0)
			return -1;
	}
	return 0;
}

static int sync_from(struct sync *s, struct worktree *w, enum worktree_from from, struct worktree_state *state,
		     struct err *e)
{
	struct checkout *k = s->k;
	unsigned char id[CHECKOUT_ID_SIZE];
	bool has_old = from == WORKTREE_FROM_STATE && checkout_id_parse(state->tree, id);
	own_fd int src = -1;
	bool fresh;

	*s = (struct sync){.k = k};
	src = worktree_begin(w, from, &fresh, e);
	if (src < 0)
		return -1;
	if (!has_old)
		state->files = 0;
	if ((fresh || !has_old || memcmp(id, checkout_tree_id(k), sizeof(id)) != 0) &&
	    merge(s, src, has_old ? id : NULL, checkout_tree_id(k), fresh, e) < 0)
		return -1;
	if (s->modules > 1)
		fprintf(stderr, "hornero: %llu more submodules stay empty\n", (unsigned long long)s->modules - 1);
	state->files = state->files + s->added - s->done.removed;
	s->done.kept = state->files - s->done.written;
	snprintf(state->tree, sizeof(state->tree), "%s", checkout_tree(k));
	return worktree_end(w, state, e);
}

int treesync_run(struct checkout *k, const char *work, bool clean, struct treesync_done *out, struct err *e)
{
	struct worktree_state state = {.files = 0};
	own_free struct sync *s = calloc(1, sizeof(*s));
	struct worktree w;
	enum worktree_from from;
	int rc;

	if (!s)
		return err_set(e, ERR_NOBODY, "out of memory");
	if (worktree_open(&w, work, e) < 0)
		return -1;
	s->k = k;
	from = clean ? WORKTREE_FROM_CLEAN : worktree_state(&w, &state) ? WORKTREE_FROM_STATE : WORKTREE_FROM_NOTHING;
	rc = sync_from(s, &w, from, &state, e);
	if (rc < 0 && s->old_lost)
		rc = sync_from(s, &w, WORKTREE_FROM_NOTHING, &state, e);
	worktree_close(&w);
	if (rc == 0)
		*out = s->done;
	return rc;
}
