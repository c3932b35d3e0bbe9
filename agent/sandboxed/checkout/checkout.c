/* checkout: DIAGNOSTICS: ERR_PUSHER if something pushed has been removed, is malformed or is too
 * large, ERR_OPERATOR if the repository is damaged or unreadable, ERR_NOBODY if disk or memory is
 * full. */
#include "agent/sandboxed/checkout/checkout_inner.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(CHECKOUT_ID_SIZE == GIT_OID_RAWSZ && CHECKOUT_HEX == GIT_OID_HEXSZ,
	       "object ids are SHA-1");
_Static_assert(sizeof(((struct repofile *)0)->builder) == CHECKOUT_BUILDER_MAX + 1,
	       "a builder's name fits");

static void tree_end(git_tree **t)
{
	git_tree_free(*t);
}
#define own_tree __attribute__((cleanup(tree_end)))

/* Ignores the configuration of users and the system, and accepts a repository of user git although
 * we do not own it. Loading certificates takes 6 of the 7 ms that libgit2 needs to start; the
 * sandbox omits /etc/ssl because we never need them. */
static int start_git(struct err *e)
{
	if (git_libgit2_init() < 0)
		return checkout_fail(e, "cannot start", "libgit2");
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	for (int level = GIT_CONFIG_LEVEL_PROGRAMDATA; level <= GIT_CONFIG_LEVEL_GLOBAL; level++)
		git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
	return 0;
}

static int find_commit(struct checkout *k, const char *ref, git_commit **out, struct err *e)
{
	git_reference *found = NULL, *direct = NULL;
	int rc = git_reference_lookup(&found, k->repo, ref);
	char hex[CHECKOUT_HEX + 1] = "?";
	bool is_lost = false;

	if (rc == 0)
		rc = git_reference_resolve(&direct, found);
	if (rc == 0) {
		rc = git_reference_peel((git_object **)out, direct, GIT_OBJECT_COMMIT);
		/* A tag of a blob: libgit2 1.5 calls that an invalid name. */
		rc = rc == GIT_EINVALIDSPEC ? GIT_EPEEL : rc;
		is_lost = rc == GIT_ENOTFOUND;
		if (git_reference_target(direct))
			git_oid_tostr(hex, sizeof(hex), git_reference_target(direct));
	}
	git_reference_free(found);
	git_reference_free(direct);
	/* The ref exists, so its object was pushed and lost later: the operator's fault. */
	if (is_lost) {
		own_free char *what = fs_path("the object %s is missing or damaged: cannot read "
					      "the commit that was pushed to", hex);

		return checkout_fail(e, what, ref);
	}
	if (rc == GIT_ENOTFOUND)
		return err_set(e, ERR_PUSHER, "%s no longer exists in the repository; push it "
			       "again", ref);
	if (rc == GIT_EINVALIDSPEC)
		return err_set(e, ERR_PUSHER, "%s is not a full ref name such as refs/heads/main",
			       ref);
	if (rc == GIT_EPEEL)
		return err_set(e, ERR_PUSHER, "%s is not a commit; push a commit there", ref);
	return rc < 0 ? checkout_fail(e, "cannot read the ref", ref) : 0;
}

static int find_tree(struct checkout *k, const git_commit *commit, const char *subdir,
		     struct err *e)
{
	own_tree git_tree *root = NULL;
	git_tree_entry *entry = NULL;
	int rc = git_commit_tree(&root, commit);

	if (rc == 0 && *subdir == '\0') {
		k->tree = steal_ptr(&root);
		return 0;
	}
	if (rc == 0)
		rc = git_tree_entry_bypath(&entry, root, subdir);
	if (rc == 0 && git_tree_entry_type(entry) != GIT_OBJECT_TREE)
		rc = GIT_ENOTFOUND;
	if (rc == 0)
		rc = git_tree_lookup(&k->tree, k->repo, git_tree_entry_id(entry));
	git_tree_entry_free(entry);
	if (rc == GIT_ENOTFOUND && root)
		return err_set(e, ERR_PUSHER, "commit %.12s has no directory %s; push it, or set "
			       "the image's subdir", k->commit_hex, subdir);
	return rc < 0 ? checkout_fail(e, "cannot read the tree of commit", k->commit_hex)
		      : checkout_look_above(k, root, e);
}

/* Explains an error that alternates may cause: the sandbox contains one repository, and nothing
 * that it borrows from. */
static int blame_alternates(const char *repo, struct err *e)
{
	own_free char *path = fs_path("%s/objects/info/alternates", repo);

	if (e->class != ERR_OPERATOR || access(path, F_OK) < 0)
		return -1;
	return err_wrap(e, "%s makes the repository borrow objects that builds do not see (`git "
			"repack -a -d` there, then remove that file)", path);
}

int checkout_open(struct checkout **out, const char *repo, const char *ref, const char *subdir,
		  struct err *e)
{
	own_checkout struct checkout *k = NULL;
	git_commit *commit = NULL;
	int rc;

	if (start_git(e) < 0)
		return -1;
	k = calloc(1, sizeof(*k));
	if (!k)
		return err_set(e, ERR_NOBODY, "out of memory");
	if (git_repository_open_bare(&k->repo, repo) < 0 ||
	    git_repository_odb(&k->odb, k->repo) < 0) {
		checkout_fail(e, "cannot open the repository", repo);
		return blame_alternates(repo, e);
	}
	k->subdir = fs_path("%s", subdir);
	k->where = fs_path("%s%s%s", ref, *subdir ? ":" : "", subdir);
	if (find_commit(k, ref, &commit, e) < 0)
		return blame_alternates(repo, e);
	k->commit = *git_commit_id(commit);
	git_oid_tostr(k->commit_hex, sizeof(k->commit_hex), &k->commit);
	rc = find_tree(k, commit, subdir, e);
	git_commit_free(commit);
	if (rc < 0)
		return blame_alternates(repo, e);
	git_oid_tostr(k->tree_hex, sizeof(k->tree_hex), git_tree_id(k->tree));
	*out = steal_ptr(&k);
	return 0;
}

void checkout_close(struct checkout *k)
{
	if (!k)
		return;
	git_tree_free(k->tree);
	git_repository_free(k->plain);
	git_odb_free(k->odb);
	git_repository_free(k->repo);
	free(k->subdir);
	free(k->inside);
	free(k->where);
	free(k);
}

const char *checkout_commit(const struct checkout *k)
{
	return k->commit_hex;
}

const char *checkout_tree(const struct checkout *k)
{
	return k->tree_hex;
}

/* Checks the size before the object is unpacked: a few pushed bytes may become gigabytes. */
static int check_size(struct checkout *k, const git_oid *id, const char *path, git_object_t want,
		      uint64_t max, size_t *size, struct err *e)
{
	git_object_t type;

	if (git_odb_read_header(size, &type, k->odb, id) < 0)
		return checkout_fail(e, "cannot read", path);
	if (type != want)
		return err_set(e, ERR_PUSHER, "%s is a %s where its tree says %s; push a sound "
			       "tree (git fsck finds it)", path, git_object_type2string(type),
			       git_object_type2string(want));
	if (*size > max)
		return err_set(e, ERR_PUSHER, "%s has %zu bytes; at most %llu are allowed", path,
			       *size, (unsigned long long)max);
	return 0;
}

int checkout_blob_text(struct checkout *k, const unsigned char *id, const char *path, size_t max,
		       char **out, struct err *e)
{
	own_free char *text = NULL;
	git_odb_object *obj = NULL;
	size_t size;
	git_oid oid;

	git_oid_fromraw(&oid, id);
	if (check_size(k, &oid, path, GIT_OBJECT_BLOB, max, &size, e) < 0)
		return -1;
	if (git_odb_read(&obj, k->odb, &oid) < 0)
		return checkout_fail(e, "cannot read", path);
	text = strndup(git_odb_object_data(obj), git_odb_object_size(obj));
	git_odb_object_free(obj);
	if (!text)
		return err_set(e, ERR_NOBODY, "out of memory for %s", path);
	if (strlen(text) != size)
		return err_set(e, ERR_PUSHER, "%s holds a NUL byte; take it out", path);
	*out = steal_ptr(&text);
	return 0;
}

int checkout_repofile(struct checkout *k, struct repofile *out, struct err *e)
{
	const git_tree_entry *entry = git_tree_entry_byname(k->tree, REPOFILE_NAME);
	own_free char *text = NULL;

	*out = (struct repofile){0};
	if (!entry)
		return 0;
	if (!S_ISREG(git_tree_entry_filemode_raw(entry)))
		return err_set(e, ERR_PUSHER, "%s must be a plain file, not a link or a directory",
			       REPOFILE_NAME);
	if (checkout_blob_text(k, git_tree_entry_id(entry)->id, REPOFILE_NAME, REPOFILE_MAX, &text,
			       e) < 0)
		return -1;
	return repofile_parse(REPOFILE_NAME, text, strlen(text), out, e);
}

static bool has_file(void *checkout, const char *path)
{
	struct checkout *k = checkout;
	git_tree_entry *entry = NULL;
	bool found = git_tree_entry_bypath(&entry, k->tree, path) == 0 &&
		     git_tree_entry_type(entry) == GIT_OBJECT_BLOB;

	git_tree_entry_free(entry);
	return found;
}

int checkout_builder(struct checkout *k, const struct checkout_choice *by,
		     char out[CHECKOUT_BUILDER_MAX + 1], struct err *e)
{
	const struct detect_file *found = NULL;
	const char *name = by->named;

	if (!name || !*name) {
		if (detect_builder(&by->detect, k->where, has_file, k, &found, e) < 0)
			return -1;
		name = found->builder;
	}
	snprintf(out, CHECKOUT_BUILDER_MAX + 1, "%s", name);
	return 0;
}

const unsigned char *checkout_tree_id(const struct checkout *k)
{
	return git_tree_id(k->tree)->id;
}

bool checkout_id_parse(const char *hex, unsigned char out[CHECKOUT_ID_SIZE])
{
	git_oid oid;

	if (strlen(hex) != CHECKOUT_HEX || git_oid_fromstr(&oid, hex) < 0)
		return false;
	memcpy(out, oid.id, CHECKOUT_ID_SIZE);
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct checkout_entry *)a)->name,
		      ((const struct checkout_entry *)b)->name);
}

/* Git sorts a directory as if its name ended in a slash, and a hostile tree may be unsorted. Most
 * trees are in our order already. */
static void sort_entries(struct checkout_entry *v, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (by_name(&v[i - 1], &v[i]) > 0) {
			qsort(v, n, sizeof(*v), by_name);
			return;
		}
}

int checkout_list(struct checkout *k, const unsigned char *id, const char *path, size_t max,
		  struct checkout_list *out, struct err *e)
{
	enum { ENTRY_BYTES_MAX = 7 + 1 + 255 + 1 + CHECKOUT_ID_SIZE };
	own_checkout_list struct checkout_list list = {.n = 0};
	git_tree *tree = NULL;
	git_oid oid;
	size_t size;

	git_oid_fromraw(&oid, id);
	if (check_size(k, &oid, path, GIT_OBJECT_TREE, (uint64_t)max * ENTRY_BYTES_MAX, &size,
		       e) < 0)
		return -1;
	if (git_tree_lookup(&tree, k->repo, &oid) < 0)
		return checkout_fail(e, "cannot read the directory", path);
	list.tree = tree;
	list.n = git_tree_entrycount(tree);
	if (list.n > max)
		return err_set(e, ERR_PUSHER, "%s brings more entries than are allowed", path);
	list.v = calloc(list.n + 1, sizeof(*list.v));
	if (!list.v)
		return err_set(e, ERR_NOBODY, "out of memory for %s", path);
	for (size_t i = 0; i < list.n; i++) {
		const git_tree_entry *from = git_tree_entry_byindex(tree, i);
		struct checkout_entry *to = &list.v[i];

		to->name = git_tree_entry_name(from);
		to->len = strlen(to->name);
		to->mode = (unsigned int)git_tree_entry_filemode_raw(from);
		memcpy(to->id, git_tree_entry_id(from)->id, sizeof(to->id));
	}
	sort_entries(list.v, list.n);
	*out = list;
	list = (struct checkout_list){.n = 0};
	return 0;
}

void checkout_list_free(struct checkout_list *list)
{
	git_tree_free(list->tree);
	free(list->v);
	*list = (struct checkout_list){.n = 0};
}

struct sink {
	int (*take)(void *arg, const void *data, size_t len, struct err *e);
	void *arg;
};

/* Returns 1 if done, 0 if the object is packed and cannot be streamed, -1 on error. */
static int stream_blob(struct checkout *k, const git_oid *oid, const char *path, size_t size,
		       const struct sink *to, struct err *e)
{
	enum { CHUNK = 1 << 18 };
	git_odb_stream *stream = NULL;
	own_free char *buf = NULL;
	git_object_t type;
	size_t stored, left = size;
	int rc = 1;

	if (git_odb_open_rstream(&stream, &stored, &type, k->odb, oid) < 0)
		return 0;
	buf = malloc(CHUNK);
	if (!buf)
		rc = err_set(e, ERR_NOBODY, "out of memory for %s", path);
	while (rc > 0 && left > 0) {
		int n = git_odb_stream_read(stream, buf, CHUNK);

		if (n <= 0 || (size_t)n > left)
			rc = checkout_fail(e, "cannot read all of", path);
		else if (to->take(to->arg, buf, (size_t)n, e) < 0)
			rc = -1;
		else
			left -= (size_t)n;
	}
	git_odb_stream_free(stream);
	return rc;
}

int checkout_blob_each(struct checkout *k, const unsigned char *id, const char *path, uint64_t max,
		       int (*take)(void *arg, const void *data, size_t len, struct err *e),
		       void *arg, struct err *e)
{
	enum { STREAM_MIN = 4 << 20 };
	const struct sink to = {take, arg};
	git_odb_object *obj = NULL;
	git_oid oid;
	size_t size;
	int rc = 0;

	git_oid_fromraw(&oid, id);
	if (check_size(k, &oid, path, GIT_OBJECT_BLOB, max, &size, e) < 0)
		return -1;
	if (size >= STREAM_MIN)
		rc = stream_blob(k, &oid, path, size, &to, e);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (git_odb_read(&obj, k->odb, &oid) < 0)
		return checkout_fail(e, "cannot read", path);
	rc = take(arg, git_odb_object_data(obj), git_odb_object_size(obj), e);
	git_odb_object_free(obj);
	return rc;
}
