/* fuzz-pushopt: one text whose lines are push options. Accepted input must keep its promises; a
 * broken promise aborts. clang -fsanitize=fuzzer runs it (make fuzz); a unit test replays
 * corpus/fuzz-pushopt. The pure file is included, so that the target is whole by itself. */
#include "fuzz-pushopt.h"

#include "hooks/pushopt.c"

static void promise(bool kept)
{
	if (!kept)
		abort();
}

static void try_options(const char *const *texts, size_t n)
{
	struct err e = ERR_INIT;
	struct pushopt o = {.priority = 0};

	if (pushopt_parse(texts, n, &o, &e) < 0) {
		promise(e.class == ERR_PUSHER && check_clean(e.msg, CHECK_LINE));
		return;
	}
	promise(n <= PUSHOPT_MAX && abs(o.priority) <= PUSHOPT_PRIORITY_MAX &&
		(!*o.image || uuid_valid(o.image)));
	promise(!o.skip || (!o.wait && !o.rebuild && o.priority == 0 && !*o.image));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	const char *texts[PUSHOPT_MAX + 4];
	size_t n = 0;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	for (char *line = text; line && n < PUSHOPT_MAX + 4; n++) {
		char *stop = strchr(line, '\n');

		if (stop)
			*stop++ = '\0';
		texts[n] = line;
		line = stop;
	}
	try_options(texts, n);
	free(text);
	return 0;
}
