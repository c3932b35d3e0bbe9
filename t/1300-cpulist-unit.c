/* Lists of processors as operators and the kernel write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/cpulist.h"

static void expect(const char *text, const char *minus, const char *want)
{
	struct cpulist all, some;
	char buf[CPULIST_TEXT];
	struct err e = ERR_INIT;

	assert_int_equal(cpulist_parse(text, &all, &e), 0);
	if (minus) {
		assert_int_equal(cpulist_parse(minus, &some, &e), 0);
		cpulist_subtract(&all, &some);
	}
	assert_int_equal(cpulist_format(&all, buf), *want != '\0');
	assert_string_equal(buf, want);
}

static void lists(void **state)
{
	(void)state;
	expect("0", NULL, "0");
	expect("0-3\n", NULL, "0-3");
	expect("4-12,^8,15", NULL, "4-7,9-12,15");
	expect("^8, 4-12 ,15", NULL, "4-7,9-12,15");
	expect("3,1,2,2,8191", NULL, "1-3,8191");
	expect("0-7", "1,4-6", "0,2-3,7");
	expect("0-7", "0-7", "");
	expect("^1", NULL, "");
}

static void no_lists(void **state)
{
	static const char *const texts[] = {
		"",       " ",    "a",     "1-",  "-1",
		"3-1",    "1,,2", "1,",    "1 2", "8192",
		"0-8192", "^",    "1-2-3", "0x1", "99999999999999999999"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct cpulist l;
		struct err e = ERR_INIT;

		if (cpulist_parse(texts[i], &l, &e) == 0)
			fail_msg("\"%s\" was taken", texts[i]);
		assert_int_equal(e.class, ERR_USAGE);
	}
}

/* Every second processor of the largest machine: too long for a file of the kernel. */
static void the_longest(void **state)
{
	struct cpulist l = {{false}};
	char buf[CPULIST_TEXT];

	(void)state;
	for (int i = 0; i < CPULIST_CPUS; i += 2)
		l.has[i] = true;
	assert_false(cpulist_format(&l, buf));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(lists), cmocka_unit_test(no_lists),
					   cmocka_unit_test(the_longest)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
