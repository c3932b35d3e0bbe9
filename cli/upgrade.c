/* upgrade: updates repositories that an older hornero made. DIAGNOSTICS: reports each failure and
 * continues with the others. */
#include "cli/repo.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

enum { CONFIG_MAX = 65536 };

char *repo_signing(const struct conf *c, struct err *e)
{
	unsigned char bytes[32];
	char seed[2 * sizeof(bytes) + 1];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
		err_sys(e, ERR_NOBODY, "cannot get random bytes");
		return NULL;
	}
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(seed + 2 * i, 3, "%02x", bytes[i]);
	return fs_path("[receive]\n"
		       "\tcertNonceSeed = %s\n"
		       "[gpg]\n"
		       "\tprogram = \"%s/hornero-hook\"\n"
		       "[gpg \"x509\"]\n"
		       "\tprogram = \"%s/hornero-hook\"\n"
		       "[gpg \"ssh\"]\n"
		       "\tprogram = \"%s/hornero-hook\"\n"
		       "\tallowedSignersFile = /dev/null\n",
		       seed, c->libexec_dir, c->libexec_dir, c->libexec_dir);
}

static char *add_missing(const struct conf *c, const char *old, struct err *e)
{
	own_free char *signing = NULL;

	if (!strstr(old, "certNonceSeed") && !(signing = repo_signing(c, e)))
		return NULL;
	return fs_path("%s%s%s", old, strstr(old, "advertisePushOptions") ? "" : REPO_PUSH_OPTIONS,
		       signing ? signing : "");
}

/* The config file decides what git runs, and git's user can write to its directory, so only a file
 * of ours is trusted and rewritten. Returns 1 if changed, 0 if already right, -1 on error. */
static int upgrade_config(const struct conf *c, int dir, const char *path, struct err *e)
{
	own_fd int fd = fs_open_beneath(dir, "config", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	own_free char *old = NULL, *text = NULL;
	struct stat st;
	size_t len;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot open %s/config", path);
	if (fs_read_fd(fd, path, CONFIG_MAX, &old, &len, e) < 0)
		return -1;
	if (strstr(old, "advertisePushOptions") && strstr(old, "certNonceSeed"))
		return 0;
	/* A second link would let git's user reach the file that we write; ours has only one. */
	if (st.st_uid != geteuid() || st.st_nlink != 1)
		return err_set(e, ERR_OPERATOR,
			       "%s/config is user %u's, so it stays without push options or "
			       "signed pushes; as that user, append [receive] advertisePushOptions "
			       "= true and certNonceSeed = a random word",
			       path, st.st_uid);
	text = add_missing(c, old, e);
	if (!text)
		return -1;
	return fs_replace(dir, "config", text, strlen(text), 0644, e) < 0 ? -1 : 1;
}

/* Upgrades a directory NAME.git beneath repo_root, if `hornero repo create` made it. Returns as
 * upgrade_config. */
static int upgrade_one(const struct conf *c, int root, const char *beneath, const char *path,
		       struct err *e)
{
	own_fd int dir = fs_open_beneath(root, beneath, O_RDONLY | O_DIRECTORY, 0);
	struct stat st;

	if (dir < 0)
		return err_sys(e, ERR_OPERATOR, "cannot open the repository %s", path);
	return fstatat(dir, "hornero.yaml", &st, AT_SYMLINK_NOFOLLOW) < 0
		       ? 0
		       : upgrade_config(c, dir, path, e);
}

struct upgrade {
	const struct conf *c;
	int root; /* repo_root, open */
	void (*told)(void *arg, const char *config, const struct err *problem);
	void *arg;
};

static void upgrade_each(void *arg, const char *name)
{
	const struct upgrade *u = arg;
	own_free char *beneath = fs_path("%s.git", name);
	own_free char *path = fs_path("%s/%s", u->c->repo_root, beneath);
	own_free char *config = fs_path("%s/config", path);
	struct err e = ERR_INIT;
	int changed = upgrade_one(u->c, u->root, beneath, path, &e);

	if (changed != 0)
		u->told(u->arg, config, changed < 0 ? &e : NULL);
}

void repo_upgrade(const struct conf *c,
		  void (*told)(void *arg, const char *config, const struct err *problem), void *arg)
{
	own_fd int root = open(c->repo_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root >= 0)
		repo_each(c, upgrade_each, &(struct upgrade){c, root, told, arg});
}
