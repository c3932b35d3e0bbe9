/* floor: DIAGNOSTICS: none; a filesystem that does not answer is not low: whoever writes there will say why. */
#include "lib/floor.h"

#include "lib/bytes.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

int64_t floor_bytes(const struct floor *f)
{
	struct stat dir, other;

	if (f->reserved_bytes == 0 || stat(f->dir, &dir) < 0 || stat(f->reserved_on, &other) < 0 || dir.st_dev != other.st_dev)
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

bool floor_is_low(const struct floor *f, char why[FLOOR_WHY])
{
	char have[BYTES_WORDS], want[BYTES_WORDS];
	int64_t lack = floor_lack_bytes(f);
	int64_t floor = floor_bytes(f);

	if (lack == 0)
		return false;
	snprintf(why, FLOOR_WHY, "disk: %s free on %.300s, the floor is %s (%s%s); `hornero gc` says what may go",
		 bytes_words(have, floor - lack), f->dir, bytes_words(want, floor), f->key,
		 floor > f->bytes ? " and reserved_host_disk_mb" : "");
	return true;
}
