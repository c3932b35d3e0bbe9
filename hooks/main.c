/*
 * hook: hornero-hook. git runs it as hooks/pre-receive and hooks/post-receive of a bare repository;
 * gc-repositories runs it as --clear REPOSITORY… to remove the leftovers of dead pushes; git runs
 * it with other options instead of gpg.
 *
 * DIAGNOSTICS: printed for the pusher. Exits with 1 if a push is refused or --clear cannot open a
 * repository, with 64 if its name is neither of the two hooks.
 */
#include "hooks/hook.h"

#include "state/relics.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Runs as git's user: `hornero-hook --clear REPOSITORY…`. */
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

/* git runs us as gpg.program to check a push certificate, which pre-receive does better. If nobody
 * read the text, SIGPIPE would end git receive-pack. For its other questions, standard input is the
 * client's: reading it would take the rest of the push. */
static int ignore_signature(int argc, char *const *argv)
{
	char bytes[4096];
	bool has_text = argc > 2 && strcmp(argv[2], "check-novalidate") == 0;

	for (int i = 1; i < argc; i++)
		has_text = has_text || strcmp(argv[i], "--verify") == 0;
	while (has_text && read(STDIN_FILENO, bytes, sizeof(bytes)) > 0)
		;
	return 1;
}

int main(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const char *name = slash ? slash + 1 : argc > 0 ? argv[0] : "";

	/* If the pusher hangs up, the row must still be written. */
	signal(SIGPIPE, SIG_IGN);
	log_open("hornero", LOG_LEVEL_WARN);
	if (argc > 1 && strcmp(argv[1], "--clear") == 0)
		return clear(argv + 2);
	if (argc > 1 && *argv[1] == '-')
		return ignore_signature(argc, argv);
	if (strcmp(name, "pre-receive") == 0)
		return pre_receive();
	if (strcmp(name, "post-receive") == 0)
		return post_receive();
	fprintf(stderr,
		"hornero-hook: unknown hook name; git runs this program through symbolic links\n"
		"hooks/pre-receive and hooks/post-receive; `hornero repo create` makes them\n");
	return 64;
}
