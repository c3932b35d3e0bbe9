/*
 * checkout: reading a bare repository for a build. All of libgit2 that builds need is behind this header.
 *
 *     checkout_open(&k, repo, ref, subdir, e)      the commit, and the tree below the image's subdirectory
 *     checkout_repofile(k, &file, e)               what .hornero.yaml in that tree says
 *     checkout_builder(k, &choice, name, e)        which builder, by what is in that tree
 *     checkout_list(k, id, path, max, &list, e)    the entries of a tree
 *     checkout_blob_each(k, id, path, max, take, arg, e)
 *     checkout_attributes(k, path, &attributes, e)   what the commit's .gitattributes say of a path
 *     checkout_close(k)
 *
 * The repository is only read, whoever owns it. Objects are as they were pushed: what may become of a
 * name or a mode is for treesync.h to decide.
 */
#ifndef HORNERO_AGENT_SANDBOXED_CHECKOUT_CHECKOUT_H
#define HORNERO_AGENT_SANDBOXED_CHECKOUT_CHECKOUT_H

#include "agent/sandboxed/checkout/convert.h"
#include "conf/repofile.h"
#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The repository's name in the sandbox of a checkout; agent/build/build_checkout.c puts its real path into the words. */
#define CHECKOUT_REPO "/repo.git"

struct checkout;

enum {
	CHECKOUT_ID_SIZE = 20,      /* bytes of an object id; libgit2 1.5 knows SHA-1 only */
	CHECKOUT_HEX = 40,
	CHECKOUT_BUILDER_MAX = 32, /* characters of a builder's name */
};

/* repo is the bare repository's directory; ref is a full name, taken as it is; subdir "" is the whole
 * tree. ERR_PUSHER where the ref or the subdirectory is gone, ERR_OPERATOR where the repository is broken. */
int checkout_open(struct checkout **out, const char *repo, const char *ref, const char *subdir, struct err *e);
void checkout_close(struct checkout *k);

/* Object ids in hexadecimal; valid until checkout_close. */
const char *checkout_commit(const struct checkout *k);
const char *checkout_tree(const struct checkout *k);

struct checkout_detect {
	const char *builder;
	const char *file; /* below the subdirectory; may hold slashes */
};

/* All empty where the tree has no .hornero.yaml. ERR_PUSHER with its line and column. */
int checkout_repofile(struct checkout *k, struct repofile *out, struct err *e);

/* Who decides: `named` (by the image file or by .hornero.yaml; NULL or "" where nobody did), else the first of detect
 * whose file is there. */
struct checkout_choice {
	const char *named;
	const struct checkout_detect *detect;
	size_t n;
};

/* ERR_PUSHER names every file that was looked for. */
int checkout_builder(struct checkout *k, const struct checkout_choice *by, char out[CHECKOUT_BUILDER_MAX + 1],
		     struct err *e);

struct checkout_entry {
	const char *name;        /* one component, as pushed */
	size_t len;
	unsigned int mode;       /* git's: 0100644, 0100755, 0120000, 0040000, 0160000, or whatever was pushed */
	unsigned char id[CHECKOUT_ID_SIZE];
};

struct checkout_list {
	struct checkout_entry *v; /* sorted by name as strcmp does; a hostile tree may hold one twice */
	size_t n;
	void *tree;               /* keeps the names */
};

/* The entries of tree `id`, freed by checkout_list_free. path is for messages. ERR_PUSHER where it is
 * malformed or has more than max entries, ERR_OPERATOR where it is not there. */
int checkout_list(struct checkout *k, const unsigned char *id, const char *path, size_t max,
		  struct checkout_list *out, struct err *e);
void checkout_list_free(struct checkout_list *list);

/* Id of the tree of checkout_tree(); and of a hexadecimal id (false: it is none). */
const unsigned char *checkout_tree_id(const struct checkout *k);
bool checkout_id_parse(const char *hex, unsigned char out[CHECKOUT_ID_SIZE]);

/* Hand the blob to `take`, piece by piece, until that returns -1. More than max bytes is ERR_PUSHER, before any is read.
 * A large one is streamed where it lies loose; a packed one is held in memory whole (libgit2 1.5). */
int checkout_blob_each(struct checkout *k, const unsigned char *id, const char *path, uint64_t max,
		       int (*take)(void *arg, const void *data, size_t len, struct err *e), void *arg, struct err *e);

struct checkout_attributes {
	struct convert convert;
	char filter[64]; /* the name of a filter driver, "" where there is none */
};

/* path: below the subdirectory. ERR_PUSHER where an attribute makes no sense. */
int checkout_attributes(struct checkout *k, const char *path, struct checkout_attributes *out, struct err *e);

/* Digest of the .gitattributes above the subdirectory, and of its name, since their patterns are matched with the path from
 * the top; "" where there is none above. What lies in the subdirectory is in the tree's id. */
const char *checkout_above(const struct checkout *k);

/* The blob as a string, the caller's to free. A NUL byte in it is ERR_PUSHER. */
int checkout_blob_text(struct checkout *k, const unsigned char *id, const char *path, size_t max, char **out,
		       struct err *e);

static inline void checkout_end(struct checkout **k)
{
	checkout_close(*k);
}
#define own_checkout_list __attribute__((cleanup(checkout_list_free)))
#define own_checkout __attribute__((cleanup(checkout_end)))

#endif
