/* The manual lists every reason of `hornero why`, and each has a test that makes it. */
#include "t/lib/conf-test.h"

#include "cli/reasons.h"

#include <glob.h>

/* Red with an entry of cli/reasons.c changed, added or removed alone. */
static void the_manual_lists_every_reason(void **state)
{
	own_free char *page = read_source("doc/hornero.1");
	char *text = NULL, *list, *end;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	(void)state;
	assert_non_null(out);
	for (int k = 0; k < REASONS; k++) {
		const struct reason_entry *entry = reason_entry((enum reason_kind)k);

		fprintf(out, ".TP\n.B%s %s%s\n%s\n", entry->is_warm ? "R" : "", entry->name,
			entry->is_warm ? " \" (warm)\"" : "", entry->words);
	}
	assert_int_equal(fclose(out), 0);
	list = strstr(page, "not left to be done.\n");
	assert_non_null(list);
	list += strlen("not left to be done.\n");
	end = strstr(list, ".SH EXIT STATUS\n");
	assert_non_null(end);
	*end = '\0';
	assert_string_equal(list, text);
	free(text);
}

/* Red with another word in either table: JSON of `queue` and of `why` would disagree. */
static void waits_have_the_same_words(void **state)
{
	(void)state;
	for (int w = WAITING_NOTHING + 1; w <= WAITING_UNKNOWN; w++)
		assert_string_equal(reason_name(reason_of_waiting((enum waiting)w)),
				    waiting_name((enum waiting)w));
	assert_int_equal(reason_of_waiting((enum waiting)99), REASON_UNKNOWN);
}

static void a_word_is_one_reason(void **state)
{
	(void)state;
	for (int k = 0; k < REASONS; k++)
		for (int other = 0; other < k; other++)
			assert_string_not_equal(reason_name((enum reason_kind)k),
						reason_name((enum reason_kind)other));
}

/* Whether one of the files has `because WORD`, which makes the reason and looks at it
 * (t/lib/why.sh). */
static bool is_made(const glob_t *files, const char *word)
{
	own_free char *call = fs_path("because %s ", word);
	bool found = false;

	for (size_t i = 0; i < files->gl_pathc && !found; i++) {
		own_free char *text = NULL;
		struct err e = ERR_INIT;
		size_t len;

		assert_int_equal(fs_read(AT_FDCWD, files->gl_pathv[i], 1 << 20, &text, &len, &e),
				 0);
		found = strstr(text, call) != NULL;
	}
	return found;
}

static void a_test_makes_every_reason(void **state)
{
	own_free char *pattern = fs_path("%s/t/[0-9]*.t", getenv("HORNERO_SRC"));
	glob_t files;

	(void)state;
	assert_int_equal(glob(pattern, 0, NULL, &files), 0);
	for (int k = 0; k < REASONS; k++)
		if (!is_made(&files, reason_name((enum reason_kind)k)))
			fail_msg("no test has: because %s",
				 reason_name((enum reason_kind)k));
	globfree(&files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_manual_lists_every_reason),
		cmocka_unit_test(waits_have_the_same_words),
		cmocka_unit_test(a_word_is_one_reason),
		cmocka_unit_test(a_test_makes_every_reason),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
