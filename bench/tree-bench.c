/* tree-bench: the digest of an input with 50,000 files, of which none or one has changed, beside
 * `find` that prints the same stats.
 *
 *     tree-bench [DIR]     DIR: on the file system in question; /var/tmp
 *
 * Prints lines "name value unit goal X". Measures all in turn, so that noise affects them alike.
 * DIAGNOSTICS: the message on standard error, the exit code of its class. */
#include "agent/common/treedigest.h"
#include "lib/dirs.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/spawn.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { DIRS = 500, FILES = 100, ROUNDS = 15, SETTLE_S = 5 };

struct series {
	double ms[ROUNDS];
	int n;
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(struct series *s)
{
	qsort(s->ms, (size_t)s->n, sizeof(s->ms[0]), by_value);
	return s->ms[s->n / 2];
}

static int write_file(const char *tree, int dir, int file, int round, struct err *e)
{
	own_free char *path = fs_path("%s/directory-%03d/source-file-%03d.c", tree, dir, file);
	own_free char *text = fs_path("int f%d_%d(void) { return %d; }\n", dir, file, round);
	own_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	return fd < 0 || fs_write_all(fd, text, strlen(text)) < 0
		       ? err_sys(e, ERR_OPERATOR, "cannot write %s", path)
		       : 0;
}

static int make_tree(const char *tree, struct err *e)
{
	for (int dir = 0; dir < DIRS; dir++) {
		own_free char *path = fs_path("%s/directory-%03d", tree, dir);

		if (fs_mkdir_p(path, 0755, e) < 0)
			return -1;
		for (int file = 0; file < FILES; file++)
			if (write_file(tree, dir, file, 0, e) < 0)
				return -1;
	}
	return 0;
}

static int digest(const char *tree, const char *record, struct series *s, struct err *e)
{
	double start = now_ms();
	own_treedigest struct treedigest *t = treedigest_open(record, "bench");
	char sum[SHA256_HEX + 1];

	if (!t)
		return err_set(e, ERR_NOBODY, "out of memory");
	if (treedigest_add(t, tree, sum, e) < 0)
		return -1;
	treedigest_save(t);
	if (s)
		s->ms[s->n++] = now_ms() - start;
	return 0;
}

static int find(const char *tree, struct series *s, struct err *e)
{
	const char *const argv[] = {"find", tree, "-printf", "%i %s %T@ %C@ %m %p\n", NULL};
	struct spawn spawn = SPAWN_INIT(argv);
	double start = now_ms();
	struct child child;

	if (spawn_start(&spawn, &child, e) < 0)
		return -1;
	if (spawn_wait(&child) != 0)
		return err_set(e, ERR_NOBODY, "find failed");
	s->ms[s->n++] = now_ms() - start;
	return 0;
}

static int measure(const char *top, struct err *e)
{
	own_free char *tree = fs_path("%s/tree", top), *record = fs_path("%s/record", top);
	struct series first = {.n = 0}, unchanged = {.n = 0}, one = {.n = 0}, finds = {.n = 0};

	if (make_tree(tree, e) < 0 || digest(tree, record, &first, e) < 0)
		return -1;
	nanosleep(&(struct timespec){.tv_sec = SETTLE_S}, NULL); /* files are too new to record */
	if (digest(tree, record, NULL, e) < 0)
		return -1;
	for (int i = 1; i <= ROUNDS; i++)
		if (digest(tree, record, &unchanged, e) < 0 || find(tree, &finds, e) < 0 ||
		    write_file(tree, DIRS / 2, FILES / 2, i, e) < 0 ||
		    digest(tree, record, &one, e) < 0)
			return -1;
	printf("tree-50000-unchanged-ms %.0f ms goal <= 500\n", median(&unchanged));
	printf("tree-50000-one-changed-ms %.0f ms goal <= 500\n", median(&one));
	printf("tree-50000-find-ms %.0f ms (no goal; the same stats by find)\n", median(&finds));
	printf("tree-50000-all-read-ms %.0f ms (no goal; the first time)\n", first.ms[0]);
	return 0;
}

int main(int argc, char **argv)
{
	own_free char *top = fs_path("%s/hornero-bench.XXXXXX", argc > 1 ? argv[1] : "/var/tmp");
	struct err e = ERR_INIT, ignored = ERR_INIT;
	int rc;

	if (!mkdtemp(top)) {
		perror(top);
		return 78;
	}
	rc = measure(top, &e);
	(void)fs_remove_tree(AT_FDCWD, top, &ignored);
	if (rc < 0)
		fprintf(stderr, "tree-bench: %s\n", e.msg);
	return rc < 0 ? err_exit(e.class) : 0;
}
