/* Replays the corpus of fuzz-record: records, whole and broken. */
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "fuzz/fuzz-record.h"
#include "t/lib/corpus-test.h"

static void replay(void **state)
{
	(void)state;
	corpus_replay("fuzz-record", 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(replay)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
