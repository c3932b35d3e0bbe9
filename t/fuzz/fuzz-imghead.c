/* fuzz-imghead: what strangers leave, through both readers of heads; and its first line, as a name
 * of a pushed tree. The promises: a refusal is the pusher's and has words; what passes has a size
 * that was allowed, and no name that passes holds what a path could be misled by. */
#include "fuzz-imghead.h"

#include "agent/sandboxed/check/imghead.h"
#include "agent/sandboxed/checkout/treename.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX = 1 << 26 };

static void promise(int kept)
{
	if (!kept)
		abort();
}

static void check_refusal(const struct err *e)
{
	promise(e->class == ERR_PUSHER && e->msg[0] != '\0');
}

static void try_name(const char *name, size_t len)
{
	if (treename_refuse(name, len))
		return;
	promise(len > 0 && len <= 255 && !memchr(name, '/', len) && !memchr(name, '\0', len));
	promise(!(len == 4 && strncasecmp(name, ".git", 4) == 0));
	promise(!(len <= 2 && memcmp(name, "..", len) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t tail = size < IMGHEAD_TAIL ? size : IMGHEAD_TAIL;
	struct imghead h = {
		.head = data, .head_len = size < IMGHEAD_HEAD ? size : IMGHEAD_HEAD,
		.tail = data ? data + (size - tail) : data, .tail_len = tail, .size = size,
	};
	const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
	struct err e = ERR_INIT;
	const char *note;
	uint64_t virtual_size = 0;

	if (imghead_raw(&h, MAX, &note, &e) < 0)
		check_refusal(&e);
	else
		promise(size > 0 && size % 512 == 0);
	if (imghead_qcow2(&h, MAX, &virtual_size, &e) < 0)
		check_refusal(&e);
	else
		promise(virtual_size > 0 && virtual_size <= MAX && virtual_size % 512 == 0);
	if (size)
		try_name((const char *)data, newline ? (size_t)(newline - data) : size);
	return 0;
}
