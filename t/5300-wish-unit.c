/* The whole rule of the sweep, case by case. */
#include "agent/upkeep/sweep/decision.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define TIP   "1111111111111111111111111111111111111111"
#define OLDER "2222222222222222222222222222222222222222"

static enum wish decide(enum warm_state state, const char *warm_commit, const char *warm_inputs,
			int job_state, const char *job_commit, const char *job_inputs,
			const char *inputs)
{
	char empty[1] = "";
	struct job j = {.commit = (char *)(size_t)job_commit,
			.inputs = (char *)(size_t)job_inputs,
			.reason = empty,
			.origin = empty,
			.state = (enum job_state)job_state,
			.started_ms = 1000000};
	struct warm w = {0};
	struct wish_facts f = {.tip = TIP,
			       .inputs = inputs,
			       .state = state,
			       .warm = &w,
			       .newest = job_state < 0 ? NULL : &j};

	strcpy(w.commit, warm_commit);
	strcpy(w.inputs, warm_inputs);
	return wish_decide(&f);
}

static void test_without_a_job(void **state)
{
	(void)state;
	assert_int_equal(decide(WARM_NONE, "", "", -1, "", "", ""), WISH_BUILD);
	assert_int_equal(decide(WARM_OK, TIP, "a", -1, "", "", "a"), WISH_WARM);
	assert_int_equal(decide(WARM_GONE, TIP, "a", -1, "", "", "a"), WISH_PUBLISH);
	assert_int_equal(decide(WARM_FOREIGN, TIP, "a", -1, "", "", "a"), WISH_PUBLISH);
	assert_int_equal(decide(WARM_OK, OLDER, "a", -1, "", "", "a"), WISH_BUILD);
	assert_int_equal(decide(WARM_OK, TIP, "a", -1, "", "", "b"), WISH_BUILD);
	/* The builder that built it is not on the node any more. */
	assert_int_equal(decide(WARM_OK, TIP, "a", -1, "", "", ""), WISH_BUILD);
}

static void test_skipped(void **state)
{
	struct warm w = {.commit = OLDER, .inputs = "a"};
	struct wish_facts f = {
		.tip = TIP, .inputs = "a", .state = WARM_OK, .warm = &w, .is_skipped = true};

	(void)state;
	assert_int_equal(wish_decide(&f), WISH_SKIPPED);
	f.state = WARM_NONE;
	assert_int_equal(wish_decide(&f), WISH_SKIPPED);
	/* It was built all the same. */
	f.state = WARM_OK;
	strcpy(w.commit, TIP);
	assert_int_equal(wish_decide(&f), WISH_WARM);
	f.state = WARM_FOREIGN;
	assert_int_equal(wish_decide(&f), WISH_PUBLISH);
	/* By a pin that is gone again. */
	f.state = WARM_OK;
	f.inputs = "b";
	assert_int_equal(wish_decide(&f), WISH_SKIPPED);
}

static void test_its_release(void **state)
{
	struct warm w = {0};
	struct wish_facts f = {
		.tip = TIP, .inputs = "a", .state = WARM_OK, .warm = &w, .is_release = true};

	(void)state;
	strcpy(w.commit, TIP);
	strcpy(w.inputs, "a");
	assert_int_equal(wish_decide(&f), WISH_WARM);
	f.release_only = true;
	assert_int_equal(wish_decide(&f), WISH_RELEASED);
	f.is_free = true;
	assert_int_equal(wish_decide(&f), WISH_PUBLISH);
	f.is_free = false;
	f.state = WARM_GONE;
	assert_int_equal(wish_decide(&f), WISH_PUBLISH);
	f.is_graced = true;
	assert_int_equal(wish_decide(&f), WISH_GRACE);
	f.is_let_go = true;
	assert_int_equal(wish_decide(&f), WISH_LET_GO);
}

static void test_under_way(void **state)
{
	(void)state;
	assert_int_equal(decide(WARM_NONE, "", "", JOB_QUEUED, TIP, "", ""), WISH_UNDERWAY);
	assert_int_equal(decide(WARM_NONE, "", "", JOB_RUNNING, TIP, "", ""), WISH_UNDERWAY);
	assert_int_equal(decide(WARM_OK, OLDER, "a", JOB_BUILT, TIP, "a", "a"), WISH_UNDERWAY);
	assert_int_equal(decide(WARM_OK, OLDER, "a", JOB_BUILT, TIP, "a", "b"), WISH_BUILD);
	assert_int_equal(decide(WARM_NONE, "", "", JOB_QUEUED, OLDER, "", ""), WISH_BUILD);
}

static void test_a_change_while_it_runs(void **state)
{
	char empty[1] = "";
	struct job j = {.commit = (char *)(size_t)TIP,
			.inputs = empty,
			.reason = empty,
			.origin = empty,
			.state = JOB_RUNNING,
			.started_ms = 1000000};
	struct wish_facts f = {.tip = TIP, .inputs = "a", .state = WARM_NONE, .newest = &j};

	(void)state;
	f.changed_ms = j.started_ms - 1000;
	assert_int_equal(wish_decide(&f), WISH_UNDERWAY);
	f.changed_ms = j.started_ms + 1;
	assert_int_equal(wish_decide(&f), WISH_BUILD);
	j.state = JOB_QUEUED; /* it will read the files when it starts */
	assert_int_equal(wish_decide(&f), WISH_UNDERWAY);
}

/* The word writes the image file, then queues its job: that knows of the change, however close they
 * are. */
static void test_a_rollback_knows_its_own_change(void **state)
{
	char empty[1] = "", origin[] = "rollback";
	struct job j = {.commit = (char *)(size_t)TIP,
			.inputs = empty,
			.reason = empty,
			.origin = origin,
			.state = JOB_RUNNING,
			.created_ms = 1000000,
			.started_ms = 1000001};
	struct wish_facts f = {.tip = TIP, .inputs = "a", .state = WARM_NONE, .newest = &j};

	(void)state;
	f.changed_ms = j.created_ms;
	assert_int_equal(wish_decide(&f), WISH_UNDERWAY);
	f.changed_ms = j.created_ms + 1;
	assert_int_equal(wish_decide(&f), WISH_BUILD);
	f.changed_ms = j.created_ms;
	strcpy(origin, "sweep");
	assert_int_equal(wish_decide(&f), WISH_BUILD);
}

static void test_failed_stays_failed_until_something_changes(void **state)
{
	(void)state;
	assert_int_equal(decide(WARM_NONE, "", "", JOB_FAILED, TIP, "a", "a"), WISH_FAILED);
	assert_int_equal(decide(WARM_OK, OLDER, "a", JOB_FAILED, TIP, "a", "a"), WISH_FAILED);
	assert_int_equal(decide(WARM_NONE, "", "", JOB_FAILED, TIP, "a", "b"), WISH_BUILD);
	assert_int_equal(decide(WARM_NONE, "", "", JOB_FAILED, OLDER, "a", "a"), WISH_BUILD);
	assert_int_equal(decide(WARM_NONE, "", "", JOB_FAILED, TIP, "", "a"), WISH_FAILED);
	assert_int_equal(decide(WARM_NONE, "", "", JOB_HELD, TIP, "a", "a"), WISH_FAILED);
	assert_int_equal(decide(WARM_NONE, "", "", JOB_CANCELLED, TIP, "", ""), WISH_FAILED);
	/* A forced rebuild failed, but what the wish asks for is warm. */
	assert_int_equal(decide(WARM_OK, TIP, "a", JOB_FAILED, TIP, "a", "a"), WISH_WARM);
	assert_int_equal(decide(WARM_GONE, TIP, "a", JOB_FAILED, TIP, "a", "a"), WISH_PUBLISH);
}

static void test_published_then_lost(void **state)
{
	(void)state;
	assert_int_equal(decide(WARM_GONE, TIP, "a", JOB_PUBLISHED, TIP, "a", "a"), WISH_PUBLISH);
	assert_int_equal(decide(WARM_NONE, "", "", JOB_PUBLISHED, TIP, "a", "a"), WISH_BUILD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_a_job),
		cmocka_unit_test(test_skipped),
		cmocka_unit_test(test_its_release),
		cmocka_unit_test(test_under_way),
		cmocka_unit_test(test_a_change_while_it_runs),
		cmocka_unit_test(test_a_rollback_knows_its_own_change),
		cmocka_unit_test(test_failed_stays_failed_until_something_changes),
		cmocka_unit_test(test_published_then_lost),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
