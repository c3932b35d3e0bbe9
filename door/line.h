/*
 * line: parses a client's command without a shell. Pure.
 *
 *     struct line l;
 *     if (line_parse(&l, text, e) < 0) …              ERR_USAGE, in words for the client
 *     if (l.service) … git's, on the repository l.repo
 *     else … l.argv, the words of `hornero`
 *
 * git writes git-receive-pack 'NAME', quoted for a shell; users write queue --all. Quotes and
 * backslashes work as in a shell, and nothing else is special: ; | $ ` * are ordinary characters.
 */
#ifndef HORNERO_DOOR_LINE_H
#define HORNERO_DOOR_LINE_H

#include "lib/err.h"

#include <stdbool.h>

enum { LINE_BYTES_MAX = 4096, LINE_ARGS_MAX = 32 };

/* A git command on a repository. */
struct line_service {
	const char *name; /* as in `git NAME`: receive-pack, upload-pack, upload-archive */
	bool writes;
};

struct line {
	const struct line_service *service; /* NULL: the words of `hornero`, or an empty line */
	char repo[256];                     /* a name that check_repo accepts, without .git */
	int argc;                           /* words, without a leading `hornero`; 0: empty line */
	char *argv[LINE_ARGS_MAX + 1];      /* NULL-terminated; points into words */
	char words[LINE_BYTES_MAX + 1];
};

int line_parse(struct line *l, const char *text, struct err *e);

#endif
