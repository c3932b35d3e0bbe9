/* checkout_also: the tree of an image that sees other paths of its repository, too.
 *
 * It holds the image's subdirectory and these paths at their places, and nothing else but the
 * .gitattributes on the way to them, whose patterns apply below. No repository has this tree, so it
 * is made in memory; its id stands for all of it.
 *
 * DIAGNOSTICS: ERR_PUSHER if the commit does not have a path, else as checkout.c. */
#include "agent/sandboxed/checkout/checkout_inner.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <git2/sys/mempack.h>
#include <git2/sys/odb_backend.h>
#include <string.h>

enum { MEMORY_PRIORITY = 1000 /* above the repository's own store, which is read-only */ };

static int pick(struct checkout *k, const git_tree *tree, const char *const *paths, size_t n,
		git_oid *out, struct err *e);

static bool begins_with(const char *path, const char *name, size_t len)
{
	return strncmp(path, name, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* Adds the entry that the first component of paths[0] names: all of it if a path ends there, else
 * what the paths through it pick. */
static int pick_entry(struct checkout *k, const git_tree *tree, const char *const *paths, size_t n,
		      git_treebuilder *to, struct err *e)
{
	size_t len = strcspn(paths[0], "/"), nrests = 0;
	own_free char *name = fs_path("%.*s", (int)len, paths[0]);
	own_free const char **rests = calloc(n, sizeof(*rests));
	const git_tree_entry *entry = git_tree_entry_byname(tree, name);
	bool whole = false;
	git_tree *below = NULL;
	git_oid id;
	int rc;

	if (!rests)
		return err_set(e, ERR_NOBODY, "out of memory");
	for (size_t i = 0; i < n; i++)
		if (begins_with(paths[i], name, len)) {
			whole = whole || paths[i][len] == '\0';
			rests[nrests++] = paths[i] + len + 1;
		}
	if (!entry || (!whole && git_tree_entry_type(entry) != GIT_OBJECT_TREE))
		return err_set(e, ERR_PUSHER, "also: commit %.12s has no %s on the way to a path "
			       "that it names; correct %s", k->commit_hex, name, REPOFILE_NAME);
	if (whole) {
		id = *git_tree_entry_id(entry);
		rc = 0;
	} else {
		if (git_tree_lookup(&below, k->repo, git_tree_entry_id(entry)) < 0)
			return checkout_fail(e, "cannot read the directory", name);
		rc = pick(k, below, rests, nrests, &id, e);
		git_tree_free(below);
	}
	if (rc == 0 && git_treebuilder_insert(NULL, to, name, &id, git_tree_entry_filemode(entry)))
		rc = checkout_fail(e, "cannot add to a tree", name);
	return rc;
}

/* Makes a tree of what the paths pick from `tree`. Calls itself once for each component. */
static int pick(struct checkout *k, const git_tree *tree, const char *const *paths, size_t n,
		git_oid *out, struct err *e)
{
	const git_tree_entry *rules = git_tree_entry_byname(tree, ".gitattributes");
	git_treebuilder *to = NULL;
	int rc = 0;

	if (git_treebuilder_new(&to, k->repo, NULL) < 0 ||
	    (rules && git_treebuilder_insert(NULL, to, ".gitattributes", git_tree_entry_id(rules),
					     git_tree_entry_filemode(rules)) < 0))
		rc = checkout_fail(e, "cannot make a tree for", k->where);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		bool again = false;

		for (size_t j = 0; j < i; j++)
			again = again || begins_with(paths[j], paths[i], strcspn(paths[i], "/"));
		/* The first path through an entry looks at the later ones, too. */
		rc = again ? 0 : pick_entry(k, tree, paths + i, n - i, to, e);
	}
	if (rc == 0 && git_treebuilder_write(out, to) < 0)
		rc = checkout_fail(e, "cannot make a tree for", k->where);
	git_treebuilder_free(to);
	return rc;
}

static int use_memory(struct checkout *k, struct err *e)
{
	git_odb_backend *memory = NULL;

	if (git_mempack_new(&memory) < 0)
		return checkout_fail(e, "cannot make a tree for", k->where);
	if (git_odb_add_backend(k->odb, memory, MEMORY_PRIORITY) < 0) {
		memory->free(memory);
		return checkout_fail(e, "cannot make a tree for", k->where);
	}
	return 0;
}

int checkout_also(struct checkout *k, const struct repowords *words, struct err *e)
{
	const char *paths[REPOWORDS_LIST_MAX + 1] = {k->subdir};
	git_commit *commit = NULL;
	git_tree *root = NULL, *picked = NULL;
	const char *path = NULL;
	size_t n = 1;
	git_oid id;
	int rc = 0;

	while ((path = repowords_next(words, "also", path)))
		paths[n++] = path;
	if (n == 1 || !*k->subdir)
		return 0;
	if (use_memory(k, e) < 0)
		return -1;
	if (git_commit_lookup(&commit, k->repo, &k->commit) < 0 ||
	    git_commit_tree(&root, commit) < 0)
		rc = checkout_fail(e, "cannot read the tree of commit", k->commit_hex);
	if (rc == 0)
		rc = pick(k, root, paths, n, &id, e);
	if (rc == 0 && git_tree_lookup(&picked, k->repo, &id) < 0)
		rc = checkout_fail(e, "cannot read the tree for", k->where);
	git_tree_free(root);
	git_commit_free(commit);
	if (rc < 0)
		return -1;
	git_tree_free(k->tree);
	k->tree = picked;
	git_oid_tostr(k->tree_hex, sizeof(k->tree_hex), &id);
	k->above[0] = '\0'; /* the tree holds these files */
	k->inside = steal_ptr(&k->subdir);
	k->subdir = fs_path("%s", "");
	return 0;
}

const char *checkout_inside(const struct checkout *k, const char *path)
{
	size_t len = k->inside ? strlen(k->inside) : 0;

	return len > 0 && strncmp(path, k->inside, len) == 0 && path[len] == '/' ? path + len + 1
										   : path;
}
