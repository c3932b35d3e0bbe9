/* Every text that fuzzing kept, or that somebody thought of, once more through fuzz-yaml. */
#include "conf-test.h"

#include "fuzz/fuzz-yaml.h"

static void replay(void **state)
{
	const char *src = getenv("HORNERO_SRC");
	own_free char *dir = fs_path("%s/t/fuzz/corpus/fuzz-yaml", src && *src ? src : ".");
	own_dir DIR *d = opendir(dir);
	struct dirent *entry;
	int n = 0;

	(void)state;
	assert_non_null(d);
	while ((entry = readdir(d))) {
		own_free char *text = NULL, *path = fs_path("%s/%s", dir, entry->d_name);
		struct err e = ERR_INIT;
		size_t len;

		if (entry->d_name[0] == '.')
			continue;
		assert_int_equal(fs_read(AT_FDCWD, path, 1 << 20, &text, &len, &e), 0);
		assert_int_equal(LLVMFuzzerTestOneInput((const uint8_t *)text, len), 0);
		n++;
	}
	assert_true(n >= 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(replay)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
