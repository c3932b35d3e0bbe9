/* blocked: reports lock files that block pushes. DIAGNOSTICS: none; files that cannot be inspected
 * are not reported. */
#include "cli/blocked.h"

#include "state/relics.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <stdio.h>
#include <time.h>

struct blocked {
	const char *repo;
	char *words; /* BLOCKED_MAX bytes; "" until a lock is found */
};

static void note_first(void *arg, const struct relic *r)
{
	const struct blocked *b = arg;
	char relic[RELIC_WORDS];

	/* If the process is alive and not stopped, this is most likely a push in progress. */
	if (*b->words || r->is_quarantine ||
	    (!r->is_dead && !r->is_stopped && r->left_s + BLOCKED_YOUNG_S > time(NULL)))
		return;
	snprintf(b->words, BLOCKED_MAX,
		 r->is_dead ? "%.500s; the next push to %.200s removes it" :
			      "%.500s; until it is gone pushes to %.200s are refused",
		 relic_words(r, relic), b->repo);
}

bool cli_blocked(const struct cli *cli, const struct image *img, char buf[BLOCKED_MAX])
{
	own_free char *path = cli_repo_path(cli->conf, img->repo);
	struct err ignored = ERR_INIT;
	own_fd int repo = fs_open_dir(AT_FDCWD, path, &ignored);
	const char *const ref = img->ref;
	struct blocked b = {.repo = img->repo, .words = buf};

	*buf = '\0';
	if (repo >= 0)
		relics_each(repo, &ref, 1, note_first, &b);
	return *buf;
}
