/* Push options: which are accepted, the messages for the others, and the environment that git
 * sets. */
#include "t/lib/conf-test.h"

#include "fuzz/fuzz-pushopt.h"
#include "hooks/pushopt.h"
#include "t/lib/corpus-test.h"

#define UUID "2b7e1516-28ae-4d2a-abf7-158809cf4f3c"

static struct pushopt good(const char *const *texts, size_t n)
{
	struct pushopt o;
	struct err e = ERR_INIT;

	if (pushopt_parse(texts, n, &o, &e) < 0)
		fail_msg("%s", e.msg);
	return o;
}

static void taken(void **state)
{
	static const char *const all[] = {
		"wait",       "rebuild",     "clean",
		"priority=3", "priority=-9", "image=2b7e1516-28ae-4d2a-abf7-158809cf4f3c"};
	struct pushopt o = good(all, 6);

	(void)state;
	assert_true(o.wait && o.rebuild && o.clean && !o.skip);
	assert_int_equal(o.priority, -9);
	assert_string_equal(o.image, UUID);
	assert_true(good((const char *const[]){"skip"}, 1).skip);
	o = good(NULL, 0);
	assert_false(o.wait || o.rebuild || o.clean || o.skip || *o.image || o.priority);
}

static void refuse(const char *text, const char *message)
{
	struct pushopt o = {.priority = 7};
	struct err e = ERR_INIT;

	if (pushopt_parse(&text, 1, &o, &e) == 0)
		fail_msg("taken: %s", text);
	assert_err(&e, ERR_PUSHER, message);
	assert_int_equal(o.priority, 7);
}

static void refused(void **state)
{
	static const char *const many[PUSHOPT_MAX + 1] = {"wait"};
	static const char *const both[] = {"skip", "wait"};
	struct pushopt o;
	struct err e = ERR_INIT;

	(void)state;
	refuse("", "unknown push option \"\"; known: wait, skip, rebuild, clean, image=UUID, "
		   "priority=N");
	refuse("ci.skip", "unknown push option \"ci.skip\"; known: wait, skip, rebuild, clean, "
			  "image=UUID, priority=N");
	refuse("wait=1", "unknown push option \"wait=1\"; known: wait, skip, rebuild, clean, "
			 "image=UUID, priority=N");
	refuse("a\033b", "unknown push option \"a\\x1bb\"; known: wait, skip, rebuild, clean, "
			 "image=UUID, priority=N");
	refuse("priority=", "push option priority=\"\": a number from -9 to 9 is allowed");
	refuse("priority=10", "push option priority=\"10\": a number from -9 to 9 is allowed");
	refuse("priority=--1", "push option priority=\"--1\": a number from -9 to 9 is allowed");
	refuse("priority=+1", "push option priority=\"+1\": a number from -9 to 9 is allowed");
	refuse("image=x", "push option image=\"x\": an image's UUID is allowed");
	assert_int_equal(pushopt_parse(many, PUSHOPT_MAX + 1, &o, &e), -1);
	assert_err(&e, ERR_PUSHER, "17 push options are too many; at most 16 are allowed");
	assert_int_equal(pushopt_parse(both, 2, &o, &e), -1);
	assert_err_has(&e, "push option skip cannot be combined with other options");
}

static void the_environment(void **state)
{
	struct pushopt o;
	struct err e = ERR_INIT;

	(void)state;
	unsetenv("GIT_PUSH_OPTION_COUNT");
	setenv("GIT_PUSH_OPTION_0", "skip", 1);
	assert_int_equal(pushopt_read(&o, &e), 0);
	assert_false(o.skip);
	setenv("GIT_PUSH_OPTION_COUNT", "1", 1);
	assert_int_equal(pushopt_read(&o, &e), 0);
	assert_true(o.skip);
	setenv("GIT_PUSH_OPTION_COUNT", "2", 1);
	assert_int_equal(pushopt_read(&o, &e), -1);
	setenv("GIT_PUSH_OPTION_COUNT", "99999999999999999999", 1);
	assert_int_equal(pushopt_read(&o, &e), -1);
	setenv("GIT_PUSH_OPTION_COUNT", "-1", 1);
	assert_int_equal(pushopt_read(&o, &e), -1);
	setenv("GIT_PUSH_OPTION_COUNT", "x", 1);
	assert_int_equal(pushopt_read(&o, &e), 0);
}

static void replay(void **state)
{
	(void)state;
	corpus_replay("fuzz-pushopt", 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taken),
		cmocka_unit_test(refused),
		cmocka_unit_test(the_environment),
		cmocka_unit_test(replay),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
