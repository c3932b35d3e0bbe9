/* Answers: which artifact a content key finds, and for which image. */
#include "t/lib/store-unit.h"

/* Red without: load_own() in find() of answer.c. Red if answer_give() calls give_clean() for an
 * incremental answer, too. */
static void an_incremental_answer_is_its_images_alone(void **state)
{
	struct scratch *s = *state;
	char digest[SHA256_HEX + 1];

	take_other(s, "leftovers decided these", digest);
	give(s, KEY1, digest, ANSWER_INCREMENTAL, IMAGE, BINDING1);
	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING1), digest);
	assert_string_equal(found_by(s, KEY1, OTHER, BINDING1), "");
	/* The UUID has another binding now. Red without: the comparison of bindings in find(). */
	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING2), "");
	assert_int_equal(answer_forget(s->store, IMAGE, &s->e), 0);
	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING1), "");
}

/* Red without: is_clean() in answer_give(). Red with another order in find(). */
static void an_incremental_answer_replaces_no_clean_one(void **state)
{
	struct scratch *s = *state;
	struct manifest clean = take(s, "clean", KEY1);
	char digest[SHA256_HEX + 1];

	take_other(s, "leftovers decided these", digest);
	give(s, KEY1, digest, ANSWER_INCREMENTAL, IMAGE, BINDING1);
	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING1), clean.made.digest);
	assert_string_equal(found_by(s, KEY1, OTHER, BINDING2), clean.made.digest);
}

/* Red without: the check in give_clean() for an answer that is already there. */
static void the_first_clean_answer_stays_for_others(void **state)
{
	struct scratch *s = *state;
	struct manifest first = take(s, "at nine", KEY1);
	own_free char *path = raw_of(s, first.made.digest);
	char digest[SHA256_HEX + 1];

	take_other(s, "at ten", digest);
	give(s, KEY1, digest, ANSWER_CLEAN, OTHER, BINDING2);
	assert_string_equal(found_by(s, KEY1, OTHER, BINDING2), digest);
	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING1), first.made.digest);
	/* Without its artifact the answer is void, and the next clean answer replaces it. */
	assert_int_equal(unlink(path), 0);
	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING1), "");
	give(s, KEY1, digest, ANSWER_CLEAN, OTHER, BINDING2);
	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING1), digest);
}

static void how_it_was_built_is_told(void **state)
{
	struct scratch *s = *state;
	struct answer a;
	char digest[SHA256_HEX + 1];

	take_other(s, "some", digest);
	give(s, KEY1, digest, ANSWER_INCREMENTAL, IMAGE, BINDING1);
	answer_describe(s->store, IMAGE, KEY1, digest, &a);
	assert_string_equal(a.built, ANSWER_INCREMENTAL);
	assert_int_equal(a.job, 42);
	answer_describe(s->store, OTHER, KEY1, digest, &a);
	assert_string_equal(a.built, "");
	/* A clean build gave the same bytes. */
	give(s, KEY1, digest, ANSWER_CONFIRMED, IMAGE, BINDING1);
	answer_describe(s->store, IMAGE, KEY1, digest, &a);
	assert_string_equal(a.built, ANSWER_CONFIRMED);
	answer_describe(s->store, OTHER, KEY1, digest, &a);
	assert_string_equal(a.built, ANSWER_CLEAN);
	assert_string_equal(found_by(s, KEY1, OTHER, BINDING2), digest);
}

/* Old versions did not record for which image an answer was built, so it counts for no image. Red
 * without: the new names in answer.c. */
static void keys_of_an_older_version_answer_to_nobody(void **state)
{
	struct scratch *s = *state;
	own_free char *dir = fs_path("%s/key", s->store);
	own_free char *path = fs_path("%s/%s", dir, KEY1);
	char digest[SHA256_HEX + 1], line[SHA256_HEX + 2];

	take_other(s, "some", digest);
	snprintf(line, sizeof(line), "%s\n", digest);
	assert_int_equal(fs_mkdir_p(dir, 0755, &s->e), 0);
	assert_int_equal(fs_replace(AT_FDCWD, path, line, strlen(line), 0644, &s->e), 0);
	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING1), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_incremental_answer_is_its_images_alone),
		T(an_incremental_answer_replaces_no_clean_one),
		T(the_first_clean_answer_stays_for_others),
		T(how_it_was_built_is_told),
		T(keys_of_an_older_version_answer_to_nobody),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
