/*
 * keyring: the SSH keys of a node and their rights to repositories. One key per line, in the syntax
 * of OpenSSH's authorized_keys with our own options.
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
 * Load the file for every connection, so that a removed right is gone with the next one. An
 * unusable line grants nothing, is reported, and does not affect the others. The same holds for a
 * second line with the same name or key. Each right includes those before it. In a pattern `*`
 * matches any characters, including slashes. A missing file holds no keys.
 */
#ifndef HORNERO_CONF_KEYRING_H
#define HORNERO_CONF_KEYRING_H

#include "conf/sshkey.h"
#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	KEYRING_BYTES_MAX = 1 << 20,
	KEYRING_LINES_MAX = 4096, /* keys; later lines are not read, and that is reported */
	KEYRING_LINE_MAX = 8192,  /* bytes, like sshd */
	KEY_NAME_MAX = 64,
};

enum key_right {
	KEY_READ,   /* fetch; see the repository's jobs, images and logs */
	KEY_WRITE,  /* push, perhaps only to some refs; cancel, retry, rebuild */
	KEY_CREATE, /* create the repository, by pushing to it or by `hornero repo create` */
	KEY_ADMIN,  /* bind images to it; with the pattern `*`, manage the node as well */
	KEY_RIGHTS,
};

/* Returns the option's name: "read", "write", "create" or "admin". */
const char *key_right_name(enum key_right right);

/* All pointers point into the ring. */
struct key_entry {
	int line;                         /* in the file, from 1 */
	const char *name;                 /* NULL if a broken line has none */
	/* words separated by blanks, as in the file; NULL: none */
	const char *patterns[KEY_RIGHTS];
	/* patterns of image ids that it may bind, as above; NULL: none */
	const char *ids;
	const char *type, *blob;          /* "ssh-ed25519" and its base64; NULL in a broken line */
	const char *comment;              /* "" if there is none */
	/* "FILE:LINE:COLUMN: …", and it grants nothing; NULL if usable */
	char *problem;
};

struct keyring;

/* Called for every unusable line with "FILE:LINE:COLUMN: what, and what is allowed". */
typedef void keyring_report(void *arg, const char *problem);

/* Loads the file. report may be NULL. Returns 0, or -1 with e filled: ERR_OPERATOR if the file is
 * unreadable, larger than KEYRING_BYTES_MAX, or writable by others than its owner. */
int keyring_load(const char *path, keyring_report *report, void *arg, struct keyring **out,
		 struct err *e);
/* Like keyring_load, from memory. */
int keyring_parse(const char *path, const char *text, size_t len, keyring_report *report, void *arg,
		  struct keyring **out, struct err *e);
void keyring_free(struct keyring *ring);

static inline void keyring_end(struct keyring **ring)
{
	keyring_free(*ring);
}
#define own_keyring __attribute__((cleanup(keyring_end)))

/* Returns the entry of that key, or NULL. Never finds a broken entry. */
const struct key_entry *keyring_find(const struct keyring *ring, const char *type,
				     const char *base64);
const struct key_entry *keyring_named(const struct keyring *ring, const char *name);

/* Writes the key's fingerprint as ssh-keygen prints it. Returns false for a broken entry. */
bool keyring_fingerprint(const struct key_entry *key, char out[SSHKEY_PRINT_MAX]);

/* Stores all entries in the file's order in *list, including broken ones. Returns their number. */
size_t keyring_entries(const struct keyring *ring, const struct key_entry **first);

/* Whether k has the right. The name must be one that image_check_repo accepts; nobody has rights to
 * other names. A NULL name is the node itself, which takes the pattern `*`. KEY_WRITE without a
 * ref: to at least one ref. */
bool key_may(const struct key_entry *k, enum key_right right, const char *repository);
bool key_may_push(const struct key_entry *k, const char *repository, const char *ref);

/* Whether k may bind this image id, if it has the right to the repository. The operator allots ids
 * with the option ids. */
bool key_may_bind(const struct key_entry *k, const char *uuid);

/* Checks a key's name: [A-Za-z0-9._-]+, not beginning with . or -, at most 64 bytes. ERR_USAGE. */
int key_check_name(const char *name, struct err *e);

/* Appends one line to the file, and creates the file if it is missing. key is "TYPE BASE64
 * [COMMENT]", patterns and ids are as in an entry. Changes no other byte, replaces the file like
 * fs_replace, and locks out other writers. Returns 1, 0 if the file has that key under that name
 * with those rights, or -1 with e filled: ERR_USAGE says what is wrong with the line, or which line
 * already has the name or the key. */
int keyring_add(const char *path, const char *name, const char *const patterns[KEY_RIGHTS],
		const char *ids, const char *key, struct err *e);

/* Like keyring_add, but replaces the line of that name if there is one. Without a key (NULL) it
 * keeps the one of the line. */
int keyring_set(const char *path, const char *name, const char *const patterns[KEY_RIGHTS],
		const char *ids, const char *key, struct err *e);

/* Removes every line with that name, including broken ones. Returns 1, 0 if there is none, or -1
 * with e filled. */
int keyring_remove(const char *path, const char *name, struct err *e);

#endif
