/* quarantine: DIAGNOSTICS: none: it is no reason to refuse a push. */
#include "door/quarantine.h"

#include "lib/err.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { PUSH_MAX_S = 24 * 3600 };

static bool left_behind(int objects, const char *name)
{
	struct stat st;

	return strncmp(name, "tmp_objdir-", strlen("tmp_objdir-")) == 0 &&
	       fstatat(objects, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && time(NULL) - st.st_mtime > PUSH_MAX_S;
}

void quarantine_clear(int repo)
{
	struct err e = ERR_INIT;
	int objects = openat(repo, "objects", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	own_dir DIR *entries = objects < 0 ? NULL : fdopendir(objects);
	struct dirent *d;

	while (entries && (d = readdir(entries)))
		if (left_behind(objects, d->d_name))
			fs_remove_tree(objects, d->d_name, &e);
	if (!entries && objects >= 0)
		close(objects);
}
