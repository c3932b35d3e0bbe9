/* diskinfo: DIAGNOSTICS: none; DISKINFO_UNKNOWN if disk.info does not say. */
#include "agent/publish/diskinfo.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <string.h>

/* One line for each disk of an instance; Nova allows 26. */
enum { FILE_MAX = 65536 };

static json_t *load(int dir)
{
	own_fd int fd = fs_open_beneath(dir, "disk.info", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	own_free char *text = NULL;
	struct err ignored = ERR_INIT;
	size_t len;

	if (fd < 0 || fs_read_fd(fd, "disk.info", FILE_MAX, &text, &len, &ignored) < 0)
		return NULL;
	return json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
}

static enum diskinfo format_of(const json_t *value)
{
	const char *word = json_string_value(value);

	if (!word)
		return DISKINFO_UNKNOWN;
	if (strcmp(word, "raw") == 0)
		return DISKINFO_RAW;
	return strcmp(word, "qcow2") == 0 ? DISKINFO_QCOW2 : DISKINFO_UNKNOWN;
}

/* Compares only the last part of each path: a resize renames the directory and leaves its disk.info
 * unchanged. */
enum diskinfo diskinfo_format(int dir, const char *disk)
{
	enum diskinfo found = DISKINFO_UNKNOWN;
	json_t *formats = load(dir);
	const char *path;
	json_t *value;
	bool is_first = true;

	json_object_foreach(formats, path, value) {
		const char *slash = strrchr(path, '/');
		enum diskinfo format = format_of(value);

		if (strcmp(slash ? slash + 1 : path, disk) != 0)
			continue;
		found = is_first || found == format ? format : DISKINFO_UNKNOWN;
		is_first = false;
	}
	json_decref(formats);
	return found;
}
