/* The rules of the sweep, case by case. */
#include "agent/upkeep/sweep/decision.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define TIP   "1111111111111111111111111111111111111111"
#define OLDER "2222222222222222222222222222222222222222"

static enum decision decide(enum warm_state state, const char *warm_commit, const char *warm_inputs,
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
	struct decision_facts f = {.tip = TIP,
			       .inputs = inputs,
			       .state = state,
			       .warm = &w,
			       .newest = job_state < 0 ? NULL : &j};

	strcpy(w.made.commit, warm_commit);
	strcpy(w.made.inputs, warm_inputs);
	return decision_make(&f);
}

static void test_without_a_job(void **state)
{
	(void)state;
	assert_int_equal(decide(WARM_NONE, "", "", -1, "", "", ""), DECISION_BUILD);
	assert_int_equal(decide(WARM_OK, TIP, "a", -1, "", "", "a"), DECISION_WARM);
	assert_int_equal(decide(WARM_GONE, TIP, "a", -1, "", "", "a"), DECISION_PUBLISH);
	assert_int_equal(decide(WARM_FOREIGN, TIP, "a", -1, "", "", "a"), DECISION_PUBLISH);
	assert_int_equal(decide(WARM_OK, OLDER, "a", -1, "", "", "a"), DECISION_BUILD);
	assert_int_equal(decide(WARM_OK, TIP, "a", -1, "", "", "b"), DECISION_BUILD);
	/* The builder that built it is no longer on the node. */
	assert_int_equal(decide(WARM_OK, TIP, "a", -1, "", "", ""), DECISION_BUILD);
}

static void test_skipped(void **state)
{
	struct warm w = {.made.commit = OLDER, .made.inputs = "a"};
	struct decision_facts f = {
		.tip = TIP, .inputs = "a", .state = WARM_OK, .warm = &w, .is_skipped = true};

	(void)state;
	assert_int_equal(decision_make(&f), DECISION_SKIPPED);
	f.state = WARM_NONE;
	assert_int_equal(decision_make(&f), DECISION_SKIPPED);
	/* The skipped commit was built nevertheless. */
	f.state = WARM_OK;
	strcpy(w.made.commit, TIP);
	assert_int_equal(decision_make(&f), DECISION_WARM);
	f.state = WARM_FOREIGN;
	assert_int_equal(decision_make(&f), DECISION_PUBLISH);
	/* It was built for a pin that is gone. */
	f.state = WARM_OK;
	f.inputs = "b";
	assert_int_equal(decision_make(&f), DECISION_SKIPPED);
}

static void test_its_release(void **state)
{
	struct warm w = {0};
	struct decision_facts f = {
		.tip = TIP, .inputs = "a", .state = WARM_OK, .warm = &w, .is_release = true};

	(void)state;
	strcpy(w.made.commit, TIP);
	strcpy(w.made.inputs, "a");
	assert_int_equal(decision_make(&f), DECISION_WARM);
	f.release_only = true;
	assert_int_equal(decision_make(&f), DECISION_RELEASED);
	f.is_free = true;
	assert_int_equal(decision_make(&f), DECISION_PUBLISH);
	f.is_free = false;
	f.state = WARM_GONE;
	assert_int_equal(decision_make(&f), DECISION_PUBLISH);
	f.is_graced = true;
	assert_int_equal(decision_make(&f), DECISION_GRACE);
	f.is_let_go = true;
	assert_int_equal(decision_make(&f), DECISION_LET_GO);
}

static void test_under_way(void **state)
{
	(void)state;
	assert_int_equal(decide(WARM_NONE, "", "", JOB_QUEUED, TIP, "", ""), DECISION_UNDERWAY);
	assert_int_equal(decide(WARM_NONE, "", "", JOB_RUNNING, TIP, "", ""), DECISION_UNDERWAY);
	assert_int_equal(decide(WARM_OK, OLDER, "a", JOB_BUILT, TIP, "a", "a"), DECISION_UNDERWAY);
	assert_int_equal(decide(WARM_OK, OLDER, "a", JOB_BUILT, TIP, "a", "b"), DECISION_BUILD);
	assert_int_equal(decide(WARM_NONE, "", "", JOB_QUEUED, OLDER, "", ""), DECISION_BUILD);
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
	struct decision_facts f = {.tip = TIP, .inputs = "a", .state = WARM_NONE, .newest = &j};

	(void)state;
	f.changed_ms = j.started_ms - 1000;
	assert_int_equal(decision_make(&f), DECISION_UNDERWAY);
	f.changed_ms = j.started_ms + 1;
	assert_int_equal(decision_make(&f), DECISION_BUILD);
	j.state = JOB_QUEUED; /* it reads the files when it starts */
	assert_int_equal(decision_make(&f), DECISION_UNDERWAY);
}

/* Cancelled in the queue. An image that is removed and added again is built. */
static void test_a_change_after_it_was_cancelled(void **state)
{
	char empty[1] = "";
	struct job j = {.commit = (char *)(size_t)TIP,
			.inputs = empty,
			.reason = empty,
			.origin = empty,
			.state = JOB_CANCELLED,
			.ended_ms = 1000000};
	struct decision_facts f = {.tip = TIP, .inputs = "a", .state = WARM_NONE, .newest = &j};

	(void)state;
	f.changed_ms = j.ended_ms - 1000;
	assert_int_equal(decision_make(&f), DECISION_FAILED);
	f.changed_ms = j.ended_ms + 1;
	assert_int_equal(decision_make(&f), DECISION_BUILD);
}

/* `hornero rollback` writes the image file and then queues its job: the job knows of the change,
 * even in the same millisecond. */
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
	struct decision_facts f = {.tip = TIP, .inputs = "a", .state = WARM_NONE, .newest = &j};

	(void)state;
	f.changed_ms = j.created_ms;
	assert_int_equal(decision_make(&f), DECISION_UNDERWAY);
	f.changed_ms = j.created_ms + 1;
	assert_int_equal(decision_make(&f), DECISION_BUILD);
	f.changed_ms = j.created_ms;
	strcpy(origin, "sweep");
	assert_int_equal(decision_make(&f), DECISION_BUILD);
}

static void test_failed_stays_failed_until_something_changes(void **state)
{
	(void)state;
	assert_int_equal(decide(WARM_NONE, "", "", JOB_FAILED, TIP, "a", "a"), DECISION_FAILED);
	assert_int_equal(decide(WARM_OK, OLDER, "a", JOB_FAILED, TIP, "a", "a"), DECISION_FAILED);
	assert_int_equal(decide(WARM_NONE, "", "", JOB_FAILED, TIP, "a", "b"), DECISION_BUILD);
	assert_int_equal(decide(WARM_NONE, "", "", JOB_FAILED, OLDER, "a", "a"), DECISION_BUILD);
	assert_int_equal(decide(WARM_NONE, "", "", JOB_FAILED, TIP, "", "a"), DECISION_FAILED);
	assert_int_equal(decide(WARM_NONE, "", "", JOB_HELD, TIP, "a", "a"), DECISION_FAILED);
	assert_int_equal(decide(WARM_NONE, "", "", JOB_CANCELLED, TIP, "", ""), DECISION_FAILED);
	/* A forced rebuild failed, but the wished commit is warm. */
	assert_int_equal(decide(WARM_OK, TIP, "a", JOB_FAILED, TIP, "a", "a"), DECISION_WARM);
	assert_int_equal(decide(WARM_GONE, TIP, "a", JOB_FAILED, TIP, "a", "a"), DECISION_PUBLISH);
}

static void test_published_then_lost(void **state)
{
	(void)state;
	assert_int_equal(decide(WARM_GONE, TIP, "a", JOB_PUBLISHED, TIP, "a", "a"),
			 DECISION_PUBLISH);
	assert_int_equal(decide(WARM_NONE, "", "", JOB_PUBLISHED, TIP, "a", "a"), DECISION_BUILD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_a_job),
		cmocka_unit_test(test_skipped),
		cmocka_unit_test(test_its_release),
		cmocka_unit_test(test_under_way),
		cmocka_unit_test(test_a_change_while_it_runs),
		cmocka_unit_test(test_a_change_after_it_was_cancelled),
		cmocka_unit_test(test_a_rollback_knows_its_own_change),
		cmocka_unit_test(test_failed_stays_failed_until_something_changes),
		cmocka_unit_test(test_published_then_lost),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
