/* Replays the corpus of fuzz-cloud: clouds.yaml, whole and broken. */
#include "t/lib/conf-test.h"

#include "fuzz/fuzz-cloud.h"
#include "t/lib/corpus-test.h"

static void replay(void **state)
{
	(void)state;
	corpus_replay("fuzz-cloud", 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(replay)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
