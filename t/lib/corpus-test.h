/* Runs every file below t/fuzz/corpus/NAME through its fuzz target. Include it after the target's
 * own header. */
#ifndef HORNERO_T_LIB_CORPUS_TEST_H
#define HORNERO_T_LIB_CORPUS_TEST_H

#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>

static inline void corpus_replay(const char *name, int at_least)
{
	const char *src = getenv("HORNERO_SRC");
	own_free char *dir = fs_path("%s/t/fuzz/corpus/%s", src && *src ? src : ".", name);
	own_dir DIR *d = opendir(dir);
	struct dirent *entry;
	int n = 0;

	assert_non_null(d);
	while ((entry = readdir(d))) {
		own_free char *path = fs_path("%s/%s", dir, entry->d_name);
		own_free char *text = NULL;
		struct err e = ERR_INIT;
		size_t len;

		if (entry->d_name[0] == '.')
			continue;
		assert_int_equal(fs_read(AT_FDCWD, path, 1 << 20, &text, &len, &e), 0);
		assert_int_equal(LLVMFuzzerTestOneInput((const uint8_t *)text, len), 0);
		n++;
	}
	assert_true(n >= at_least);
}

#endif
