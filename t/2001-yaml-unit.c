/* YAML that all four kinds of file refuse. Tested with .hornero.yaml, which strangers write. */
#include "t/lib/conf-test.h"

#include "conf/check.h"
#include "conf/repofile.h"
#include "conf/yaml.h"

static void expect_refused_n(const char *text, size_t len, const char *message)
{
	struct repofile out = {.builder = "untouched"};
	struct err e = ERR_INIT;

	if (repofile_parse("f", text, len, &out, &e) == 0)
		fail_msg("accepted: %s", text);
	assert_err(&e, ERR_PUSHER, message);
	assert_string_equal(out.builder, "untouched");
}

#define expect_refused(text, message) expect_refused_n((text), sizeof(text) - 1, (message))

static void expect_builder(const char *text, const char *builder)
{
	struct repofile out;
	struct err e = ERR_INIT;

	if (repofile_parse("f", text, strlen(text), &out, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(out.builder, builder);
}

static void plain_files(void **state)
{
	(void)state;
	expect_builder("", "");
	expect_builder("# nothing but words\n", "");
	expect_builder("---\n", "");
	expect_builder("---\n...\n", "");
	expect_builder("{}", "");
	expect_builder("builder: make", "make");
	expect_builder("builder: make\r\n", "make");
	expect_builder("\xef\xbb\xbf" "builder: make\n", "make");
	expect_builder("\"builder\": 'make' # why\n", "make");
	expect_builder("{builder: capstan-compose}", "capstan-compose");
	expect_builder("builder: \"\\u006dake\"\n", "make");
	expect_builder("builder: abcdefghijklmnopqrstuvwxyz012345\n",
		       "abcdefghijklmnopqrstuvwxyz012345");
}

static void features_that_configuration_does_not_need(void **state)
{
	(void)state;
	expect_refused("builder: &a make\n",
		       "f:1:10: an anchor (&); quote the value if it begins with &");
	expect_refused("&a builder: make\n",
		       "f:1:1: an anchor (&); quote the value if it begins with &");
	expect_refused("builder: *a\n", "f:1:10: an alias (*); write the value out");
	expect_refused("*a : make\n", "f:1:1: an alias (*); write the value out");
	expect_refused("builder: !!str make\n",
		       "f:1:10: a tag (!); quote the value if it begins with !");
	expect_refused("builder: ! make\n",
		       "f:1:10: a tag (!); quote the value if it begins with !");
	expect_refused("!!map {builder: make}\n",
		       "f:1:1: a tag (!); quote the value if it begins with !");
	expect_refused("builder: make\n---\nbuilder: make\n",
		       "f:2:1: a second document (---); one is allowed");
	expect_refused("%YAML 1.1\n---\nbuilder: make\n", "f:1:1: a directive (%); leave it out");
	expect_refused("%TAG ! tag:x,2000:\n---\nbuilder: make\n",
		       "f:1:1: a directive (%); leave it out");
	expect_refused("<<: {builder: make}\n",
		       "f:1:1: unknown setting \"<<\"; allowed: builder, expect, timeout, "
		       "artifact, arguments, target, env, subdir, cmdline, boot_bus, also");
	expect_refused("? [a]\n: make\n",
		       "f:1:3: a list or mapping is in the place of a key; a key is one word");
	expect_refused("builder: make\nbuilder: make\n",
		       "f:2:1: duplicate key \"builder\"; it is already in line 1");
	expect_refused("builder: make\n\"builder\": make\n",
		       "f:2:1: duplicate key \"builder\"; it is already in line 1");
}

static void the_wrong_shape(void **state)
{
	(void)state;
	expect_refused("make\n",
		       "f:1:1: .hornero.yaml is a mapping of settings to values, not a text");
	expect_refused("\n\n  - builder\n",
		       "f:3:3: .hornero.yaml is a mapping of settings to values, not a list");
	expect_refused("builder:\n", "f:1:9: builder is nothing; a builder's name is allowed");
	expect_refused("builder: ~\n", "f:1:10: builder is nothing; a builder's name is allowed");
	expect_refused("builder: [make]\n",
		       "f:1:10: builder is a list; a builder's name is allowed");
	expect_refused("builder: {make: 1}\n",
		       "f:1:10: builder is a mapping; a builder's name is allowed");
	expect_refused("limits: {memory: 9G}\n",
		       "f:1:1: unknown setting \"limits\"; allowed: builder, expect, timeout, "
		       "artifact, arguments, target, env, subdir, cmdline, boot_bus, also");
	expect_refused("# \xc3\xa9\nbuidler: make\n",
		       "f:2:1: unknown setting \"buidler\"; did you mean builder; "
		       "allowed: builder, "
		       "expect, timeout, artifact, arguments, target, env, subdir, cmdline, "
		       "boot_bus, also");
	expect_refused("builder: ../../bin/sh\n",
		       "f:1:10: builder: \"../../bin/sh\": a name of a-z, 0-9 and - is allowed, at "
		       "most 32 long, not beginning "
		       "with -");
	expect_refused("builder: -x\n", "f:1:10: builder: \"-x\": a name of a-z, 0-9 and - is "
					"allowed, at most 32 long, not "
					"beginning with -");
	expect_refused("builder: abcdefghijklmnopqrstuvwxyz0123456\n",
		       "f:1:10: builder: \"abcdefghijklmnopqrstuvwxyz0123456\": a name of a-z, 0-9 "
		       "and - is allowed, at most 32 "
		       "long, not beginning with -");
	expect_refused("builder: 'a b'\n", "f:1:10: builder: \"a b\": a name of a-z, 0-9 and - is "
					   "allowed, at most 32 long, not "
					   "beginning with -");
}

static void bytes_that_are_no_text(void **state)
{
	(void)state;
	expect_refused("builder: ma\0ke\n",
		       "f:1:12: control byte 0x00; only text in UTF-8 is allowed");
	expect_refused("# \xc3\xa9\nbuilder: \x1b[2J\n",
		       "f:2:10: control byte 0x1b; only text in UTF-8 is allowed");
	expect_refused("\x7f"
		       "ELF\x02\x01\x01",
		       "f:1:1: control byte 0x7f; only text in UTF-8 is allowed");
	expect_refused("builder: make\rx\n",
		       "f:1:14: control byte 0x0d; only text in UTF-8 is allowed");
	expect_refused("\xff\xfe" "b\0", "f:1:4: control byte 0x00; only text in UTF-8 is allowed");
	expect_refused("builder: m\xe9ke\n",
		       "f:1:12: invalid trailing UTF-8 octet; only text in UTF-8 is allowed");
	expect_refused("a\n\xff",
		       "f:2:1: invalid leading UTF-8 octet; only text in UTF-8 is allowed");
	expect_refused("builder: \xc2\x9b"
		       "31m\n",
		       "f:1:10: control characters are not allowed; only text in UTF-8 is allowed");
	expect_refused(
		"builder: \"a\\0b\"\n",
		"f:1:10: the value holds a control character; only printable text is allowed");
	expect_refused(
		"builder: \"\\e[2J\"\n",
		"f:1:10: the value holds a control character; only printable text is allowed");
	expect_refused(
		"builder: \xe2\x80\xae"
		"ekam\n",
		"f:1:10: the value holds a control character; only printable text is allowed");
}

static void texts_that_do_not_parse(void **state)
{
	(void)state;
	expect_refused("\tbuilder: make\n", "f:1:1: a tab; indent with blanks");
	expect_refused("builder: make\nx:\n \ty: 1\n", "f:3:2: a tab; indent with blanks");
	expect_refused(
		"builder: 'make\n",
		"f:2:1: not YAML: while scanning a quoted scalar, found unexpected end of stream");
	expect_refused(
		"builder: [make\n",
		"f:2:1: not YAML: while parsing a flow sequence, did not find expected ',' or ']'");
	expect_refused("builder: make\n x: 1\n",
		       "f:2:3: not YAML: mapping values are not allowed in this context");
	expect_refused("builder: @make\n", "f:1:10: not YAML: while scanning for the next token, "
					   "found character that cannot start any token");
	expect_refused(
		"builder: \"\\q\"\n",
		"f:1:11: not YAML: while parsing a quoted scalar, found unknown escape character");
	expect_refused("a: 1\n}\n",
		       "f:2:1: not YAML: while parsing a block mapping, did not find expected key");
}

/* A billion laughs, deep brackets, too many keys: refused early, whatever their size. */
static void bombs(void **state)
{
	char deep[4097], *keys, *at;
	struct doc *doc = NULL;
	struct err e = ERR_INIT;

	(void)state;
	expect_refused("a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n",
		       "f:1:4: an anchor (&); quote the value if it begins with &");
	memset(deep, '[', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	expect_refused_n(deep, sizeof(deep) - 1,
			 "f:1:9: nested too deep; at most 8 levels are allowed");
	memset(deep, '{', sizeof(deep) - 1);
	expect_refused_n(deep, sizeof(deep) - 1,
			 "f:1:2: a list or mapping is in the place of a key; a key is one word");
	expect_refused("a:\n b:\n  c:\n   d:\n    e:\n     f:\n      g:\n       h:\n        i: 1\n",
		       "f:9:9: nested too deep; at most 8 levels are allowed");
	keys = malloc(9 * 5000 + 1);
	assert_non_null(keys);
	at = keys;
	for (int i = 0; i < 5000; i++)
		at += sprintf(at, "k%05d: \n", i);
	assert_int_equal(doc_parse("f", keys, (size_t)(at - keys), ERR_OPERATOR, &doc, &e), -1);
	assert_err(&e, ERR_OPERATOR, "f:2048:8: too long; at most 4096 values are allowed");
	free(keys);
}

static void sizes(void **state)
{
	own_free char *big = malloc(DOC_BYTES_MAX + 1);
	struct doc *doc = NULL;
	struct repofile out;
	struct err e = ERR_INIT;

	(void)state;
	assert_non_null(big);
	memset(big, '#', DOC_BYTES_MAX + 1);
	assert_int_equal(repofile_parse("f", big, REPOFILE_MAX, &out, &e), 0);
	expect_refused_n(big, REPOFILE_MAX + 1,
			 "f:1:1: 16385 bytes are too many; at most 16384 are allowed");
	assert_int_equal(doc_parse("f", big, DOC_BYTES_MAX + 1, ERR_OPERATOR, &doc, &e), -1);
	assert_err(&e, ERR_OPERATOR,
		   "f:1:1: 262145 bytes are too many; at most 262144 are allowed");
}

static void messages_stay_one_short_line(void **state)
{
	char text[12000];
	struct repofile out;
	struct err e = ERR_INIT;

	(void)state;
	strcpy(text, "builder: '");
	memset(text + 10, 'a', sizeof(text) - 10);
	strcpy(text + sizeof(text) - 3, "'\n");
	assert_int_equal(repofile_parse("f", text, strlen(text), &out, &e), -1);
	assert_err_has(&e, "aaaa…\": a name of a-z, 0-9 and - is allowed");
	assert_true(strlen(e.msg) < 320);
}

static void refs_by_git_check_ref_format(void **state)
{
	static const char *const good[] = {
		"refs/heads/main", "refs/heads/a/b", "refs/tags/v1.0",
		"refs/heads/@",    "refs/heads/a.b", "refs/heads/\xc3\xa9",
		"refs/heads/-x",   "refs/heads/a@b", "refs/heads/a{b}"};
	static const char *const bad[] = {"",
					  "main",
					  "heads/main",
					  "refs/heads",
					  "refs/heads/",
					  "refs/notes/x",
					  "refs/heads//a",
					  "refs/heads/a/",
					  "refs/heads/.a",
					  "refs/heads/a/.b",
					  "refs/heads/a..b",
					  "refs/heads/a.lock",
					  "refs/heads/a.lock/b",
					  "refs/heads/a.",
					  "refs/heads/a b",
					  "refs/heads/a~1",
					  "refs/heads/a^",
					  "refs/heads/a:b",
					  "refs/heads/a?",
					  "refs/heads/*",
					  "refs/heads/[a]",
					  "refs/heads/a\\b",
					  "refs/heads/a@{1}",
					  "refs/heads/a\nb",
					  "refs/heads/\x7f",
					  "/refs/heads/a",
					  "HEAD"};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (check_ref(good[i], &e) < 0)
			fail_msg("%s", e.msg);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (check_ref(bad[i], &e) == 0)
			fail_msg("accepted %s", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_files),
		cmocka_unit_test(features_that_configuration_does_not_need),
		cmocka_unit_test(the_wrong_shape),
		cmocka_unit_test(bytes_that_are_no_text),
		cmocka_unit_test(texts_that_do_not_parse),
		cmocka_unit_test(bombs),
		cmocka_unit_test(sizes),
		cmocka_unit_test(messages_stay_one_short_line),
		cmocka_unit_test(refs_by_git_check_ref_format),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
