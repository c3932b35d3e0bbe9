/* fuzz-novaconf: one text read as a nova.conf. A value has no blanks at its ends and stands in the
 * text. A broken promise aborts. */
#include "fuzz-novaconf.h"

#include "conf/novaconf.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void promise(bool kept)
{
	if (!kept)
		abort();
}

static void look_for(const char *text, const char *section, const char *name)
{
	char value[NOVACONF_VALUE_MAX] = "unset";
	size_t len;

	if (!novaconf_find(text, section, name, value)) {
		promise(strcmp(value, "unset") == 0);
		return;
	}
	len = strlen(value);
	promise(len < NOVACONF_VALUE_MAX && strstr(text, value) && strstr(text, name));
	promise(len == 0 || !isspace((unsigned char)value[0]));
	promise(len == 0 || len == NOVACONF_VALUE_MAX - 1 ||
		!isspace((unsigned char)value[len - 1]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* An exact allocation, so that a sanitizer sees each read beyond it. */
	char *text = malloc(size + 1);

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	look_for(text, "DEFAULT", "reserved_host_disk_mb");
	look_for(text, "libvirt", "images_type");
	free(text);
	return 0;
}
