/* collect_fetched: of an image's fetched files, keeps those that a build used last, and removes
 * those of earlier lock files. DIAGNOSTICS: none; what cannot be removed is reported and stays. */
#include "agent/upkeep/collect/collect.h"

#include "agent/common/workdir.h"
#include "lib/du.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/sha.h"

#include <fcntl.h>
#include <string.h>

static void remove_one(struct collect *c, int fetched, const char *uuid, const char *name)
{
	struct err e = ERR_INIT;
	struct du sum = {0};

	du_add(&sum, fetched, name);
	if (!c->dry && fs_remove_tree(fetched, name, &e) < 0)
		collect_say_stays(c, "fetched", uuid, e.msg);
	else
		collect_say(c, "fetched", uuid, sum.bytes, "the lock files of its image's last "
			    "build are others");
}

/* A build sets the time of the directory that it uses. */
static bool is_newer(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec != b->st_mtim.tv_sec ? a->st_mtim.tv_sec > b->st_mtim.tv_sec
						      : a->st_mtim.tv_nsec > b->st_mtim.tv_nsec;
}

static void prune(struct collect *c, DIR *d, const char *uuid)
{
	char newest[SHA256_HEX + 1] = "";
	struct stat last = {0}, st;
	struct dirent *entry;

	while ((entry = readdir(d)))
		if (sha256_valid(entry->d_name) &&
		    fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    (!*newest || is_newer(&st, &last))) {
			memcpy(newest, entry->d_name, sizeof(newest));
			last = st;
		}
	rewinddir(d);
	while ((entry = readdir(d)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    strcmp(entry->d_name, newest) != 0)
			remove_one(c, dirfd(d), uuid, entry->d_name);
}

void collect_fetched(struct collect *c, int repo_base, const char *uuid)
{
	own_free char *path = fs_path("%s/" WORKDIR_FETCHED, uuid);
	own_fd int fetched = fs_open_beneath(repo_base, path, O_RDONLY | O_DIRECTORY, 0);
	own_dir DIR *d = NULL;
	struct err ignored = ERR_INIT;

	/* Without the lock of the whole checkout: a build that waits for that in vain begins with a
	 * new one. */
	if (fetched < 0 || fs_flock(fetched, 0, &ignored) != 1)
		return;
	d = fdopendir(fetched);
	if (!d)
		return;
	steal_fd(&fetched);
	prune(c, d, uuid);
}
