/* fuzz-expect: the first line as an expectation, the rest as what a guest says. Accepted input must
 * be cheap to compile and to match, and a console in one piece must come to the same as byte by
 * byte. clang -fsanitize=fuzzer runs it (make fuzz); a unit test replays corpus/fuzz-expect. The
 * pure file is included, so that the target is whole by itself. */
#include "fuzz-expect.h"

#include "agent/sandboxed/boot/console.c"
#include "conf/expect.h"

#include <stdlib.h>
#include <time.h>

enum { COMPILE_MS = 100, SAID_MAX = 4096 };

static void promise(bool kept)
{
	if (!kept)
		abort();
}

static int64_t cpu_ms(void)
{
	return (int64_t)clock() * 1000 / CLOCKS_PER_SEC;
}

static bool feed(const regex_t *re, const char *data, size_t len, size_t step)
{
	struct console c = {.expect = re};

	for (size_t i = 0; i < len; i += step) {
		if (console_take(&c, data + i, step < len - i ? step : len - i))
			return true;
		promise(c.len <= CONSOLE_LINE && strlen(c.tail) <= CONSOLE_TAIL);
	}
	return console_end(&c);
}

static void listen(const regex_t *re, const char *text, size_t len)
{
	char data[SAID_MAX];

	len = len < sizeof(data) ? len : sizeof(data);
	memcpy(data, text, len);
	len = console_clean(data, len);
	promise(!memchr(data, '\r', len) && !memchr(data, '\0', len));
	promise(feed(re, data, len, len + 1) == feed(re, data, len, 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *newline = memchr(data, '\n', size);
	size_t len = newline ? (size_t)(newline - data) : size;
	char *text = strndup((const char *)data, len);
	int64_t begin_ms = cpu_ms();
	struct err e = ERR_INIT;
	regex_t re;

	if (text && expect_compile(&re, text, &e) == 0) {
		promise(cpu_ms() - begin_ms <= COMPILE_MS);
		promise(strlen(text) <= EXPECT_MAX && !strpbrk(text, "\n\t\033"));
		if (newline)
			listen(&re, (const char *)newline + 1, size - len - 1);
		regfree(&re);
	}
	free(text);
	return 0;
}
