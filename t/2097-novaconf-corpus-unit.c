/* Replays the corpus of fuzz-novaconf: Nova's configuration, whole and broken. */
#include "t/lib/conf-test.h"

#include "fuzz/fuzz-novaconf.h"
#include "t/lib/corpus-test.h"

static void replay(void **state)
{
	(void)state;
	corpus_replay("fuzz-novaconf", 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(replay)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
