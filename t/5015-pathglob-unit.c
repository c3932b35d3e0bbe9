/* pathglob: which paths match a pattern of a builder's clean_when. */
#include "agent/sandboxed/checkout/pathglob.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct pair {
	const char *pattern, *path;
};

static void fits(void **state)
{
	static const struct pair pairs[] = {
		{"Makefile", "Makefile"},  {"Makefile", "src/lib/Makefile"},
		{"*.mk", "a/b.mk"},        {"configure*", "configure.ac"},
		{"?.c", "x/a.c"},          {"[ab].c", "a.c"},
		{".config", ".config"},    {"*", ".hidden"},
		{"/Makefile", "Makefile"}, {"src/*.h", "src/a.h"},
		{"/src/*.h", "src/a.h"},   {"include/**", "include/a/b/c.h"},
		{"**/conf.h", "conf.h"},   {"**/conf.h", "a/b/conf.h"},
		{"a/**/z", "a/z"},         {"a/**/z", "a/b/c/z"},
		{"**/b/**", "a/b/c"},      {"a/**/b/**/c", "a/b/x/b/y/c"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (!pathglob_matches(pairs[i].pattern, pairs[i].path))
			fail_msg("%s should fit %s", pairs[i].pattern, pairs[i].path);
}

static void does_not(void **state)
{
	static const struct pair pairs[] = {
		{"Makefile", "Makefile.am"},
		{"Makefile", "Makefile/x"},
		{"*.mk", "mk"},
		{"/Makefile", "src/Makefile"},
		{"src/*.h", "src/a/b.h"},
		{"src/*.h", "x/src/a.h"},
		{"include/**", "include"},
		{"a/**/z", "b/a/z"},
		{"a/**/z", "a/zz"},
		{"a/b", "a"},
		{"a", "a/b"},
		{"", "a"},
		{"/", "a"},
		{"?.c", ".c"},
		{"a?c", "a/c"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (pathglob_matches(pairs[i].pattern, pairs[i].path))
			fail_msg("%s should not fit %s", pairs[i].pattern, pairs[i].path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(fits), cmocka_unit_test(does_not)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
