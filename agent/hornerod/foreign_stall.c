/* foreign_stall: DIAGNOSTICS: none; an unavailable figure is -1. */
#include "agent/hornerod/foreign_stall.h"

#include "agent/cgroup/cgown.h"
#include "lib/err.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/stall.h"

#include <dirent.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Returns true if name is the first component of the path own ("/a/b"). */
static bool holds(const char *name, const char *own)
{
	size_t len = strlen(name);

	return own[0] == '/' && strncmp(own + 1, name, len) == 0 &&
	       (own[1 + len] == '/' || own[1 + len] == '\0');
}

static double most_beside(const char *mount, const char *own, const char *top, const char *name)
{
	own_dir DIR *d = opendir(mount);
	const struct dirent *entry;
	double most = -1;

	while (d && (entry = readdir(d))) {
		own_free char *dir = NULL;
		double percent;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.' ||
		    holds(entry->d_name, own) || strcmp(entry->d_name, top) == 0)
			continue;
		dir = fs_path("%s/%s", mount, entry->d_name);
		percent = stall_percent(dir, name);
		if (percent > most)
			most = percent;
	}
	return most;
}

double foreign_stall(const char *top, const char *name)
{
	static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	own_free char *own = NULL;
	struct err ignored = ERR_INIT;
	struct statfs fs;

	if (cgown_find(0, &own, &ignored) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		own_free char *group = fs_path("%s/%s", mounts[i], top);

		if (statfs(mounts[i], &fs) < 0 || (unsigned long)fs.f_type != CGROUP2_SUPER_MAGIC)
			continue;
		/* If we are in the root group with all others, builds can be told apart only if
		 * they have a group of their own. */
		return own[0] != '\0' || access(group, F_OK) == 0
			       ? most_beside(mounts[i], own, top, name)
			       : -1;
	}
	return -1;
}
