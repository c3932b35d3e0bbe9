/* fuzz-reply: one text read as a line of the publisher's. Accepted input is safe below the cache,
 * and no number is negative. */
#include "fuzz-reply.h"

#include "agent/common/reply.c"

#include <stdlib.h>

static void promise(bool kept)
{
	if (!kept)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct err e = ERR_INIT;
	struct reply a;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (reply_parse(text, &a, &e) == 0) {
		promise(!*a.name || strspn(a.name, "0123456789abcdef") == SHA1_HEX);
		promise(!forms[a.word].name || *a.name);
		promise(a.size_bytes >= 0 && a.ms >= 0 && (size_t)a.word < N_FORMS);
		promise(!*a.text || (a.text > text && a.text < text + size));
		promise(forms[a.word].text || !*a.text);
	} else {
		promise(e.class == ERR_US);
	}
	free(text);
	return 0;
}
