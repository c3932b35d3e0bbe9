/* The settings of .hornero.yaml that need the permission of a builder, from the file to the lines
 * that the supervisor reads. */
#include "t/lib/conf-test.h"

#include "conf/builder.h"
#include "conf/repofile.h"

static void assert_says(const struct err *e, enum err_class class, const char *part)
{
	assert_int_equal(e->class, class);
	if (!strstr(e->msg, part))
		fail_msg("%s does not say: %s", e->msg, part);
}

static void parse(const char *text, struct repofile *out)
{
	struct err e = ERR_INIT;

	if (repofile_parse("f", text, strlen(text), out, &e) < 0)
		fail_msg("%s", e.msg);
}

static void expect_refused(const char *text, const char *message)
{
	struct repofile out;
	struct err e = ERR_INIT;

	if (repofile_parse("f", text, strlen(text), &out, &e) == 0)
		fail_msg("accepted: %s", text);
	assert_says(&e, ERR_PUSHER, message);
}

static void all_become_lines(void **state)
{
	static const char text[] =
		"builder: make\nartifact: build/*_qemu-x86_64\narguments: [-j2, 'A=b c']\n"
		"target: out/image\ncmdline: 'console=ttyS0 -- x=y'\n"
		"env: {CFLAGS: -O2 -g, EMPTY: }\nsubdir: node/app\nboot_bus: ide\n"
		"also: [shared, lib/x]\n";
	static const char *const lines[] = {
		"artifact build/*_qemu-x86_64", "arguments -j2", "arguments A=b c",
		"target out/image", "cmdline console=ttyS0 -- x=y", "env CFLAGS=-O2 -g",
		"env EMPTY=", "subdir node/app", "boot_bus ide", "also shared",
		"also lib/x", NULL,
	};
	struct repowords again = {.len = 0};
	const char *line = NULL;
	struct repofile file;
	struct err e = ERR_INIT;

	(void)state;
	parse(text, &file);
	for (size_t i = 0; lines[i]; i++) {
		line = repowords_line(&file.words, line);
		assert_non_null(line);
		assert_string_equal(line, lines[i]);
		assert_int_equal(repowords_take(&again, line, &e), 1);
	}
	assert_null(repowords_line(&file.words, line));
	assert_int_equal(again.len, file.words.len);
	assert_memory_equal(again.text, file.words.text, again.len);
	assert_string_equal(repowords_get(&again, "target"), "out/image");
	assert_string_equal(repowords_get(&again, "subdir"), "node/app");
	parse("builder: make\n", &file);
	assert_int_equal(file.words.len, 0);
	assert_string_equal(repowords_get(&file.words, "target"), "");
}

static void bad_values(void **state)
{
	(void)state;
	expect_refused("artifact: /etc/passwd", "f:1:11: artifact: \"/etc/passwd\": a relative");
	expect_refused("artifact: a/../../b", "f:1:11: artifact: \"a/../../b\": a relative path");
	expect_refused("artifact: .git/config", "f:1:11: artifact: \".git/config\": a relative");
	expect_refused("artifact: 'build/**/x'", "patterns know only * and ?");
	expect_refused("artifact: 'build/[ab]'", "patterns know only * and ?");
	expect_refused("artifact: b\xc3\xb6se", "printable ASCII");
	expect_refused("artifact: 1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", "16 components");
	expect_refused("artifact: [a]", "f:1:11: artifact is a list; a relative path, in which");
	expect_refused("arguments: make", "f:1:12: arguments is a text; a list of at most 64");
	expect_refused("arguments:\n  - \"a\\nb\"", "f:2:5: arguments");
	expect_refused("arguments: ['']", "f:1:13: arguments: \"\": 1 to 512 printable");
	expect_refused("target: -f", "f:1:9: target: \"-f\": a word of");
	expect_refused("target: CC=x", "f:1:9: target: \"CC=x\": a word of");
	expect_refused("target: a b", "f:1:9: target: \"a b\": a word of");
	expect_refused("cmdline: ''", "f:1:10: cmdline: \"\": 1 to 512");
	expect_refused("cmdline: 'a\"b'", "f:1:10: cmdline: \"a\"b\": 1 to 512 printable ASCII "
					  "characters, without quotation marks");
	expect_refused("subdir: ../x", "f:1:9: subdir: \"../x\": a relative path");
	expect_refused("also: [a, ../b]", "f:1:11: also: \"../b\": a relative path");
	expect_refused("also: [/a]", "f:1:8: also: \"/a\": a relative path");
	expect_refused("boot_bus: sata", "f:1:11: boot_bus: \"sata\": virtio, ide or scsi");
	expect_refused("env: {1A: x}", "f:1:7: env holds the name \"1A\"");
	expect_refused("env: {A: \"x\\ny\"}", "at most 512 printable ASCII");
	expect_refused("limits: 3", "f:1:1: unknown setting \"limits\"");
}

/* Red without is_reserved() in conf/repowords.c. */
static void variables_that_nobody_may_set(void **state)
{
	static const char *const names[] = {"PATH", "HOME", "TMPDIR", "LD_PRELOAD",
					    "LD_LIBRARY_PATH", "HORNERO_TREE", "BASH_ENV", "ENV",
					    "GIT_DIR", "SOURCE_DATE_EPOCH", "PYTHONPATH",
					    "MAKEFILES", "JAVA_TOOL_OPTIONS"};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char text[64];

		snprintf(text, sizeof(text), "env: {A: b, %s: x}", names[i]);
		expect_refused(text, "f:1:13: env: \"");
		snprintf(text, sizeof(text), "env A %s", names[i]);
		assert_int_equal(repowords_check_allow(text, &e), -1);
		assert_says(&e, ERR_USAGE, "no builder may allow this variable");
	}
	assert_int_equal(repowords_check_allow("env PATHS LDFLAGS", &e), 0);
}

static void too_many_and_too_long(void **state)
{
	char text[REPOFILE_MAX] = "arguments:\n";
	struct repofile file;
	size_t len = strlen(text);

	(void)state;
	for (int i = 0; i < REPOWORDS_LIST_MAX; i++)
		len += (size_t)sprintf(text + len, "  - a%d\n", i);
	parse(text, &file);
	strcpy(text + len, "  - more\n");
	expect_refused(text, "arguments has more than 64 values");
	len = (size_t)sprintf(text, "arguments:\n");
	for (int i = 0; i < 16; i++)
		len += (size_t)sprintf(text + len, "  - %0512d\n", 0);
	expect_refused(text, "the settings have more than 8192 bytes together");
	sprintf(text, "cmdline: %0513d\n", 0);
	expect_refused(text, "cmdline: ");
}

static void what_the_supervisor_refuses(void **state)
{
	static const char *const bad[] = {
		"artifact /x", "artifact ../x", "env PATH=/x", "env A",
		"target ", "boot_bus x", "arguments \x01", "cmdline \xff",
	};
	struct repowords w = {.len = 0};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(repowords_take(&w, bad[i], &e), -1);
	assert_int_equal(repowords_take(&w, "target a", &e), 1);
	assert_int_equal(repowords_take(&w, "target b", &e), -1);
	assert_int_equal(repowords_take(&w, "builder make", &e), 0);
	assert_int_equal(repowords_take(&w, "artifact", &e), 0);
	assert_string_equal(repowords_get(&w, "target"), "a");
}

static void what_a_builder_allows(void **state)
{
	static const char text[] = "allow: [artifact, env CC CFLAGS, env V]\n"
				   "argv: [make]\nartifact: /build/src/x\nformat: raw\n";
	static const char file[] = "builder: b\nartifact: x\nenv:\n  V: 1\n  CC: gcc\n";
	struct builder b = {0};
	struct repofile parsed;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(builder_parse("b.yaml", "b", text, strlen(text), &b, &e), 0);
	parse(file, &parsed);
	assert_null(repowords_refused(&parsed.words, b.allow));
	assert_string_equal(repowords_refused(&parsed.words, NULL), "artifact x");
	assert_int_equal(repofile_allowed("f", file, strlen(file), "b", b.allow, &e), 0);
	assert_int_equal(repofile_allowed("f", file, strlen(file), "b", NULL, &e), -1);
	assert_says(&e, ERR_PUSHER, "f:2:1: the builder b does not allow \"artifact\" here");
	parse("env: {CC: a, LD: b}", &parsed);
	assert_string_equal(repowords_refused(&parsed.words, b.allow), "env LD=b");
	assert_int_equal(repofile_allowed("f", "env: {CC: a, LD: b}", 19, "b", b.allow, &e), -1);
	assert_says(&e, ERR_PUSHER, "f:1:14: the builder b does not allow \"LD\" here");
	assert_true(repowords_may(NULL, "expect", ""));
	assert_false(repowords_may(b.allow, "env", "C"));
	assert_false(repowords_may(b.allow, "cmdline", ""));
	builder_fini(&b);
}

static void an_input_in_the_checkout(void **state)
{
	static const char text[] = "argv: [make]\nartifact: /build/src/x\nformat: raw\n"
				   "inputs: ['/a:/build/repo/a']\n";
	static const char also[] = "argv: [make]\nartifact: /build/src/x\nformat: raw\n"
				   "inputs: ['/a:/build/repo/a']\nallow: [also]\n";
	struct builder b = {0};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(builder_parse("b.yaml", "b", text, strlen(text), &b, &e), 0);
	builder_fini(&b);
	assert_int_equal(builder_parse("b.yaml", "b", also, strlen(also), &b, &e), -1);
	assert_says(&e, ERR_OPERATOR, "b.yaml:4:10: inputs: /build/repo/a is in the checkout");
}

static void what_a_builder_cannot_allow(void **state)
{
	static const char *const bad[] = {"", "network", "env", "artifact x", "env 1A", "expect",
					  "Artifact"};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(repowords_check_allow(bad[i], &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_become_lines),
		cmocka_unit_test(bad_values),
		cmocka_unit_test(variables_that_nobody_may_set),
		cmocka_unit_test(too_many_and_too_long),
		cmocka_unit_test(what_the_supervisor_refuses),
		cmocka_unit_test(what_a_builder_allows),
		cmocka_unit_test(an_input_in_the_checkout),
		cmocka_unit_test(what_a_builder_cannot_allow),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
