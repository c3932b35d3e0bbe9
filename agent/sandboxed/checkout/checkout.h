/*
 * checkout: reads a bare repository for a build. Only the files behind this header use libgit2.
 *
 *     checkout_open(&k, repo, ref, subdir, e)        find the commit and its subdirectory's tree
 *     checkout_repofile(k, &file, e)                 parse the .hornero.yaml of that tree
 *     checkout_builder(k, &choice, name, e)          choose the builder by the files of that tree
 *     checkout_also(k, &file.words, e)               add paths outside the subdirectory
 *     checkout_locks(k, patterns, hex, e)            digest the files that decide what is fetched
 *     checkout_list(k, id, path, max, &list, e)      list the entries of a tree
 *     checkout_blob_each(k, id, path, max, take, arg, e)
 *     checkout_attributes(k, path, &attributes, e)   look a path up in the commit's .gitattributes
 *     checkout_close(k)
 *
 * The repository is never written, whoever owns it. Names and modes are returned as they were
 * pushed; treesync.h decides which of them may become files.
 */
#ifndef HORNERO_AGENT_SANDBOXED_CHECKOUT_CHECKOUT_H
#define HORNERO_AGENT_SANDBOXED_CHECKOUT_CHECKOUT_H

#include "agent/sandboxed/checkout/convert.h"
#include "conf/detect.h"
#include "conf/repofile.h"
#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The repository's path in the sandbox of a checkout; agent/build/build_checkout.c replaces it in
 * messages by the real path. */
#define CHECKOUT_REPO "/repo.git"

struct checkout;

enum {
	CHECKOUT_ID_SIZE = 20,      /* bytes of an object id; libgit2 1.5 supports SHA-1 only */
	CHECKOUT_HEX = 40,
	CHECKOUT_BUILDER_MAX = 32, /* characters of a builder's name */
};

/* Opens the bare repository in the directory repo. ref is a full name, used verbatim; an empty
 * subdir means the whole tree. Returns 0, or -1 on error: ERR_PUSHER if the ref or the subdirectory
 * does not exist, ERR_OPERATOR if the repository is damaged. */
int checkout_open(struct checkout **out, const char *repo, const char *ref, const char *subdir,
		  struct err *e);
void checkout_close(struct checkout *k);

/* Object ids in hexadecimal; valid until checkout_close. */
const char *checkout_commit(const struct checkout *k);
const char *checkout_tree(const struct checkout *k);

/* Fills *out, all empty if the tree has no .hornero.yaml. Returns 0, or -1 on error: ERR_PUSHER
 * with line and column. */
int checkout_repofile(struct checkout *k, struct repofile *out, struct err *e);

/* How to choose a builder: `named` if set (by the image file or .hornero.yaml; NULL or "" if
 * unset), else by the files of the tree (conf/detect.h). */
struct checkout_choice {
	const char *named;
	struct detect detect;
};

/* Returns 0, or -1 on error, as detect_builder. */
int checkout_builder(struct checkout *k, const struct checkout_choice *by,
		     char out[CHECKOUT_BUILDER_MAX + 1], struct err *e);

/* If words name paths besides the subdirectory (`also`), the tree becomes one that holds the
 * subdirectory and these paths at their places from the top of the repository. The builder is
 * chosen before. Returns 0, or -1 on error: ERR_PUSHER if the commit lacks a path. */
int checkout_also(struct checkout *k, const struct repowords *words, struct err *e);

/* Returns the path of a file of the tree as the image's directory knows it; a file outside keeps
 * its path. */
const char *checkout_inside(const struct checkout *k, const char *path);

struct checkout_entry {
	const char *name;        /* one component, as pushed */
	size_t len;
	/* git's: 0100644, 0100755, 0120000, 0040000, 0160000, or any other that was pushed */
	unsigned int mode;
	unsigned char id[CHECKOUT_ID_SIZE];
};

struct checkout_list {
	struct checkout_entry *v; /* sorted by strcmp; a hostile tree may repeat a name */
	size_t n;
	void *tree;               /* owns the names */
};

/* Lists the entries of tree `id`; free them with checkout_list_free. path is for messages. Returns
 * 0, or -1 on error: ERR_PUSHER if the tree is malformed or has more than max entries, ERR_OPERATOR
 * if it is missing. */
int checkout_list(struct checkout *k, const unsigned char *id, const char *path, size_t max,
		  struct checkout_list *out, struct err *e);
void checkout_list_free(struct checkout_list *list);

/* checkout_tree_id returns the binary id of checkout_tree(). checkout_id_parse converts a
 * hexadecimal id; it returns false if hex is none. */
const unsigned char *checkout_tree_id(const struct checkout *k);
bool checkout_id_parse(const char *hex, unsigned char out[CHECKOUT_ID_SIZE]);

/* Passes the blob to `take`, piece by piece, until `take` returns -1. A blob of more than max bytes
 * is ERR_PUSHER, before any byte is read. A large loose blob is streamed; a packed one is held in
 * memory whole (libgit2 1.5). */
int checkout_blob_each(struct checkout *k, const unsigned char *id, const char *path, uint64_t max,
		       int (*take)(void *arg, const void *data, size_t len, struct err *e),
		       void *arg, struct err *e);

struct checkout_attributes {
	struct convert convert;
	char filter[64]; /* name of a filter driver, "" if none */
};

/* path is relative to the subdirectory. Returns 0, or -1 on error: ERR_PUSHER if an attribute has
 * an invalid value. */
int checkout_attributes(struct checkout *k, const char *path, struct checkout_attributes *out,
			struct err *e);

/* Returns a digest of the .gitattributes files above the subdirectory and of its name, because
 * their patterns match the path from the top; "" if there are none above. The tree's id covers
 * those inside. */
const char *checkout_above(const struct checkout *k);

/* Fills out with a digest of the paths, modes and blobs of all files and links that match one of
 * the patterns (pathglob.h; NULL at the end), relative to the image's directory. Returns 0, or -1
 * on error: ERR_PUSHER if none matches. */
int checkout_locks(struct checkout *k, const char *const *patterns, char out[CHECKOUT_HEX + 1],
		   struct err *e);

/* Reads the blob as a string, which the caller frees. A blob with a NUL byte is ERR_PUSHER. */
int checkout_blob_text(struct checkout *k, const unsigned char *id, const char *path, size_t max,
		       char **out, struct err *e);

static inline void checkout_end(struct checkout **k)
{
	checkout_close(*k);
}
#define own_checkout_list __attribute__((cleanup(checkout_list_free)))
#define own_checkout __attribute__((cleanup(checkout_end)))

#endif
