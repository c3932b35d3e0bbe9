/* repo_remove: `hornero repo remove`. DIAGNOSTICS: ERR_USAGE if something still needs the
 * repository, ERR_OPERATOR for a permission. A crash leaves a hidden directory, which the next
 * removal in its parent removes. */
#include "cli/change.h"
#include "cli/words.h"
#include "conf/image.h"
#include "conf/imagepending.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "state/mirror.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define OLD_PREFIX ".removed-"
enum { LOCK_WAIT_MS = 10000 };

/* An image that is bound later, by hornero-glance. */
struct search {
	const struct conf *c;
	const char *repo;
	struct err *e;
};

static int refuse_image(const char *repo, const char *uuid, struct err *e)
{
	return err_set(e, ERR_USAGE, "image %s is built from %s; first: `hornero image remove %s`",
		       uuid, repo, uuid);
}

static int check_pending(void *arg, const char *uuid)
{
	const struct search *s = arg;
	own_image struct image img = {0};
	int64_t asked_ms;
	int found = imagepending_load(s->c->images_dir, uuid, &img, &asked_ms, s->e);

	if (found > 0 && strcmp(img.repo, s->repo) == 0)
		return refuse_image(s->repo, uuid, s->e);
	return found < 0 ? -1 : 0;
}

static int check_images(const struct cli *cli, const char *repo, struct err *e)
{
	const struct conf *c = cli->conf;
	struct search search = {c, repo, e};
	struct image *list = NULL;
	size_t n = 0;
	int rc = cli_images(cli, &list, &n, e);

	for (size_t i = 0; i < n && rc == 0; i++) {
		/* Nobody knows which repository a broken file means. */
		if (list[i].broken) {
			*e = list[i].problem;
			rc = err_wrap(e, "image %s may be built from %s", list[i].uuid, repo);
		} else if (strcmp(list[i].repo, repo) == 0) {
			rc = refuse_image(repo, list[i].uuid, e);
		}
	}
	images_free(list, n);
	return rc < 0 ? -1 : imagepending_each(c->images_dir, check_pending, &search, e);
}

static int check_mirror(const struct conf *c, const char *repo, struct err *e)
{
	char url[MIRROR_URL_MAX + 1];

	if (!mirror_url(c, repo, url))
		return 0;
	return err_set(e, ERR_USAGE, "%s follows %s; first: `hornero repo mirror %s --off`", repo,
		       url, repo);
}

static int remove_old(int parent, const char *dir, struct err *e)
{
	own_dir DIR *d = NULL;
	struct dirent *entry;
	int copy = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	d = copy < 0 ? NULL : fdopendir(copy);
	if (!d)
		return err_sys(e, ERR_OPERATOR, "cannot list %s", dir);
	while ((entry = readdir(d)))
		if (strncmp(entry->d_name, OLD_PREFIX, strlen(OLD_PREFIX)) == 0 &&
		    fs_remove_tree(parent, entry->d_name, e) < 0)
			return -1;
	return 0;
}

/* Renames it first, so that no push finds half of it. */
static int remove_tree(const char *path, struct err *e)
{
	const char *last = strrchr(path, '/') + 1;
	own_free char *dir = fs_path("%.*s", (int)(last - 1 - path), path);
	own_free char *hidden = fs_path(OLD_PREFIX "%ld", (long)getpid());
	own_fd int parent = fs_open_dir(AT_FDCWD, dir, e);
	int held = parent < 0 ? -1 : fs_flock(parent, LOCK_WAIT_MS, e);

	if (held < 0)
		return -1;
	if (held == 0)
		return err_set(e, ERR_NOBODY, "another repository is being made or removed in %s; "
					      "try again", dir);
	if (remove_old(parent, dir, e) < 0)
		return -1;
	if (FAILSTEP("repo-remove-rename", renameat(parent, last, parent, hidden)) < 0)
		return err_sys(e, ERR_OPERATOR,
			       "cannot remove %s; run it as root or as the owner of the repository",
			       path);
	if (fs_sync_dir(parent, ".", e) < 0)
		return -1;
	return fs_remove_tree(parent, hidden, e);
}

int repo_remove_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	const char *repo = call->args[0];
	own_free char *path = NULL;
	own_fd int lock = -1;
	struct stat st;
	bool is_there;

	if (!c || image_check_repo(repo, e) < 0)
		return -1;
	path = cli_repo_path(c, repo);
	is_there = lstat(path, &st) == 0;
	if (!is_there && errno != ENOENT && errno != ENOTDIR)
		return err_sys(e, ERR_OPERATOR, "cannot look at %s", path);
	/* Meanwhile nobody binds an image to it. */
	lock = images_lock(c->images_dir, IMAGES_LOCK_MS, e);
	if (lock < 0 || (is_there && check_images(cli, repo, e) < 0) ||
	    (is_there && check_mirror(c, repo, e) < 0))
		return -1;
	if (is_there && !S_ISDIR(st.st_mode))
		return err_set(e, ERR_OPERATOR, "%s is not a directory; look at it and remove it",
			       path);
	if (is_there && !call_option(call, "yes"))
		return err_set(e, ERR_USAGE,
			       "the commits in %s would be lost; --yes removes it all the same",
			       path);
	if (is_there && remove_tree(path, e) < 0)
		return -1;
	if (is_there)
		change_say(cli, true, "%s is removed; artifacts in the store stay until `hornero "
				      "gc` needs the room", path);
	else
		change_say(cli, false, "there is no repository %s", path);
	return change_end(cli, is_there, json_pack("{s:s}", "repo", repo));
}
