/* du: DIAGNOSTICS: none. Unreadable files are not counted; du_add then returns false. */
#include "lib/du.h"

#include "lib/own.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* One descriptor per level. Only a builder that hides something nests deeper. */
enum { DEPTH_MOST = 200 };

static bool add(struct du *sum, int dir, const char *name, int depth);

static bool add_below(struct du *sum, int dir, const char *name, int depth)
{
	own_fd int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	own_dir DIR *d = depth == DEPTH_MOST || fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool whole = d != NULL;

	if (!d)
		return false;
	fd = -1;
	while ((entry = readdir(d)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			whole = add(sum, dirfd(d), entry->d_name, depth + 1) && whole;
	return whole;
}

static bool add(struct du *sum, int dir, const char *name, int depth)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT;
	sum->files++;
	if (S_ISDIR(st.st_mode)) {
		sum->bytes += (int64_t)st.st_blocks * 512;
		return add_below(sum, dir, name, depth);
	}
	sum->bytes += (int64_t)st.st_blocks * 512 / (st.st_nlink > 0 ? (int64_t)st.st_nlink : 1);
	return true;
}

bool du_add(struct du *sum, int dir, const char *name)
{
	return add(sum, dir, name, 0);
}
