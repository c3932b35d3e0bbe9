/* repo_each: walks the repositories below repo_root. DIAGNOSTICS: none; an unreadable directory is
 * passed over. */
#include "cli/repo.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fts.h>
#include <stdbool.h>
#include <string.h>

static bool is_repository(const FTSENT *entry)
{
	return entry->fts_info == FTS_D && entry->fts_namelen > 4 &&
	       strcmp(entry->fts_name + entry->fts_namelen - 4, ".git") == 0;
}

void repo_each(const struct conf *c, void (*each)(void *arg, const char *name), void *arg)
{
	own_free char *root = fs_path("%s", c->repo_root);
	FTS *walk = fts_open((char *[]){root, NULL},
			     FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR | FTS_XDEV, NULL);
	FTSENT *entry;

	while (walk && (entry = fts_read(walk))) {
		own_free char *name = NULL;

		/* Do not look inside repositories or hidden directories. */
		if (entry->fts_info == FTS_D && entry->fts_level > 0 &&
		    (is_repository(entry) || *entry->fts_name == '.'))
			fts_set(walk, entry, FTS_SKIP);
		if (!is_repository(entry) || entry->fts_level == 0 || *entry->fts_name == '.')
			continue;
		name = fs_path("%s", entry->fts_path + strlen(root) + 1);
		name[strlen(name) - strlen(".git")] = '\0';
		each(arg, name);
	}
	if (walk)
		fts_close(walk);
}
