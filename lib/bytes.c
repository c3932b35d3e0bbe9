/* bytes: DIAGNOSTICS: none. */
#include "lib/bytes.h"

#include <inttypes.h>
#include <stdio.h>

const char *bytes_words(char buf[BYTES_WORDS], int64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	int64_t scaled = bytes; /* in tenths of the unit after the loop */
	int unit = 0;

	if (bytes < 1024) {
		snprintf(buf, BYTES_WORDS, "%" PRId64 " B", bytes);
		return buf;
	}
	while (scaled >= 1024 * 1024 && unit < 5) {
		scaled /= 1024;
		unit++;
	}
	scaled = scaled / 1024 * 10 + scaled % 1024 * 10 / 1024;
	snprintf(buf, BYTES_WORDS, "%" PRId64 ".%" PRId64 " %s", scaled / 10, scaled % 10,
		 units[unit]);
	return buf;
}
