/* Range headers for files of several sizes, and the corpus of fuzz-range. */
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "fuzz/fuzz-range.h"
#include "serve/range.h"
#include "t/lib/corpus-test.h"

static void is_part(const char *header, uint64_t size, uint64_t want_first, uint64_t want_n)
{
	uint64_t first = 0, n = 0;

	assert_int_equal(range_read(header, size, &first, &n), RANGE_PART);
	assert_true(first == want_first && n == want_n);
}

/* Red without `last < size ? last : size - 1`. */
static void parts(void **state)
{
	(void)state;
	is_part("bytes=0-", 10, 0, 10);
	is_part("bytes=3-", 10, 3, 7);
	is_part("bytes=3-3", 10, 3, 1);
	is_part("bytes=3-99", 10, 3, 7);
	is_part("Bytes=9-", 10, 9, 1);
	is_part("bytes=-4", 10, 6, 4);
	is_part("bytes=-99", 10, 0, 10);
}

/* Red where *first is written before the header is known to be good. */
static void others(void **state)
{
	static const char *const ignored[] = {NULL, "", "bytes=", "bytes=-", "bytes=5-3",
					      "bytes=1-2,4-5", "bytes=+1-2", "bytes= 1-2",
					      "lines=1-2", "bytes=1000000000000000000-"};
	static const char *const outside[] = {"bytes=10-", "bytes=10-11", "bytes=-0"};
	uint64_t first = 7, n = 9;

	(void)state;
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		assert_int_equal(range_read(ignored[i], 10, &first, &n), RANGE_ALL);
	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++)
		assert_int_equal(range_read(outside[i], 10, &first, &n), RANGE_NONE);
	assert_int_equal(range_read("bytes=0-", 0, &first, &n), RANGE_NONE);
	assert_int_equal(range_read("bytes=-1", 0, &first, &n), RANGE_NONE);
	assert_true(first == 7 && n == 9);
}

static void replay(void **state)
{
	(void)state;
	corpus_replay("fuzz-range", 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(parts), cmocka_unit_test(others),
					   cmocka_unit_test(replay)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
