/* fuzz-convert: a blob as a clone has it. The first byte chooses ident, the reading of it, eol and
 * the encoding; the rest is the blob. Each input gives an answer or an error of the pusher's; what
 * has no keyword and no line feed stays as it is, and CRLF adds one byte for each line feed at
 * most. A broken promise aborts. clang -fsanitize=fuzzer runs it (make fuzz); a unit test replays
 * corpus/fuzz-convert. The file is included, so that the target is whole by itself. */
#include "fuzz-convert.h"

#include "agent/sandboxed/checkout/convert.c"

#include <stdlib.h>

static void promise(bool kept)
{
	if (!kept)
		abort();
}

static size_t count(const char *s, size_t len, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += s[i] == c;
	return n;
}

static void look(const struct convert *c, const char *in, size_t len, const char *out,
		 size_t outlen)
{
	size_t dollars = count(in, len, '$'), lines = count(in, len, '\n');

	if (c->encoding[0])
		return;
	promise(outlen <= len + 48 * dollars + lines);
	if (!c->ident && c->eol != CONVERT_AS_IT_IS)
		promise(outlen >= len && count(out, outlen, '\n') == lines);
	if (dollars == 0 && (lines == 0 || c->eol == CONVERT_AS_IT_IS))
		promise(outlen == len && (len == 0 || memcmp(in, out, len) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char hex[] = "0123456789abcdef0123456789abcdef01234567";
	static const char *encodings[] = {"", "UTF-16", "UTF-16LE-BOM", "no-such"};
	struct convert c = {.eol = CONVERT_AS_IT_IS};
	struct err e = ERR_INIT;
	char *in = malloc(size + 1), *out = NULL;
	size_t len = 0;

	if (!in)
		abort();
	/* An exact allocation, so that a sanitizer sees each read beyond it. */
	if (size > 0) {
		c.ident = data[0] & 1;
		c.text_auto = data[0] & 2;
		c.eol = (data[0] >> 2) % 3;
		snprintf(c.encoding, sizeof(c.encoding), "%s", encodings[data[0] >> 4 & 3]);
		free(in);
		in = malloc(size > 1 ? size - 1 : 1);
		if (!in)
			abort();
		memcpy(in, data + 1, size - 1);
		if (convert_apply(&c, "file", hex, in, size - 1, &out, &len, &e) == 0)
			look(&c, in, size - 1, out, len);
		else
			promise(e.class == ERR_PUSHER);
	}
	free(in);
	free(out);
	return 0;
}
