/* Failpoints: which specs arm one, and when it acts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/failpoint.h"
#include "lib/log.h"

#include <errno.h>
#include <string.h>

static int calls;

/* A durable step, which succeeds each time that it is made. */
static int one_step(void)
{
	return FAILSTEP("test-step", (calls++, 0));
}

static void specs(void **state)
{
	static const char *const good[] = {"a", "a:kill", "a-b:stop", "a:exit", "a:log",
					   "a:ENOSPC", "p-q/a:EIO:2", "a:kill:99999", "all:EINTR"};
	static const char *const bad[] = {"", ":", "a:", "a:b", "A", "a/b/c", "/a", "a/",
					  "a:ENOENT",
					  "a:kill:", "a:kill:0", "a:kill:1x", "a:kill:-1",
					  "a:kill:100000", "a:2", "a:kill:1:2", "a b"};
	char longest[FAILPOINT_SPEC_MAX + 2];
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(failpoint_check(good[i], &e), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(failpoint_check(bad[i], &e), -1);
		assert_int_equal(e.class, ERR_OPERATOR);
		assert_non_null(strstr(e.msg, "[PROGRAM/]NAME[:ACTION[:N]]"));
	}
	memset(longest, 'a', sizeof(longest));
	longest[FAILPOINT_SPEC_MAX + 1] = '\0';
	assert_int_equal(failpoint_check(longest, &e), -1);
	longest[FAILPOINT_SPEC_MAX] = '\0';
	assert_int_equal(failpoint_check(longest, &e), 0);
}

/* Red without: the comparison with nth in is_due(). */
static void the_nth_time_and_only_then(void **state)
{
	(void)state;
	calls = 0;
	failpoint_arm("test-step:ENOSPC:2");
	assert_int_equal(one_step(), 0);
	failpoint_arm("test-step:ENOSPC:2"); /* as a reload does: the count stays */
	errno = 0;
	assert_int_equal(one_step(), -1);
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(one_step(), 0);
	assert_int_equal(calls, 2);
	failpoint_arm(NULL);
	assert_int_equal(one_step(), 0);
	failpoint_arm("test-step:ENOSPC");
	assert_int_equal(one_step(), -1);
}

static void others_are_left_alone(void **state)
{
	static const char *const others[] = {"test-ste:EIO", "test-step-:EIO", "x/test-step:EIO",
					     "test-step:nonsense", ""};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		failpoint_arm(others[i]);
		assert_int_equal(one_step(), 0);
	}
	failpoint_arm("8001-failpoint-unit/all:EIO");
	failpoint("test-point"); /* no step: it cannot fail, and does not count */
	assert_int_equal(one_step(), -1);
	assert_int_equal(errno, EIO);
	failpoint_arm("all:log");
	assert_int_equal(one_step(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(specs),
		cmocka_unit_test(the_nth_time_and_only_then),
		cmocka_unit_test(others_are_left_alone),
	};

	log_open("failpoint", LOG_LEVEL_ERROR);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
