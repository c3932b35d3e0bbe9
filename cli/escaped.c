/* escaped: DIAGNOSTICS: none; the caller reports errno, and errors of standard output. */
#include "cli/escaped.h"

#include "lib/clock.h"
#include "lib/escape.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void put(struct escaped *x, size_t len)
{
	size_t n = escape_text(x->out, sizeof(x->out), x->in, len, ESCAPE_LINES);

	fwrite_unlocked(x->out, 1, n, stdout);
	if (n == 0)
		return;
	x->open_line = x->out[n - 1] != '\n';
	x->said_ms = clock_mono_ms();
}

static ssize_t get_from_fd(void *arg, char *buf, size_t size)
{
	const int *fd = arg;
	ssize_t n;

	do
		n = read(*fd, buf, size);
	while (n < 0 && errno == EINTR);
	return n;
}

ssize_t escaped_take(struct escaped *x, ssize_t (*get)(void *arg, char *buf, size_t size),
		     void *arg)
{
	size_t have, whole;
	ssize_t n = get(arg, x->in + x->kept, sizeof(x->in) - x->kept);

	if (n <= 0)
		return n;
	have = x->kept + (size_t)n;
	whole = escape_whole(x->in, have);
	put(x, whole);
	x->kept = have - whole;
	memmove(x->in, x->in + whole, x->kept);
	return n;
}

ssize_t escaped_copy(struct escaped *x, int fd)
{
	return escaped_take(x, get_from_fd, &fd);
}

void escaped_end(struct escaped *x)
{
	put(x, x->kept);
	x->kept = 0;
	if (x->open_line)
		putchar('\n');
	x->open_line = false;
	fflush(stdout);
}
