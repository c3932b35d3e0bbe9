/*
 * line: what a client asks to be executed, taken apart without a shell. Pure.
 *
 *     struct line l;
 *     if (line_parse(&l, text, e) < 0) …              ERR_USAGE, in words for the client
 *     if (l.service) … git's, on the repository l.repo
 *     else … l.argv, the words of `hornero`
 *
 * git writes git-receive-pack 'NAME', quoted as a shell would need it; people write queue --all. Quotes and
 * backslashes mean what they mean to a shell, and nothing else has a meaning: ; | $ ` * are letters.
 */
#ifndef HORNERO_DOOR_LINE_H
#define HORNERO_DOOR_LINE_H

#include "lib/err.h"

#include <stdbool.h>

enum { LINE_BYTES_MAX = 4096, LINE_ARGS_MAX = 32 };

/* What git is asked to do with a repository. */
struct line_service {
	const char *name; /* as in `git NAME`: receive-pack, upload-pack, upload-archive */
	bool writes;
};

struct line {
	const struct line_service *service; /* NULL: words of `hornero`, or none at all */
	char repo[256];                     /* name as check_repo has it, no .git */
	int argc;                           /* the words, without a leading `hornero`; 0: an empty line */
	char *argv[LINE_ARGS_MAX + 1];      /* NULL behind the last; into words */
	char words[LINE_BYTES_MAX + 1];
};

int line_parse(struct line *l, const char *text, struct err *e);

#endif
