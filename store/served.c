/* served: DIAGNOSTICS: ERR_OPERATOR if the directory of links cannot be written. */
#include "store/served.h"

#include "lib/dirs.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/sha.h"
#include "store/cached.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define LINKS  "served/sha256"
#define STABLE "served/stable"

int served_add(const char *store_dir, const char *digest, struct err *e)
{
	own_free char *dir = fs_path("%s/" LINKS, store_dir);
	own_free char *link_path = fs_path("%s/%s", dir, digest);
	own_free char *artifact = fs_path("../../artifact/%s.raw", digest);

	if (FAILSTEP("served-symlink", symlink(artifact, link_path)) == 0 || errno == EEXIST)
		return 0;
	/* A store of an earlier hornero lacks the directory. */
	if (errno == ENOENT && fs_mkdir_p(dir, 0755, e) < 0)
		return -1;
	if (FAILSTEP("served-symlink-again", symlink(artifact, link_path)) < 0 && errno != EEXIST)
		return err_sys(e, ERR_OPERATOR, "cannot make %s", link_path);
	return 0;
}

static bool is_link(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

bool served_has(const char *store_dir, const char *digest)
{
	own_free char *link_path = fs_path("%s/" LINKS "/%s", store_dir, digest);

	return is_link(link_path);
}

int served_mend(const char *store_dir, struct err *e)
{
	own_free struct warm *list = NULL;
	size_t n;

	if (cached_load(store_dir, &list, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const char *digest = list[i].made.digest;
		own_free char *manifest = fs_path("%s/artifact/%s.json", store_dir, digest);

		if (access(manifest, F_OK) == 0 && served_add(store_dir, digest, e) < 0)
			return -1;
	}
	return 0;
}

bool served_is_current(const char *store_dir, const char *uuid, const char *digest)
{
	own_free char *path = fs_path("%s/" STABLE "/%s/%s", store_dir, uuid, digest);

	return is_link(path);
}

static int clear_others(const char *dir, const char *digest, struct err *e)
{
	own_dir DIR *d = opendir(dir);
	struct dirent *entry;

	while (d && (entry = readdir(d)))
		if (sha256_valid(entry->d_name) && strcmp(entry->d_name, digest) != 0 &&
		    FAILSTEP("served-clear", unlinkat(dirfd(d), entry->d_name, 0)) < 0 &&
		    errno != ENOENT)
			return err_sys(e, ERR_OPERATOR, "cannot remove %s/%s", dir, entry->d_name);
	return 0;
}

/* Nobody may get old bytes as current ones, so the old link goes first. */
int served_set_current(const char *store_dir, const char *uuid, const char *digest, struct err *e)
{
	own_free char *dir = fs_path("%s/" STABLE "/%s", store_dir, uuid);
	own_free char *path = fs_path("%s/%s", dir, digest);
	own_free char *artifact = fs_path("../../../artifact/%s.raw", digest);

	if (clear_others(dir, digest, e) < 0)
		return -1;
	if (!*digest || is_link(path))
		return 0;
	if (fs_mkdir_p(dir, 0755, e) < 0)
		return -1;
	if (FAILSTEP("served-by-symlink", symlink(artifact, path)) < 0 && errno != EEXIST)
		return err_sys(e, ERR_OPERATOR, "cannot make %s", path);
	return 0;
}

int served_remove(int artifacts, const char *digest, struct err *e)
{
	own_free char *link_path = fs_path("../" LINKS "/%s", digest);

	if (FAILSTEP("served-unlink", unlinkat(artifacts, link_path, 0)) < 0 && errno != ENOENT)
		return err_sys(e, ERR_OPERATOR, "cannot remove the link to artifact %.12s", digest);
	return 0;
}
