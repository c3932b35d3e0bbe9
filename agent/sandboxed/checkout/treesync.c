/* treesync: DIAGNOSTICS: ERR_PUSHER if a pushed name, mode or size cannot become a file (the
 * message names the path), else as checkout.h and worktree.h. A submodule is a warning on standard
 * error. */
#include "agent/sandboxed/checkout/treesync.h"

#include "agent/sandboxed/checkout/pathglob.h"
#include "agent/sandboxed/checkout/smudge.h"
#include "agent/sandboxed/checkout/treeindex.h"
#include "agent/sandboxed/checkout/treename.h"
#include "agent/sandboxed/checkout/worktree.h"
#include "lib/escape.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

enum { MODE_MODULE = 0160000 };
_Static_assert((int)TREESYNC_DEPTH_MAX == (int)TREEINDEX_DEPTH_MAX &&
		       (int)CHECKOUT_ID_SIZE == (int)TREEINDEX_ID,
	       "a record holds any tree");

struct sync {
	struct checkout *k;
	const struct treesync_how *how;
	struct treeindex_in in;
	struct treeindex_out out;
	bool path_named;  /* the message names its path */
	bool again; /* start clean: done.why names the change that rules out an incremental run */
	int depth;
	/* all settings besides the tree that decide the bytes of src */
	char rules[TREEINDEX_RULES_MAX + 1];
	struct smudge smudge;
	uint64_t entries, bytes;
	struct treesync_done done;
	size_t len;
	char path[PATH_MAX];
};

/* The directory being walked. */
struct level {
	int fd;
	bool known; /* the record has it: s->in is inside it */
};

static int merge(struct sync *s, const struct level *at, const unsigned char *tree, struct err *e);

/* Returns the end of the path, so that the rest of the message has room. */
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

/* Abandons this run; treesync_run then starts again, clean. */
static int start_clean(struct sync *s, const char *path, const char *what)
{
	char text[4 * 200 + 1];

	escape_text(text, sizeof(text), path, strlen(path), ESCAPE_LINE);
	snprintf(s->done.why, sizeof(s->done.why), "%.*s %s", (int)(sizeof(s->done.why) - 40), text,
		 what);
	s->again = true;
	return -1;
}

/* Returns how the path changed if a tool that compares times would miss it, else NULL. */
static const char *reason_for_clean(const struct sync *s, const struct treeindex_entry *was,
				    const struct checkout_entry *is)
{
	if (was && (was->mode & S_IFMT) != (is->mode & S_IFMT))
		return "became something else";
	if (was && S_ISLNK(is->mode))
		return "leads elsewhere";
	if (was && S_ISREG(is->mode) && ((was->mode ^ is->mode) & 0100))
		return "has another mode";
	if (!is_leaf(is))
		return NULL;
	for (const char *const *when = s->how->when; when && *when; when++)
		if (pathglob_matches(*when, checkout_inside(s->k, s->path)))
			return "changed";
	return strcmp(is->name, ".gitattributes") == 0 ? "changed" : NULL;
}

static int check_entry(const struct sync *s, const struct checkout_entry *t, struct err *e)
{
	const char *why = treename_refuse(t->name, t->len);

	if (why)
		return err_set(e, ERR_PUSHER, "%s: the name %s; take it out of the commit",
			       shown(s), why);
	if (!is_leaf(t) && !is_dir(t) && !is_module(t))
		return err_set(e, ERR_PUSHER, "%s has mode %06o; only files, links and directories "
			       "can be checked out", shown(s), t->mode);
	return 0;
}

struct target {
	struct sync *s;
	int fd;
	uint64_t at;
	bool differs;
};

static int take_written(void *arg, const void *data, size_t len, struct err *e)
{
	struct target *to = arg;

	if (fs_write_all(to->fd, data, len) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot write %s", shown(to->s));
	to->s->bytes += len;
	return 0;
}

static int take_compared(void *arg, const void *data, size_t len, struct err *e)
{
	struct target *to = arg;
	own_free char *here = malloc(len + 1);

	if (!here)
		return err_set(e, ERR_NOBODY, "out of memory for %s", shown(to->s));
	if (fs_pread(to->fd, here, len, (int64_t)to->at) != (ssize_t)len ||
	    memcmp(here, data, len) != 0)
		to->differs = true;
	to->at += len;
	return 0;
}

static int write_file(struct sync *s, int dir, const struct checkout_entry *t, struct stat *st,
		      struct err *e)
{
	uint64_t left = TREESYNC_BYTES_MAX - s->bytes;
	uint64_t max = left < TREESYNC_FILE_MAX ? left : TREESYNC_FILE_MAX;
	own_fd int fd = worktree_file(dir, t->name, (t->mode & 0100) != 0, e);
	struct target to = {.s = s, .fd = fd};

	if (fd < 0 || smudge_each(&s->smudge, t->id, s->path, max, take_written, &to, e) < 0)
		return -1;
	return fstat(fd, st) < 0 ? err_sys(e, ERR_OPERATOR, "cannot stat %s", shown(s)) : 0;
}

static int write_link(struct sync *s, int dir, const struct checkout_entry *t, struct stat *st,
		      struct err *e)
{
	own_free char *target = NULL;

	if (checkout_blob_text(s->k, t->id, shown(s), PATH_MAX - 1, &target, e) < 0)
		return -1;
	if (*target == '\0')
		return err_set(e, ERR_PUSHER, "%s is a link to nothing; give it a target",
			       shown(s));
	if (worktree_link(dir, t->name, target, e) < 0)
		return -1;
	return fstatat(dir, t->name, st, AT_SYMLINK_NOFOLLOW) < 0
		       ? err_sys(e, ERR_OPERATOR, "cannot stat %s", shown(s))
		       : 0;
}

static int write_module(struct sync *s, int dir, const struct checkout_entry *t, struct err *e)
{
	own_fd int fd = -1;

	if (smudge_module(&s->smudge, shown(s), e) < 0)
		return -1;
	fd = worktree_enter(dir, t->name, e);
	return fd < 0 ? -1 : 0;
}

/* Compares the bytes of a file whose stat may hide a change. Returns 1 if they are the tree's, 0 if
 * they differ, -1 on error. */
static int has_bytes(struct sync *s, int dir, const struct checkout_entry *t, struct err *e)
{
	own_free char *target = NULL;
	char here[PATH_MAX];
	own_fd int fd = -1;
	struct target to = {.s = s};

	if (S_ISLNK(t->mode)) {
		ssize_t n = readlinkat(dir, t->name, here, sizeof(here) - 1);

		here[n < 0 ? 0 : n] = '\0';
		if (checkout_blob_text(s->k, t->id, shown(s), PATH_MAX - 1, &target, e) < 0)
			return -1;
		return n > 0 && strcmp(here, target) == 0;
	}
	fd = fs_open_beneath(dir, t->name, O_RDONLY | O_NONBLOCK, 0);
	if (fd < 0)
		return 0;
	to.fd = fd;
	if (smudge_each(&s->smudge, t->id, s->path, TREESYNC_FILE_MAX, take_compared, &to, e) < 0)
		return -1;
	return !to.differs;
}

/* Returns 1 if the path is still as its record says, 0 if not, -1 on error. */
static int is_untouched(struct sync *s, int dir, const struct treeindex_entry *was,
			const struct checkout_entry *is, struct err *e)
{
	struct treeindex_stat now;
	struct stat st;

	if (fstatat(dir, is->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	now = treeindex_stat_of(&st);
	if (!treeindex_same(&now, &was->st))
		return 0;
	return treeindex_is_racy(&s->in, &now) ? has_bytes(s, dir, is, e) : 1;
}

/* was: the record if it has the same id and mode, else NULL. */
static int put_leaf(struct sync *s, int dir, const struct treeindex_entry *was,
		    const struct checkout_entry *is, struct err *e)
{
	int keep = was ? is_untouched(s, dir, was, is, e) : 0;
	struct treeindex_stat wrote;
	struct stat st;

	if (keep < 0)
		return -1;
	if (keep) {
		s->done.kept++;
		treeindex_add(&s->out, is->mode, is->id, is->name, is->len, &was->st);
		return 0;
	}
	if ((S_ISLNK(is->mode) ? write_link(s, dir, is, &st, e)
			       : write_file(s, dir, is, &st, e)) < 0)
		return -1;
	wrote = treeindex_stat_of(&st);
	s->done.written++;
	treeindex_add(&s->out, is->mode, is->id, is->name, is->len, &wrote);
	return 0;
}

static int put_directory(struct sync *s, const struct level *at, bool known,
			 const struct checkout_entry *is, struct err *e)
{
	struct level below = {.known = known};
	own_fd int fd = worktree_enter(at->fd, is->name, e);
	int rc;

	if (fd < 0)
		return -1;
	if (s->depth >= TREESYNC_DEPTH_MAX)
		return err_set(e, ERR_PUSHER, "%s lies more than %d directories deep; flatten it",
			       shown(s), TREESYNC_DEPTH_MAX);
	below.fd = fd;
	treeindex_add(&s->out, is->mode, is->id, is->name, is->len, NULL);
	s->depth++;
	rc = merge(s, &below, is->id, e);
	s->depth--;
	treeindex_up(&s->out);
	return rc;
}

/* was: the record of this name, or NULL. */
static int apply(struct sync *s, const struct level *at, const struct treeindex_entry *was,
		 const struct checkout_entry *is, struct err *e)
{
	bool same = was && was->mode == is->mode && memcmp(was->id, is->id, sizeof(is->id)) == 0;
	const char *why;

	if (check_entry(s, is, e) < 0)
		return -1;
	why = s->in.f && !same ? reason_for_clean(s, was, is) : NULL;
	if (why)
		return start_clean(s, s->path, why);
	if (was)
		treeindex_next(&s->in);
	if (is_dir(is))
		return put_directory(s, at, was, is, e);
	if (is_leaf(is))
		return put_leaf(s, at->fd, same ? was : NULL, is, e);
	treeindex_add(&s->out, is->mode, is->id, is->name, is->len, NULL);
	return write_module(s, at->fd, is, e);
}

/* Calls apply with the name appended to s->path. */
static int visit(struct sync *s, const struct level *at, const struct treeindex_entry *was,
		 const struct checkout_entry *is, struct err *e)
{
	size_t before = s->len;
	int rc;

	if (s->len + is->len + 2 > sizeof(s->path))
		return err_set(e, ERR_PUSHER, "the path …%s/… is longer than %zu bytes; shorten it",
			       shown(s), sizeof(s->path) - 1);
	if (s->len > 0)
		s->path[s->len++] = '/';
	memcpy(s->path + s->len, is->name, is->len + 1);
	s->len += is->len;
	rc = apply(s, at, was, is, e);
	if (rc < 0 && e->sys != 0 && !s->path_named) {
		err_wrap(e, "in %s", shown(s));
		s->path_named = true;
	}
	s->len = before;
	s->path[before] = '\0';
	return rc;
}

static int list_new(struct sync *s, const unsigned char *id, struct checkout_list *list,
		    struct err *e)
{
	if (checkout_list(s->k, id, shown(s), TREESYNC_ENTRIES_MAX - s->entries, list, e) < 0)
		return -1;
	s->entries += list->n;
	for (size_t i = 1; i < list->n; i++)
		if (strcmp(list->v[i - 1].name, list->v[i].name) == 0)
			return err_set(e, ERR_PUSHER, "%s holds %s twice; push a sound tree (git "
				       "fsck finds it)", shown(s), list->v[i].name);
	return 0;
}

static int start_clean_without(struct sync *s, const struct treeindex_entry *was)
{
	own_free char *path = fs_path("%s%s%s", s->path, s->len ? "/" : "", was->name);

	return start_clean(s, path, "was removed");
}

static bool has_attributes(const struct checkout_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i].name, ".gitattributes") == 0)
			return true;
	return false;
}

static int merge_list(struct sync *s, const struct level *at, const struct checkout_list *list,
		      struct err *e)
{
	const struct treeindex_entry *was;

	for (size_t i = 0; i < list->n; i++) {
		const struct checkout_entry *is = &list->v[i];
		int order;

		was = at->known ? treeindex_peek(&s->in) : NULL;
		order = was ? strcmp(was->name, is->name) : 1;
		if (order < 0)
			return start_clean_without(s, was);
		if (visit(s, at, order == 0 ? was : NULL, is, e) < 0)
			return -1;
	}
	if (!at->known)
		return 0;
	was = treeindex_peek(&s->in);
	if (was)
		return start_clean_without(s, was);
	if (s->depth > 0)
		treeindex_leave(&s->in);
	return s->in.broken ? start_clean(s, "the record of the checkout", "is damaged") : 0;
}

/* Turns a directory into `tree`. */
static int merge(struct sync *s, const struct level *at, const unsigned char *tree, struct err *e)
{
	own_checkout_list struct checkout_list list = {.n = 0};
	bool says;
	int rc;

	if (list_new(s, tree, &list, e) < 0)
		return -1;
	says = has_attributes(&list);
	s->smudge.here += says;
	rc = merge_list(s, at, &list, e);
	s->smudge.here -= says;
	return rc;
}

static int sync_src(struct sync *s, struct worktree *w, struct err *e)
{
	struct level top = {.known = s->in.f};
	own_fd int src = worktree_begin(w, !top.known, e);

	if (src < 0)
		return -1;
	top.fd = src;
	s->done.clean = !top.known;
	if (treeindex_create(&s->out, w->dir, e) < 0 ||
	    merge(s, &top, checkout_tree_id(s->k), e) < 0)
		return -1;
	smudge_end(&s->smudge);
	return treeindex_finish(&s->out, w->boot, checkout_tree(s->k), s->rules, e);
}

/* One attempt. clean: start from nothing. */
static int sync_once(struct sync *s, struct worktree *w, struct checkout *k,
		     const struct treesync_how *how, bool clean, struct err *e)
{
	int rc;

	*s = (struct sync){.k = k, .how = how};
	s->smudge = (struct smudge){.k = k, .on_missing = how->on_missing,
				    .here = *checkout_above(k) != '\0'};
	snprintf(s->rules, sizeof(s->rules), "%d%s", (int)how->on_missing, checkout_above(k));
	if (clean || !treeindex_open(&s->in, w->dir, w->boot) || strcmp(s->in.rules, s->rules) != 0)
		treeindex_close(&s->in);
	rc = sync_src(s, w, e);
	treeindex_close(&s->in);
	treeindex_abandon(&s->out);
	return rc;
}

int treesync_run(struct checkout *k, const char *work, const struct treesync_how *how,
		 struct treesync_done *out, struct err *e)
{
	own_free struct sync *s = calloc(1, sizeof(*s));
	struct worktree w;
	int rc;

	if (!s)
		return err_set(e, ERR_NOBODY, "out of memory");
	if (worktree_open(&w, work, e) < 0)
		return -1;
	rc = sync_once(s, &w, k, how, how->clean, e);
	if (rc < 0 && s->again) {
		struct treesync_done first = s->done;

		rc = sync_once(s, &w, k, how, true, e);
		memcpy(s->done.why, first.why, sizeof(first.why));
	}
	worktree_close(&w);
	if (rc == 0)
		*out = s->done;
	return rc;
}
