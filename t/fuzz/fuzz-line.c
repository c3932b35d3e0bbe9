/* fuzz-line: the line that a client asks the door to execute. Accepted input must keep its
 * promises; a broken promise aborts. clang -fsanitize=fuzzer runs it (make fuzz); a unit test
 * replays corpus/fuzz-line. The pure file is included, so that the target is whole by itself. */
#include "fuzz-line.h"

#include "door/line.c"

#include <stdlib.h>

static void promise(bool kept)
{
	if (!kept)
		abort();
}

/* Safe behind a slash, with .git behind it. */
static void check_name_of_repo(const char *repo)
{
	promise(*repo && *repo != '/' && *repo != '-' && *repo != '.' && *repo != '~');
	promise(!strstr(repo, "/.") && !strstr(repo, "//"));
	promise(strspn(repo,
		       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/") ==
		strlen(repo));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct line *l = malloc(sizeof(*l));
	struct err e = ERR_INIT;

	if (!text || !l)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (line_parse(l, text, &e) == 0) {
		promise(l->argc >= 0 && l->argc <= LINE_ARGS_MAX && !l->argv[l->argc]);
		for (int i = 0; i < l->argc; i++)
			promise(l->argv[i] >= l->words &&
				l->argv[i] + strlen(l->argv[i]) < l->words + sizeof(l->words));
		if (l->service)
			check_name_of_repo(l->repo);
	} else {
		promise(e.class == ERR_USAGE && *e.msg);
	}
	free(l);
	free(text);
	return 0;
}
