/* wildcard: * and ? in a file name, in time that an untrusted pattern cannot make long. */
#include "lib/wildcard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct pair {
	const char *pattern, *name;
};

static void matches(void **state)
{
	static const struct pair pairs[] = {
		{"app.img", "app.img"}, {"*", "a"}, {"*.img", "app.img"}, {"app*", "app"},
		{"a?c", "abc"}, {"*_qemu-x86_64", "hello_qemu-x86_64"}, {"*a*b*", "xaxxbx"},
		{"*ab", "aab"}, {"**", "x"}, {".*", ".config"}, {"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (!wildcard_matches(pairs[i].pattern, pairs[i].name))
			fail_msg("%s should match %s", pairs[i].pattern, pairs[i].name);
}

static void does_not(void **state)
{
	static const struct pair pairs[] = {
		{"app.img", "app.im"}, {"app.im", "app.img"}, {"*.img", "app.img.dbg"},
		{"a?c", "ac"}, {"?", ""}, {"*", ".hidden"}, {"?x", ".x"}, {"", "a"},
		{"[ab]", "a"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (wildcard_matches(pairs[i].pattern, pairs[i].name))
			fail_msg("%s should not match %s", pairs[i].pattern, pairs[i].name);
}

/* With fnmatch(3) this does not end. */
static void many_stars_end(void **state)
{
	char pattern[256] = "", name[256];

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (size_t i = 0; i < 120; i++)
		strcpy(pattern + 2 * i, "*a");
	strcpy(pattern + 240, "*b");
	assert_false(wildcard_matches(pattern, name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches),
		cmocka_unit_test(does_not),
		cmocka_unit_test(many_stars_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
