/* floor: DIAGNOSTICS: none. If statvfs fails, the filesystem does not count as low; the next write
 * there reports the error. */
#include "lib/floor.h"

#include "lib/bytes.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

int64_t floor_bytes(const struct floor *f)
{
	struct stat dir, other;

	if (f->reserved_bytes == 0 || stat(f->dir, &dir) < 0 || stat(f->reserved_on, &other) < 0 ||
	    dir.st_dev != other.st_dev)
		return f->bytes;
	return f->bytes + f->reserved_bytes;
}

int64_t floor_free_bytes(const struct floor *f)
{
	struct statvfs fs;

	if (statvfs(f->dir, &fs) < 0)
		return -1;
	return (int64_t)(fs.f_bavail * fs.f_frsize);
}

int64_t floor_lack_bytes(const struct floor *f)
{
	int64_t want = floor_bytes(f);
	int64_t have = want > 0 ? floor_free_bytes(f) : -1;

	return have >= 0 && have < want ? want - have : 0;
}

bool floor_files(const struct floor *f, struct floor_files *out)
{
	struct statvfs fs;

	if (floor_bytes(f) == 0 || statvfs(f->dir, &fs) < 0 || fs.f_files == 0)
		return false;
	*out = (struct floor_files){.free = (int64_t)fs.f_favail, .all = (int64_t)fs.f_files,
				    .floor = (int64_t)(fs.f_files / 100 * FLOOR_FILES_PERCENT)};
	return true;
}

int64_t floor_lack_files(const struct floor *f)
{
	struct floor_files files;

	return floor_files(f, &files) && files.free >= 0 && files.free < files.floor
		       ? files.floor - files.free
		       : 0;
}

static bool files_are_low(const struct floor *f, char why[FLOOR_WHY])
{
	struct floor_files files;

	if (!floor_files(f, &files) || floor_lack_files(f) == 0)
		return false;
	snprintf(why, FLOOR_WHY,
		 "disk: %lld of %lld inodes free on %.300s, the floor is %d %% (%s); "
			      "`hornero gc` says what may go",
		 (long long)files.free, (long long)files.all, f->dir, FLOOR_FILES_PERCENT,
		 f->setting);
	return true;
}

bool floor_is_low(const struct floor *f, char why[FLOOR_WHY])
{
	char have[BYTES_WORDS], want[BYTES_WORDS];
	int64_t lack = floor_lack_bytes(f);
	int64_t floor = floor_bytes(f);

	if (lack == 0)
		return files_are_low(f, why);
	snprintf(why, FLOOR_WHY,
		 "disk: %s free on %.300s, the floor is %s (%s%s); "
			      "`hornero gc` says what may go",
		 bytes_words(have, floor - lack), f->dir, bytes_words(want, floor), f->setting,
		 floor > f->bytes ? " and reserved_host_disk_mb" : "");
	return true;
}
