/* blocked: lock files that stand in the way of pushes. DIAGNOSTICS: none; what cannot be looked at is not told. */
#include "cli/blocked.h"

#include "state/relics.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>

static void note_first(void *arg, const struct relic *r)
{
	char *buf = arg;
	char words[RELIC_WORDS];

	/* A living process that is not stopped is most likely a push of this moment. */
	if (*buf || r->is_quarantine || (!r->is_dead && !r->is_stopped && r->left_s + BLOCKED_YOUNG_S > time(NULL)))
		return;
	snprintf(buf, BLOCKED_MAX, "%s", relic_words(r, words));
}

bool cli_blocked(const struct cli *cli, const struct image *img, char buf[BLOCKED_MAX])
{
	own_free char *path = cli_repo_path(cli->conf, img->repo);
	struct err ignored = ERR_INIT;
	own_fd int repo = fs_open_dir(AT_FDCWD, path, &ignored);
	const char *const ref = img->ref;
	char found[BLOCKED_MAX] = "";

	if (repo >= 0)
		relics_each(repo, &ref, 1, note_first, found);
	if (*found)
		snprintf(buf, BLOCKED_MAX, strstr(found, " was left at ") ? "%.500s; the next push to %.200s removes it" :
			 "%.500s; until it is gone pushes to %.200s are refused", found, img->repo);
	return *found;
}
