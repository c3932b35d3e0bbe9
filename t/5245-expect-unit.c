/* expect: which expressions are accepted, the messages for the others, and the corpus of
 * fuzz-expect. */
#include "conf/expect.h"
#include "fuzz/fuzz-expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "t/lib/corpus-test.h"

static void taken(void **state)
{
	static const char *const all[] = {
		"ready",
		"^hello, .* of [0-9]+ (files|file)$",
		"a|b|c",
		"(a|b)+",
		"(ab)*c",
		"ready( in [0-9]+ ms)?",
		"\\(\\{\\*\\^\\$\\|\\\\",
		"[](){}*+?^$|]+",
		"[^]a]",
		"[[:alpha:]_-]*:",
		"[[.-.]a]",
		"[[=a=]]",
		"a.b",
		"^(GET|PUT) /",
		"a}",
	};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (check_expect(all[i], &e) < 0)
			fail_msg("%s", e.msg);
}

static void refused(const char *text, const char *words)
{
	struct err e = ERR_INIT;

	assert_int_equal(check_expect(text, &e), -1);
	assert_int_equal(e.class, ERR_USAGE);
	if (!strstr(e.msg, words))
		fail_msg("%s does not say: %s", e.msg, words);
}

static void texts_that_are_no_expressions(void **state)
{
	char text[EXPECT_MAX + 2];

	(void)state;
	refused("", "at its character 1: an alternative is empty");
	refused("^$", "at its character 3: an alternative is empty");
	refused("a|", "at its character 3: an alternative is empty");
	refused("(|a)", "at its character 2: an alternative is empty");
	refused("a()", "at its character 3: an alternative is empty");
	refused("(a", "at its character 3: a ( is not closed");
	refused("a)", "at its character 2: a ) closes nothing");
	refused("[a", "at its character 1: the [ has no ]");
	refused("[[:alpha:", "the [ has no ]");
	refused("[[:nonsense:]]", "haracter class");
	refused("[z-a]", "ange end");
	refused("*a", "at its character 1: a repetition repeats nothing");
	refused("(+a)", "at its character 2: a repetition repeats nothing");
	refused("a\\", "at its character 2: a backslash");
	refused("a\tb", "at its character 2: printable ASCII");
	refused("caf\303\251", "at its character 4: printable ASCII");
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	refused(text, "at its character 201: at most 200");
}

static void expressions_that_could_take_for_ever(void **state)
{
	(void)state;
	refused("a{30000}", "at its character 2: { is not accepted");
	refused("(a)\\1", "at its character 4: a backslash is accepted only before punctuation");
	refused("a\\b", "a backslash");
	refused("\\<a", "a backslash");
	refused("(a+)+", "at its character 5: a repetition of a repetition");
	refused("((a*)b)*", "at its character 8: a repetition of a repetition");
	refused("a**", "at its character 3: a repetition of a repetition");
	refused("(x(y(z?)))+", "a repetition of a repetition");
	refused("(^|a)b", "at its character 2: ^ is accepted only at the beginning");
	refused("(a|$)b", "at its character 4: $ is accepted only at the end");
	refused("((((((((((((((((((a))))))))))))))))))", "nested too deeply");
}

static void replay(void **state)
{
	(void)state;
	corpus_replay("fuzz-expect", 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taken),
		cmocka_unit_test(texts_that_are_no_expressions),
		cmocka_unit_test(expressions_that_could_take_for_ever),
		cmocka_unit_test(replay),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
