/* hostkey: DIAGNOSTICS: ERR_OPERATOR with the file and the way out. */
#include "door/hostkey.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static const struct kind {
	const char *file;
	enum ssh_keytypes_e type;
	int bits;
} kinds[] = {
	{"ssh_host_ed25519_key", SSH_KEYTYPE_ED25519, 0},
	{"ssh_host_ecdsa_key", SSH_KEYTYPE_ECDSA_P256, 256},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static void key_end(ssh_key *key)
{
	ssh_key_free(*key);
}
#define own_key __attribute__((cleanup(key_end)))

/* Returns 1 if it exists and nobody else may read it, 0 if it does not exist, -1 on error. */
static int look(const char *path, struct err *e)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT
			       ? 0
			       : err_sys(e, ERR_OPERATOR, "cannot look at the host key %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_OPERATOR, "the host key %s is not a regular file", path);
	if (st.st_mode & 077)
		return err_set(e, ERR_OPERATOR,
			       "users other than its owner may read the host key %s: chmod 0600 %s",
			       path, path);
	return 1;
}

static int import(const char *path, ssh_key *key, struct err *e)
{
	if (ssh_pki_import_privkey_file(path, NULL, NULL, NULL, key) != SSH_OK)
		return err_set(e, ERR_OPERATOR,
			       "cannot read the host key %s: it is damaged or needs a passphrase",
			       path);
	return 0;
}

static int write_key(const char *path, ssh_key key, struct err *e)
{
	own_free char *staging = fs_path("%s.%ld.tmp", path, (long)getpid());
	own_fd int fd = -1;

	if (ssh_pki_export_privkey_file(key, NULL, NULL, NULL, staging) != SSH_OK)
		return err_set(e, ERR_OPERATOR, "cannot write the host key %s", staging);
	fd = open(staging, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fchmod(fd, 0600) < 0 || FAILSTEP("hostkey-sync", fsync(fd)) < 0 ||
	    FAILSTEP("hostkey-rename", rename(staging, path)) < 0) {
		err_sys(e, ERR_OPERATOR, "cannot write the host key %s", path);
		FAILSTEP("hostkey-undo", unlink(staging));
		return -1;
	}
	return fs_sync_parent(AT_FDCWD, path, e);
}

static void say(const char *outcome, const char *path, ssh_key key)
{
	unsigned char *hash = NULL;
	char *text = NULL;
	size_t len = 0;

	if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &len) == 0)
		text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, len);
	printf("%s %s %s\n", outcome, path, text ? text : "");
	ssh_string_free_char(text);
	ssh_clean_pubkey_hash(&hash);
}

static int make_one(const char *dir, const struct kind *k, struct err *e)
{
	own_free char *path = fs_path("%s/%s", dir, k->file);
	own_key ssh_key key = NULL;
	int there = look(path, e);

	if (there < 0)
		return -1;
	if (there && import(path, &key, e) < 0)
		return -1;
	if (!there && ssh_pki_generate(k->type, k->bits, &key) != SSH_OK)
		return err_set(e, ERR_US, "cannot make a key for %s", path);
	if (!there && write_key(path, key, e) < 0)
		return -1;
	say(there ? "right" : "made", path, key);
	return 0;
}

int hostkey_make(const char *dir, struct err *e)
{
	umask(0077);
	for (size_t i = 0; i < KINDS; i++)
		if (make_one(dir, &kinds[i], e) < 0)
			return -1;
	return 0;
}

int hostkey_load(ssh_bind bind, const char *dir, struct err *e)
{
	int found = 0;

	for (size_t i = 0; i < KINDS; i++) {
		own_free char *path = fs_path("%s/%s", dir, kinds[i].file);
		ssh_key key = NULL;
		int there = look(path, e);

		if (there < 0 || (there && import(path, &key, e) < 0))
			return -1;
		/* The bind owns the key from here on. */
		if (there && ssh_bind_options_set(bind, SSH_BIND_OPTIONS_IMPORT_KEY, key) < 0)
			return err_set(e, ERR_OPERATOR, "%s: %s", path, ssh_get_error(bind));
		found += there;
	}
	return found ? 0
		     : err_set(e, ERR_OPERATOR, "there are no host keys in %s: run `hornero init`",
			       dir);
}
