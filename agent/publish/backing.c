/* backing: DIAGNOSTICS: OVERLAY_BAD, with errno set. */
#include "agent/publish/backing.h"

#include "lib/fs.h"

#include <errno.h>
#include <string.h>

static enum overlay_kind bad(int number)
{
	errno = number;
	return OVERLAY_BAD;
}

enum overlay_kind backing_read(int fd, struct backing *out)
{
	uint8_t head[4096];
	uint64_t offset = 0;
	uint32_t len = 0;
	ssize_t got = fs_pread(fd, head, sizeof(head), 0);
	enum overlay_kind kind;

	if (got < 0)
		return OVERLAY_BAD;
	kind = overlay_parse(head, (size_t)got, &offset, &len);
	if (kind != OVERLAY_BACKED)
		return kind == OVERLAY_BAD ? bad(EBADMSG) : kind;
	out->is_raw = overlay_is_on_raw(head, (size_t)got);
	got = fs_pread(fd, out->name, len, (int64_t)offset);
	if (got != (ssize_t)len)
		return bad(got < 0 ? errno : EBADMSG);
	out->name[len] = '\0';
	return OVERLAY_BACKED;
}
