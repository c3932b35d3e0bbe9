/* fuzz-overlay: one file read as a qcow2 header, and the same bytes as the name of a backing file.
 * Accepted input must keep its promises; a broken promise aborts. clang -fsanitize=fuzzer runs it
 * (make fuzz); a unit test replays corpus/fuzz-overlay. The pure file is included, so that the
 * target is whole by itself. */
#include "fuzz-overlay.h"

#include "agent/publish/overlay.c"

#include <stdlib.h>

#define BASE_NAME "0123456789abcdef0123456789abcdef01234567"
#define BASE      "/var/lib/nova/instances/_base/" BASE_NAME

static void promise(bool kept)
{
	if (!kept)
		abort();
}

static void try_name(const char *name)
{
	const char *path = NULL;

	switch (overlay_match(name, BASE, &path)) {
	case OVERLAY_YES:
		promise(strstr(name, BASE_NAME) != NULL);
		break;
	case OVERLAY_LOOK:
		promise(path >= name && path <= name + strlen(name));
		break;
	case OVERLAY_NO:
		/* Only a name with a protocol certainly means another file. */
		promise(strchr(name, ':') != NULL && strstr(name, BASE_NAME) == NULL);
		break;
	}
}

static char *text_of(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1);

	if (!text)
		abort();
	if (len > 0)
		memcpy(text, data, len);
	text[len] = '\0';
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t offset = 0;
	uint32_t len = 0;
	char *name;

	if (overlay_parse(data, size, &offset, &len) == OVERLAY_BACKED) {
		promise(offset >= 20 && offset <= OVERLAY_OFFSET_MAX && len >= 1 &&
			len <= OVERLAY_NAME_MAX);
		(void)overlay_is_on_raw(data, size);
		if (offset + len <= size) {
			name = text_of(data + offset, len);
			try_name(name);
			free(name);
		}
	}
	name = text_of(data, size > OVERLAY_NAME_MAX ? OVERLAY_NAME_MAX : size);
	try_name(name);
	free(name);
	return 0;
}
