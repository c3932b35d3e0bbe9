/* pick: DIAGNOSTICS: none; the caller reports errno, and errors of standard output. */
#include "cli/pick.h"

#include "lib/escape.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Users see the escaped text, so that is what they search. */
static bool matches(struct pick *p)
{
	escape_text(p->out, sizeof(p->out) - 1, p->line, p->n, ESCAPE_LINES);
	p->n = 0;
	return !p->text || strcasestr(p->out, p->text);
}

static void count(struct pick *p)
{
	p->skip += matches(p);
}

static void print(struct pick *p)
{
	if (!matches(p))
		return;
	if (p->skip > 0) {
		p->skip--;
		return;
	}
	fputs(p->out, stdout);
	if (!strchr(p->out, '\n'))
		putchar('\n');
	p->printed++;
}

static ssize_t take(struct pick *p, struct logfile *file, void (*line)(struct pick *p))
{
	ssize_t n = logfile_read(file, p->in, sizeof(p->in));

	for (ssize_t i = 0; i < n; i++) {
		p->line[p->n++] = p->in[i];
		if (p->in[i] == '\n' || p->n == sizeof(p->line))
			line(p);
	}
	return n;
}

int pick_seek(struct pick *p, struct logfile *file)
{
	ssize_t n;

	if (p->last == 0)
		return 0;
	do
		n = take(p, file, count);
	while (n > 0);
	if (n == 0 && p->n > 0)
		count(p);
	p->skip = p->skip > p->last ? p->skip - p->last : 0;
	p->last = 0;
	return n < 0 || !logfile_rewind(file) ? -1 : 0;
}

ssize_t pick_copy(struct pick *p, struct logfile *file)
{
	return take(p, file, print);
}

void pick_end(struct pick *p)
{
	if (p->n > 0)
		print(p);
	p->skip = 0;
	fflush(stdout);
}
