/* treename: which names of a pushed tree become files. Git tests this in its t0060 and t7450. */
#include "agent/sandboxed/checkout/treename.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define NAME(s) {s, sizeof(s) - 1}

struct name {
	const char *bytes;
	size_t len;
};

static void kept(void **state)
{
	static const struct name names[] = {
		NAME("a"),
		NAME("..."),
		NAME("..a"),
		NAME(".a"),
		NAME(".gitignore"),
		NAME(".gitmodules"),
		NAME(".gi"),
		NAME(".gitx"),
		NAME("git"),
		NAME("git~2"),
		NAME("git~10"),
		NAME("agit~1"),
		NAME("a.git"),
		NAME(".git x"),
		NAME(".git..x"),
		NAME("name with blank"),
		NAME("\xff\xfe"),
		NAME("-rf"),
		NAME("a\nb"),
		NAME("a\\b"),
		NAME(".gi\xc3\xa9t"),
		NAME("\xe2\x80"),
		NAME(".git\xe2\x80\x8d"
		     "x"),
		NAME("\xe2\x80\x90.git"),
		NAME("con"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (treename_refuse(names[i].bytes, names[i].len))
			fail_msg("%s: %s", names[i].bytes,
				 treename_refuse(names[i].bytes, names[i].len));
}

static void refused(void **state)
{
	static const struct {
		struct name name;
		const char *why;
	} table[] = {
		{NAME(""), "empty"},
		{NAME("."), "leads out"},
		{NAME(".."), "leads out"},
		{NAME("a/b"), "slash"},
		{NAME("/"), "slash"},
		{NAME("a\0b"), "NUL"},
		{NAME(".git"), "git's own"},
		{NAME(".GIT"), "git's own"},
		{NAME(".gIt"), "git's own"},
		{NAME("git~1"), "git's own"},
		{NAME("GIT~1"), "git's own"},
		{NAME(".git "), "git's own"},
		{NAME(".git. . "), "git's own"},
		{NAME("git~1."), "git's own"},
		{NAME(".git:stream"), "git's own"},
		{NAME(".git\\hooks"), "git's own"},
		{NAME("a\\.git"), "git's own"},
		{NAME("a\\b\\GIT~1 .\\c"), "git's own"},
		{NAME(".g\xe2\x80\x8cit"), "git's own"},
		{NAME("\xe2\x80\xaa.git\xe2\x80\xae"), "git's own"},
		{NAME(".\xe2\x81\xaaG\xe2\x81\xafit"), "git's own"},
		{NAME("\xef\xbb\xbf.git"), "git's own"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *why = treename_refuse(table[i].name.bytes, table[i].name.len);

		if (!why || !strstr(why, table[i].why))
			fail_msg("%s: %s", table[i].name.bytes, why ? why : "kept");
	}
}

static void length(void **state)
{
	char name[257];

	(void)state;
	memset(name, 'n', sizeof(name));
	assert_null(treename_refuse(name, 255));
	assert_non_null(strstr(treename_refuse(name, 256), "255"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(kept), cmocka_unit_test(refused),
					   cmocka_unit_test(length)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
