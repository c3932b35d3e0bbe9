/* newlines: DIAGNOSTICS: ERR_OPERATOR if a log cannot be read. */
#include "cli/newlines.h"

#include "cli/logfile.h"
#include "lib/own.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reads what is left of a log, keeps its end. Returns the number of bytes, -1 with errno. */
static ssize_t read_rest(struct logfile *f, char buf[2 * NEWLINES_LOG_MAX])
{
	size_t have = 0, excess;
	ssize_t n;

	while ((n = logfile_read(f, buf + have, 2 * NEWLINES_LOG_MAX - have)) > 0) {
		have += (size_t)n;
		if (have < 2 * NEWLINES_LOG_MAX)
			continue;
		memmove(buf, buf + NEWLINES_LOG_MAX, NEWLINES_LOG_MAX);
		have = NEWLINES_LOG_MAX;
	}
	if (n < 0)
		return -1;
	excess = have > NEWLINES_LOG_MAX ? have - NEWLINES_LOG_MAX : 0;
	memmove(buf, buf + excess, have - excess);
	return (ssize_t)(have - excess);
}

/* Reads the end of a log. Returns 1, 0 if it is missing, -1 on error. */
static int read_end(const char *path, char **text, size_t *len, struct err *e)
{
	own_logfile struct logfile f = LOGFILE_CLOSED;
	own_free char *buf = NULL;
	ssize_t n;

	if (!logfile_open(&f, path))
		return errno == ENOENT ? 0 : err_sys(e, ERR_OPERATOR, "cannot open %s", path);
	buf = malloc(2 * NEWLINES_LOG_MAX);
	if (!buf)
		return err_set(e, ERR_NOBODY, "out of memory for a log");
	if (!f.packed && lseek(f.fd, -NEWLINES_LOG_MAX, SEEK_END) < 0 && !logfile_rewind(&f))
		return err_sys(e, ERR_OPERATOR, "cannot read %s", path);
	n = read_rest(&f, buf);
	if (n < 0)
		return err_sys(e, ERR_OPERATOR, "cannot read %s", path);
	buf[n] = '\0';
	*text = steal_ptr(&buf);
	*len = (size_t)n;
	return 1;
}

/* FNV-1a of a line, in which any digits are one. */
static uint64_t hash(const char *line, size_t len)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < len; i++) {
		bool digit = isdigit((unsigned char)line[i]);

		if (digit && i > 0 && isdigit((unsigned char)line[i - 1]))
			continue;
		h = (h ^ (digit ? '0' : (unsigned char)line[i])) * 1099511628211u;
	}
	return h;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Calls line() for each line, whose end it may overwrite. */
static void each_line(char *text, size_t len, void (*line)(void *arg, char *at, size_t len),
		      void *arg)
{
	for (char *at = text, *end = text + len; at < end;) {
		char *stop = memchr(at, '\n', (size_t)(end - at));

		stop = stop ? stop : end;
		line(arg, at, (size_t)(stop - at));
		at = stop + 1;
	}
}

struct known {
	uint64_t *hashes;
	size_t n;
	struct newlines *found;
};

static void learn(void *arg, char *at, size_t len)
{
	struct known *k = arg;

	k->hashes[k->n++] = hash(at, len);
}

static void look(void *arg, char *at, size_t len)
{
	struct known *k = arg;
	uint64_t h = hash(at, len);

	if (k->n && bsearch(&h, k->hashes, k->n, sizeof(h), by_value))
		return;
	at[len] = '\0';
	k->found->line[k->found->n++ % NEWLINES_MOST] = at;
}

int newlines_find(struct newlines *found, const char *earlier, const char *log, struct err *e)
{
	own_free char *old = NULL;
	struct known k = {.found = found};
	size_t old_len, len, lines = 1;
	int r = read_end(earlier, &old, &old_len, e);

	*found = (struct newlines){0};
	if (r == 1)
		r = read_end(log, &found->text, &len, e);
	if (r != 1)
		return r;
	for (size_t i = 0; i < old_len; i++)
		lines += old[i] == '\n';
	k.hashes = calloc(lines, sizeof(*k.hashes));
	if (!k.hashes)
		return err_set(e, ERR_NOBODY, "out of memory for a log");
	each_line(old, old_len, learn, &k);
	qsort(k.hashes, k.n, sizeof(*k.hashes), by_value);
	each_line(found->text, len, look, &k);
	free(k.hashes);
	return 1;
}

void newlines_fini(struct newlines *found)
{
	free(steal_ptr(&found->text));
}

const char *newlines_at(const struct newlines *found, size_t i)
{
	size_t have = found->n < NEWLINES_MOST ? found->n : NEWLINES_MOST;

	return i < have ? found->line[(found->n - have + i) % NEWLINES_MOST] : NULL;
}
