/*
 * lap: times commands side by side, round by round, so that a noisy machine is noisy for all.
 *
 *     lap ROUNDS [-C DIR] [-i FILE] [-b SHELL-COMMAND] COMMAND ARG… [-- [-C DIR] … COMMAND ARG…]…
 *
 * Each command runs once per round; `%d` in any word is the round's number, from 1. -C is its
 * directory, -i its standard input, -b what sh runs before each time, unmeasured. Prints `P50 P10`
 * in milliseconds, a line per command. The first tenth of the rounds warms up and is not counted.
 *
 * DIAGNOSTICS: 64 for a wrong command line; 1 where a command fails, since then its time means
 * nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { COMMANDS_MAX = 8, WORDS_MAX = 64 };

struct command {
	const char *dir, *input, *before;
	char **words;
	int n;
	double *ms;
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* word with every %d replaced. */
static char *fill(const char *word, int round)
{
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	if (!f)
		abort();
	for (; *word; word++) {
		if (word[0] == '%' && word[1] == 'd') {
			fprintf(f, "%d", round);
			word++;
		} else {
			fputc(*word, f);
		}
	}
	fclose(f);
	return out;
}

static void die(const char *what)
{
	fprintf(stderr, "lap: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void run(char **argv, const char *dir, const char *input)
{
	posix_spawn_file_actions_t fa;
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 0, input ? input : "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	if (dir)
		posix_spawn_file_actions_addchdir_np(&fa, dir);
	errno = posix_spawnp(&pid, argv[0], &fa, NULL, argv, environ);
	if (errno)
		die(argv[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status != 0) {
		fprintf(stderr, "lap: %s %s: wait status %d\n", argv[0], argv[1] ? argv[1] : "",
			status);
		exit(1);
	}
	posix_spawn_file_actions_destroy(&fa);
}

static double time_one(const struct command *c, int round)
{
	char *argv[WORDS_MAX + 1] = {0};
	char *input = c->input ? fill(c->input, round) : NULL;
	double start, took;

	if (c->before) {
		char *text = fill(c->before, round);

		run((char *[]){(char[]){"sh"}, (char[]){"-c"}, text, NULL}, c->dir, NULL);
		free(text);
	}
	for (int i = 0; i < c->n; i++)
		argv[i] = fill(c->words[i], round);
	start = now_ms();
	run(argv, c->dir, input);
	took = now_ms() - start;
	for (int i = 0; i < c->n; i++)
		free(argv[i]);
	free(input);
	return took;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static int usage(void)
{
	fputs("usage: lap ROUNDS [-C DIR] [-i FILE] [-b SHELL-COMMAND] COMMAND ARG… [-- …]…\n",
	      stderr);
	return 64;
}

/* One command's words, up to "--". Returns the index behind it, or -1. */
static int parse(struct command *c, char **argv, int i, int argc)
{
	for (; i + 1 < argc && argv[i][0] == '-' && strchr("Cib", argv[i][1]) && argv[i][1]; i += 2)
		*(argv[i][1] == 'C'   ? &c->dir
		  : argv[i][1] == 'i' ? &c->input
				      : &c->before) = argv[i + 1];
	for (c->words = argv + i; i < argc && strcmp(argv[i], "--") != 0; i++)
		c->n++;
	return c->n == 0 || c->n > WORDS_MAX ? -1 : i + 1;
}

int main(int argc, char **argv)
{
	struct command list[COMMANDS_MAX] = {0};
	int rounds = argc > 1 ? atoi(argv[1]) : 0;
	int skip = rounds / 10;
	int n = 0;

	for (int i = 2; i < argc && i > 0 && n < COMMANDS_MAX; n++) {
		i = parse(&list[n], argv, i, argc);
		if (i < 0)
			return usage();
		list[n].ms = calloc((size_t)rounds + 1, sizeof(double));
	}
	if (rounds < 10 || n == 0)
		return usage();
	for (int r = 1; r <= rounds; r++)
		for (int k = 0; k < n; k++)
			list[k].ms[r - 1] = time_one(&list[k], r);
	for (int k = 0; k < n; k++) {
		int counted = rounds - skip;

		qsort(list[k].ms + skip, (size_t)counted, sizeof(double), compare);
		printf("%.3f %.3f\n", list[k].ms[skip + counted / 2],
		       list[k].ms[skip + counted / 10]);
		free(list[k].ms);
	}
	return 0;
}
