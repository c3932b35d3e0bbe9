/*
 * hook: hornero-hook, run by git as hooks/pre-receive and hooks/post-receive of a bare repository, and by gc-repositories as
 * --clear REPOSITORY…, to remove what dead pushes left.
 *
 * DIAGNOSTICS: said to the pusher. Exit 1 only where a pushed .hornero.yaml is refused, 64 where
 * nobody knows which hook this is meant to be.
 */
#include "hooks/hook.h"

#include "state/relics.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* `hornero-hook --clear REPOSITORY…`, by git's user. */
static int clear(char *const *repos)
{
	int status = 0;

	log_open("hornero", LOG_LEVEL_INFO);
	for (; *repos; repos++) {
		struct err e = ERR_INIT;
		own_fd int repo = fs_open_dir(AT_FDCWD, *repos, &e);

		if (repo < 0) {
			fprintf(stderr, "hornero-hook: %s\n", e.msg);
			status = 1;
			continue;
		}
		relics_remove(repo, NULL, 0);
	}
	return status;
}

int main(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const char *name = slash ? slash + 1 : argc > 0 ? argv[0] : "";

	/* A pusher who hangs up must not keep the row from being written. */
	signal(SIGPIPE, SIG_IGN);
	log_open("hornero", LOG_LEVEL_WARN);
	if (argc > 1 && strcmp(argv[1], "--clear") == 0)
		return clear(argv + 2);
	if (strcmp(name, "pre-receive") == 0)
		return pre_receive();
	if (strcmp(name, "post-receive") == 0)
		return post_receive();
	fprintf(stderr,
		"hornero-hook: git runs me as hooks/pre-receive or hooks/post-receive, by symbolic links of those names;\n"
		"`hornero repo create NAME` makes a repository that has them\n");
	return 64;
}
