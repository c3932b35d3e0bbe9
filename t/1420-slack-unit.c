/* slack: when builds must compete for the processors. The node has two processors; builds may use a
 * fifth of one. Each test names the line that it needs. */
#include "lib/slack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { CPUS = 2, LOOK_MS = 1000, QUOTA_MS = 200 /* per look */, TICK_MS = 10 };

struct node {
	struct slack slack;
	struct slack_use use;
	int64_t now_ms;
};

static bool look(struct node *n, int64_t gone_ms, int idle_percent, int64_t run_ms)
{
	int64_t ticks = CPUS * gone_ms / TICK_MS;

	n->now_ms += gone_ms;
	n->use.all += ticks;
	n->use.idle += ticks * idle_percent / 100;
	n->use.run_ms += run_ms;
	return slack_look(&n->slack, n->now_ms, 0.2, &n->use);
}

/* Returns a node after its first look. Its counters started long ago. */
static struct node begin(void)
{
	struct node n = {.use = {.all = 1000000, .idle = 10000, .run_ms = 10}, .now_ms = 50000};

	assert_false(look(&n, 0, 0, 0)); /* Red without: last_ms != 0 */
	return n;
}

static struct node compete(void)
{
	struct node n = begin();

	assert_true(look(&n, LOOK_MS, 0, 1));
	return n;
}

static void with_time_left_over_builds_need_not_compete(void **state)
{
	struct node n = begin();

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_false(look(&n, LOOK_MS, 4, 0));
}

/* Red without: competes = true. */
static void beside_busy_processors_they_must_after_one_look(void **state)
{
	struct node n = begin();

	(void)state;
	assert_false(look(&n, LOOK_MS, 90, 0));
	assert_true(look(&n, LOOK_MS, 2, QUOTA_MS / 2 - 1));
}

/* Red without: builds_lack. */
static void those_that_get_what_they_may_need_not(void **state)
{
	struct node n = begin();

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_false(look(&n, LOOK_MS, 0, QUOTA_MS / 2));
}

/* Red without: run_ms >= 0. */
static void uncounted_time_is_little(void **state)
{
	struct node n = begin();

	(void)state;
	n.use.run_ms = -1;
	assert_true(look(&n, LOOK_MS, 0, 0));
	for (int i = 1; i < SLACK_PROBE_MS / LOOK_MS; i++)
		assert_true(look(&n, LOOK_MS, 0, 0));
	assert_false(look(&n, LOOK_MS, 0, 0));
}

/* Red without: SLACK_SOME_PERCENT, and with the same limit for both directions. */
static void they_end_competing_when_time_is_left_over_again(void **state)
{
	struct node n = compete();

	(void)state;
	assert_true(look(&n, LOOK_MS, 4, QUOTA_MS));
	assert_false(look(&n, LOOK_MS, 6, QUOTA_MS));
}

/* One look in 31 is without: builds keep far more than a tenth. Red without: SLACK_PROBE_MS. */
static void now_and_then_a_look_without(void **state)
{
	struct node n = compete();
	int without = 0;

	(void)state;
	for (int i = 0; i < 310; i++)
		without += !look(&n, LOOK_MS, 0, 1);
	assert_int_equal(without, 10);
}

/* The other load has ended, and builds alone keep the processors busy: slack notices. */
static void builds_alone_on_busy_processors_end_competing(void **state)
{
	struct node n = compete();
	int competed = 0;

	(void)state;
	for (int i = 0; i < 120; i++)
		competed += look(&n, LOOK_MS, 0, QUOTA_MS);
	assert_int_equal(competed, 29);
}

/* After an hour without builds, the next build starts with the result of that hour. Red without:
 * since_ms = now_ms in may_go_on. */
static void a_pause_of_builds_counts(void **state)
{
	struct node n = compete();

	(void)state;
	assert_true(look(&n, 3600000, 0, 0));
	assert_false(look(&n, 3600000, 50, 0));
	assert_true(look(&n, 3600000, 0, 0));
}

/* Red without: SLACK_SHORTEST_MS. */
static void a_look_too_soon_changes_nothing(void **state)
{
	struct node n = compete();

	(void)state;
	assert_true(look(&n, TICK_MS, 100, 0));
	assert_true(look(&n, LOOK_MS, 3, 1));
}

/* The sum does not include processors that are left out. Red without: except. */
static void processors_are_left_out(void **state)
{
	struct slack_use whole, rest;

	(void)state;
	assert_true(slack_read(NULL, &whole));
	assert_true(slack_read("", &rest));
	assert_true(rest.all >= whole.all && rest.idle >= 0 && whole.idle <= whole.all);
	assert_true(whole.all > 0 && whole.run_ms == -1);
	assert_false(slack_read("0-8191", &rest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_time_left_over_builds_need_not_compete),
		cmocka_unit_test(beside_busy_processors_they_must_after_one_look),
		cmocka_unit_test(those_that_get_what_they_may_need_not),
		cmocka_unit_test(uncounted_time_is_little),
		cmocka_unit_test(they_end_competing_when_time_is_left_over_again),
		cmocka_unit_test(now_and_then_a_look_without),
		cmocka_unit_test(builds_alone_on_busy_processors_end_competing),
		cmocka_unit_test(a_pause_of_builds_counts),
		cmocka_unit_test(a_look_too_soon_changes_nothing),
		cmocka_unit_test(processors_are_left_out),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
