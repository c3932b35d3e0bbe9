/* cgleft: DIAGNOSTICS: ERR_OPERATOR if a group cannot be listed. */
#include "agent/cgroup/cginner.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <dirent.h>

struct left {
	cg_left_fn *fn;
	void *arg;
};

/* Calls fn for the attempts below one GROUP. */
static int each_attempt(const char *top, const char *group, const struct left *l, struct err *e)
{
	own_free char *dir = fs_path("%s/%s", top, group);
	own_dir DIR *d = opendir(dir);
	const struct dirent *entry;

	while (d && (entry = readdir(d))) {
		own_free char *path = fs_path("%s/%s", group, entry->d_name);

		if (entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
		    l->fn(l->arg, path, e) < 0)
			return -1;
	}
	return 0;
}

static int each_group(const char *top, const struct left *l, struct err *e)
{
	own_dir DIR *d = opendir(top);
	const struct dirent *entry;

	if (!d)
		return errno == ENOENT ? 0
				       : err_sys(e, ERR_OPERATOR, "cannot list the cgroup %s", top);
	while ((entry = readdir(d)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
		    each_attempt(top, entry->d_name, l, e) < 0)
			return -1;
	return 0;
}

int cg_each_left(const struct cg *cg, cg_left_fn *fn, void *arg, struct err *e)
{
	for (size_t i = 0; i < cg->ntops; i++)
		if (each_group(cg->tops[i], &(struct left){fn, arg}, e) < 0)
			return -1;
	return 0;
}
