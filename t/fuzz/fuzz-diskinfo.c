/* fuzz-diskinfo: one file read as Nova's disk.info. The answer is one of three. The pure file
 * is included, so that the target is whole by itself. */
#include "fuzz-diskinfo.h"

#include "agent/publish/diskinfo.c"

#include "scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int dir = -1;
	const char *path = scratch("disk.info", data, size);
	enum diskinfo format;

	if (dir < 0)
		dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	format = diskinfo_format(dir, "disk");
	promise(format == DISKINFO_UNKNOWN || format == DISKINFO_RAW || format == DISKINFO_QCOW2);
	/* A file that does not name the disk says nothing about it. */
	if (!memmem(data, size, "disk", 4) && !memmem(data, size, "\\u", 2))
		promise(format == DISKINFO_UNKNOWN);
	return 0;
}
