/*
 * keyring: who may do what with which repository: the keys of a node, one a line, in the syntax of OpenSSH's
 * authorized_keys with options of our own.
 *
 *     # people
 *     name="alice",write="shop-*" ssh-ed25519 AAAA… alice@laptop
 *     name="bob",read="*",write="shop-web:refs/heads/bob-*" sk-ssh-ed25519@openssh.com AAAA… bob
 *     name="carol",admin="shop-*",ids="2b7e1516-*" ssh-ed25519 AAAA…
 *     name="deploy-web",read="shop-web" ssh-ed25519 AAAA…
 *
 *     own_keyring struct keyring *ring = NULL;
 *     if (keyring_load(c->keys_file, report, arg, &ring, e) < 0) …
 *     const struct key_entry *k = keyring_find(ring, "ssh-ed25519", "AAAA…");
 *     if (!k || !key_may(k, KEY_WRITE, "shop-web")) …
 *
 * Read it anew for every connection: what a person took away is gone with the next one. A line that cannot be used
 * lets nobody in, is reported, and does not touch the others; so is the second line of a name or of a key.
 * Each right includes those before it. A pattern holds `*` for any run of characters, slashes too. A file that is
 * not there holds no keys.
 */
#ifndef HORNERO_CONF_KEYRING_H
#define HORNERO_CONF_KEYRING_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	KEYRING_BYTES_MAX = 1 << 20,
	KEYRING_LINES_MAX = 4096, /* keys; what stands behind them is not read, and reported */
	KEYRING_LINE_MAX = 8192,  /* bytes, as sshd has it */
	KEY_NAME_MAX = 64,
};

enum key_right {
	KEY_READ,   /* fetch; see its jobs, images and logs */
	KEY_WRITE,  /* push, perhaps to some refs only; cancel, retry, rebuild */
	KEY_CREATE, /* make the repository, by pushing to it or by `hornero repo create` */
	KEY_ADMIN,  /* bind images to it; where the pattern is `*`, all that concerns the node as well */
	KEY_RIGHTS,
};

/* "read", "write", "create", "admin": the options' names. */
const char *key_right_name(enum key_right right);

/* Everything points into the ring. */
struct key_entry {
	int line;                         /* of the file, from 1 */
	const char *name;                 /* NULL in a broken one that has none */
	const char *patterns[KEY_RIGHTS]; /* words with blanks between them, as in the file; NULL: none */
	const char *ids;                  /* of images that it may bind: words as in patterns; NULL: none */
	const char *type, *blob;          /* "ssh-ed25519" and its base64; NULL in a broken one */
	const char *comment;              /* "" where there is none */
	char *problem;                    /* "FILE:LINE:COLUMN: …": lets nobody in; NULL: fine */
};

struct keyring;

/* Told of every line that cannot be used: "FILE:LINE:COLUMN: what, and what is allowed". */
typedef void keyring_report(void *arg, const char *problem);

/* ERR_OPERATOR: it cannot be read, is larger than KEYRING_BYTES_MAX, or others than its owner may write to it.
 * report may be NULL. */
int keyring_load(const char *path, keyring_report *report, void *arg, struct keyring **out, struct err *e);
/* The same from memory. */
int keyring_parse(const char *path, const char *text, size_t len, keyring_report *report, void *arg, struct keyring **out,
		  struct err *e);
void keyring_free(struct keyring *ring);

static inline void keyring_end(struct keyring **ring)
{
	keyring_free(*ring);
}
#define own_keyring __attribute__((cleanup(keyring_end)))

/* NULL: nobody's. Broken entries are never found. */
const struct key_entry *keyring_find(const struct keyring *ring, const char *type, const char *base64);
const struct key_entry *keyring_named(const struct keyring *ring, const char *name);

/* All of them in the file's order, broken ones too. */
size_t keyring_entries(const struct keyring *ring, const struct key_entry **first);

/* The name as image_check_repo has it; of any other nobody may do anything. NULL: the node itself, which takes the
 * pattern `*`. KEY_WRITE without a ref: to some ref at least. */
bool key_may(const struct key_entry *k, enum key_right right, const char *repository);
bool key_may_push(const struct key_entry *k, const char *repository, const char *ref);

/* May it bind this image id, where it has the right to the repository? The node's operator allots ids by the option ids. */
bool key_may_bind(const struct key_entry *k, const char *uuid);

/* A key's name: [A-Za-z0-9._-]+, not beginning with . or -, at most 64. ERR_USAGE. */
int key_check_name(const char *name, struct err *e);

/* One more line at the end of the file, which is made where it is not there: key is "TYPE BASE64 [COMMENT]", patterns
 * and ids as in an entry. Every other byte of the file stays. Aside, fsync, rename, fsync of the directory, one writer at a
 * time. ERR_USAGE says what is wrong with the line, or which line has the name or the key already. */
int keyring_add(const char *path, const char *name, const char *const patterns[KEY_RIGHTS], const char *ids, const char *key,
		struct err *e);

/* Every line of that name, broken ones too. ERR_USAGE where there is none. */
int keyring_remove(const char *path, const char *name, struct err *e);

#endif
