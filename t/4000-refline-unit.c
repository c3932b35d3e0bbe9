/* Lines of git, refused lines, trees, and the corpus of fuzz-refline. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fuzz/fuzz-refline.h"
#include "hooks/refline.h"
#include "hooks/treescan.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "t/lib/corpus-test.h"

#include <fcntl.h>
#include <string.h>

#define A "1111111111111111111111111111111111111111"
#define B "222222222222222222222222222222222222abcd"
#define Z "0000000000000000000000000000000000000000"
#define A64 A "333333333333333333333333"

static int take(const char *line, struct refline *r, char buf[8192])
{
	char *at = buf;

	assert_true(strlen(line) < 8192);
	strcpy(buf, line);
	return refline_next(&at, buf + strlen(line), r);
}

static void takes_git_lines(void **state)
{
	char buf[8192];
	struct refline r;

	(void)state;
	assert_int_equal(take(A " " B " refs/heads/main\n", &r, buf), 1);
	assert_string_equal(r.old, A);
	assert_string_equal(r.new, B);
	assert_string_equal(r.ref, "refs/heads/main");
	assert_false(refline_deletes(&r));
	assert_int_equal(take(A " " Z " refs/tags/v1.0\n", &r, buf), 1);
	assert_true(refline_deletes(&r));
	assert_int_equal(take(A64 " " A64 " refs/heads/a/b-c_d@e\n", &r, buf), 1);
	assert_int_equal(take(A " " B " refs/heads/\xc2\x9b\xff\n", &r, buf), 1);
}

static void passes_over_the_rest(void **state)
{
	static const char *const lines[] = {
		"\n",
		" \n",
		"  \n",
		"refs/heads/main\n",
		A "\n",
		A " " B "\n",
		A " " B " \n",
		A " " B " main\n",
		A " " A64 " refs/heads/main\n",
		"G" A " " B " refs/heads/main\n",
		A "1 " B "1 refs/heads/main\n",
		A "  " B " refs/heads/main\n",
		A " " B " refs/heads/a b\n",
		A " " B " refs/heads/../x\n",
		A " " B " refs/heads//x\n",
		A " " B " refs/heads/.x\n",
		A " " B " refs/heads/x/\n",
		A " " B " refs/heads/x.lock\n",
		A " " B " refs/heads/x.lock/y\n",
		A " " B " refs/heads/x.\n",
		A " " B " refs/heads/x~1\n",
		A " " B " refs/heads/x@{1}\n",
		A " " B " refs/heads/\033[31m\n",
		A " " B " refs/heads/x\r\n",
		A " " B " refs/\n",
		A " " B " /etc/passwd\n",
		A " " B " refs/heads/x\\y\n",
		A " " B " refs/heads/main" /* no newline */,
	};
	char buf[8192];
	struct refline r;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (take(lines[i], &r, buf) != -1)
			fail_msg("line %zu was taken: %s", i, lines[i]);
}

static void goes_on_behind_a_bad_line(void **state)
{
	char text[] = A " " B " refs/heads/a\nnonsense\n" A " " Z " refs/heads/b\n" A "\0" B
			" refs/x/y\n";
	char *end = text + sizeof(text) - 1;
	char *at = text;
	struct refline r;

	(void)state;
	assert_int_equal(refline_next(&at, end, &r), 1);
	assert_int_equal(refline_next(&at, end, &r), -1);
	assert_int_equal(refline_next(&at, end, &r), 1);
	assert_string_equal(r.ref, "refs/heads/b");
	assert_int_equal(refline_next(&at, end, &r), -1);
	assert_int_equal(refline_next(&at, end, &r), 0);
	assert_int_equal(refline_next(&at, end, &r), 0);
}

static void bounds_the_name(void **state)
{
	char line[8192] = A " " B " refs/heads/";
	size_t head = strlen(line) - strlen("refs/heads/");
	char buf[8192];
	struct refline r;

	(void)state;
	memset(line + strlen(line), 'x', REFLINE_REF_MAX - strlen("refs/heads/"));
	line[head + REFLINE_REF_MAX] = '\n';
	assert_int_equal(take(line, &r, buf), 1);
	line[head + REFLINE_REF_MAX] = 'x';
	line[head + REFLINE_REF_MAX + 1] = '\n';
	assert_int_equal(take(line, &r, buf), -1);
}

static void finds_the_entry_of_a_tree(void **state)
{
	static const char tree[] = "100644 .hornero.yam\0" "aaaaaaaaaaaaaaaaaaaa"
				   "100644 .hornero.yaml2\0" "bbbbbbbbbbbbbbbbbbbb"
				   "120000 .hornero.yaml\0" "cccc\0ccccc 100644 .h"
				   "40000 x\0" "dddddddddddddddddddd";
	struct treescan t;

	(void)state;
	treescan_init(&t, ".hornero.yaml", 20);
	treescan_feed(&t, tree, sizeof(tree) - 1);
	assert_int_equal(t.mode, 0120000);
	assert_memory_equal(t.oid, "cccc\0ccccc 100644 .h", 20);
	treescan_init(&t, "x", 20);
	treescan_feed(&t, tree, sizeof(tree) - 1);
	assert_int_equal(t.mode, 0040000);
	treescan_init(&t, "none", 20);
	treescan_feed(&t, tree, sizeof(tree) - 1);
	assert_int_equal(t.mode, 0);
}

static void replays_the_corpus(void **state)
{
	(void)state;
	corpus_replay("fuzz-refline", 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_git_lines),       cmocka_unit_test(passes_over_the_rest),
		cmocka_unit_test(goes_on_behind_a_bad_line), cmocka_unit_test(bounds_the_name),
		cmocka_unit_test(finds_the_entry_of_a_tree), cmocka_unit_test(replays_the_corpus),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
