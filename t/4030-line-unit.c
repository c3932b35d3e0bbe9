/* door/line: the commands of git's clients, the commands of users, refused commands, and the corpus
 * of fuzz-line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "door/line.h"
#include "fuzz/fuzz-line.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "t/lib/corpus-test.h"

#include <fcntl.h>
#include <string.h>

static struct line l;

static bool takes(const char *text)
{
	struct err e = ERR_INIT;

	if (line_parse(&l, text, &e) == 0)
		return true;
	assert_int_equal(e.class, ERR_USAGE);
	return false;
}

static void takes_git_commands(void **state)
{
	static const struct {
		const char *text, *service, *repo;
		bool writes;
	} good[] = {
		{"git-receive-pack 'one'", "receive-pack", "one", true},
		{"git-receive-pack 'one.git'", "receive-pack", "one", true},
		{"git-upload-pack '/one.git'", "upload-pack", "one", false},
		{"git-upload-pack '/one/'", "upload-pack", "one", false},
		{"git-upload-pack '/team/one.git//'", "upload-pack", "team/one", false},
		{"git upload-pack 'team/thing'", "upload-pack", "team/thing", false},
		{"git-upload-archive '/team/thing.git'", "upload-archive", "team/thing", false},
		{"git-upload-pack one", "upload-pack", "one", false},
		{"  git-upload-pack\t\"one\"  \n", "upload-pack", "one", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!takes(good[i].text))
			fail_msg("refused: %s", good[i].text);
		assert_non_null(l.service);
		assert_string_equal(l.service->name, good[i].service);
		assert_string_equal(l.repo, good[i].repo);
		assert_int_equal(l.service->writes, good[i].writes);
	}
}

static void refuses_what_is_no_repository(void **state)
{
	static const char *const bad[] = {
		"git-receive-pack",
		"git-receive-pack ''",
		"git-receive-pack 'one' 'two'",
		"git-receive-pack '~/one'",
		"git-receive-pack '~one'",
		"git-receive-pack '//one'",
		"git-receive-pack '../one'",
		"git-receive-pack 'a/../b'",
		"git-receive-pack 'a//b'",
		"git-receive-pack '/'",
		"git-receive-pack '.git'",
		"git-receive-pack '.hidden'",
		"git-receive-pack 'one.git/hooks'",
		"git-receive-pack '-x'",
		"git-receive-pack --strict one",
		"git-receive-pack 'a b'",
		"git-receive-pack 'a\nb'",
		"git-receive-pack 'a;b'",
		"git-receive-pack '$(id)'",
		"git-receive-pack '\\'",
		"git-receive-pack 'one",
		"git-receive-pack \"one",
		"git-receive-pack one\\",
		"git-receive-pack 'one';id",
		"git-receive-pack one;id",
		"git-receive-pack one|id",
		"git-receive-pack 'one' && id",
		"git-receive-pack `id`",
		"git-receive-pack 'a.lock'",
	};
	char longest[LINE_BYTES_MAX + 64];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (takes(bad[i]))
			fail_msg("taken: %s", bad[i]);
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "git-receive-pack ", 17);
	longest[300] = '\0';
	assert_false(takes(longest));
	longest[300] = 'x';
	longest[LINE_BYTES_MAX + 32] = '\0';
	assert_false(takes(longest));
}

static void splits_words(void **state)
{
	(void)state;
	assert_true(takes("hornero log -f 42"));
	assert_null(l.service);
	assert_int_equal(l.argc, 3);
	assert_string_equal(l.argv[0], "log");
	assert_true(takes("image add 'a b' \"c \\\" \\d\" e\\ f ''"));
	assert_int_equal(l.argc, 6);
	assert_string_equal(l.argv[2], "a b");
	assert_string_equal(l.argv[3], "c \" \\d");
	assert_string_equal(l.argv[4], "e f");
	assert_string_equal(l.argv[5], "");
	assert_null(l.argv[6]);
	/* No shell runs: these characters have no meaning. */
	assert_true(takes("queue;id $(id) `id` *"));
	assert_int_equal(l.argc, 4);
	assert_string_equal(l.argv[0], "queue;id");
	/* Other programs of git are plain words, not services. */
	assert_true(takes("git-shell -c id"));
	assert_null(l.service);
	assert_true(takes("git gc"));
	assert_null(l.service);
}

static void bounds_words(void **state)
{
	char text[LINE_BYTES_MAX];

	(void)state;
	assert_true(takes(""));
	assert_int_equal(l.argc, 0);
	assert_true(takes(" \t\r\n"));
	assert_int_equal(l.argc, 0);
	for (int i = 0; i <= LINE_ARGS_MAX; i++)
		memcpy(text + 2 * i, "a ", 3);
	assert_false(takes(text));
	text[2 * LINE_ARGS_MAX] = '\0';
	assert_true(takes(text));
	assert_int_equal(l.argc, LINE_ARGS_MAX);
	memset(text, 'a', sizeof(text));
	text[LINE_BYTES_MAX - 1] = '\0';
	assert_true(takes(text));
	assert_int_equal(strlen(l.argv[0]), LINE_BYTES_MAX - 1);
}

static void replays_the_corpus(void **state)
{
	(void)state;
	corpus_replay("fuzz-line", 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_git_commands),
		cmocka_unit_test(refuses_what_is_no_repository),
		cmocka_unit_test(splits_words),
		cmocka_unit_test(bounds_words),
		cmocka_unit_test(replays_the_corpus),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
