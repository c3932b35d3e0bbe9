/* The fields that a line of the log gets in the journal, and those that text may not forge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/journal.h"

#include <string.h>

#define HEAD(line) "PRIORITY=6\nSYSLOG_IDENTIFIER=hornerod\nMESSAGE=" line "\n"

static void formats(const char *line, const char *want)
{
	char text[1024];
	size_t len = journal_format(text, sizeof(text), "hornerod", 6, line);

	assert_int_equal(len, strlen(want));
	assert_memory_equal(text, want, len);
}

static void fields(void **state)
{
	(void)state;
	formats("plain text job=5", HEAD("plain text job=5"));
	formats("event=published job=42 attempt=1 image=u cache_file=f",
		HEAD("event=published job=42 attempt=1 image=u cache_file=f")
		"HORNERO_EVENT=published\nHORNERO_JOB=42\nHORNERO_ATTEMPT=1\nHORNERO_IMAGE=u\n");
}

static void no_forged_fields(void **state)
{
	(void)state;
	formats("event=x reason=\"a job=7 \\\" b\" job=8", HEAD("event=x reason=\"a job=7 \\\" b\" "
							       "job=8")
		"HORNERO_EVENT=x\nHORNERO_JOB=8\n");
	formats("event=x some text job=9", HEAD("event=x some text job=9") "HORNERO_EVENT=x\n");
	formats("event=x reason=\"open job=9", HEAD("event=x reason=\"open job=9")
		"HORNERO_EVENT=x\n");
	formats("job=", HEAD("job="));
}

static void what_does_not_fit(void **state)
{
	char text[64];

	(void)state;
	assert_int_equal(journal_format(text, sizeof(text), "hornerod", 6,
					"event=a-line-that-is-longer-than-the-buffer"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields),
		cmocka_unit_test(no_forged_fields),
		cmocka_unit_test(what_does_not_fit),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
