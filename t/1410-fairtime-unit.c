/* fairtime: how much of a group's time counts. Each test names the line that it needs. */
#include "lib/fairtime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { LOOK_MS = 250 };
#define MS INT64_C(1000000)

struct group {
	struct fairtime time;
	struct fairtime_use use;
	int64_t now_ms;
};

static struct group begin(void)
{
	struct group g = {.now_ms = 1000};

	fairtime_begin(&g.time, g.now_ms * MS, &g.use);
	return g;
}

/* Looks again gone_ms later. Meanwhile the group ran for run_ms. */
static int64_t look(struct group *g, int64_t gone_ms, int64_t run_ms, bool wants)
{
	g->now_ms += gone_ms;
	g->use.run_ns += run_ms * MS;
	g->use.wants = wants;
	return fairtime_look(&g->time, g->now_ms * MS, &g->use);
}

static int64_t looks(struct group *g, int n, int64_t run_ms, bool wants)
{
	int64_t ms = 0;

	for (int i = 0; i < n; i++)
		ms = look(g, LOOK_MS, run_ms, wants);
	return ms;
}

static void near(int64_t got, int64_t want)
{
	assert_in_range(got, want - want / 50, want + want / 50);
}

/* Red without: window_ns - want_ns. */
static void a_sleep_counts_in_full(void **state)
{
	struct group g = begin();

	(void)state;
	assert_int_equal(looks(&g, 240, 0, false), 60000);
}

/* Red without: least() in window_counts. */
static void work_on_several_processors_counts_once(void **state)
{
	struct group g = begin();

	(void)state;
	assert_int_equal(looks(&g, 240, 4 * LOOK_MS, true), 60000);
}

/* The group runs 1 ms of 250. Red if want_ns counts. */
static void a_wait_for_a_processor_counts_nothing(void **state)
{
	struct group g = begin();

	(void)state;
	assert_int_equal(looks(&g, 240, 1, true), 240);
}

/* A script sleeps half of the time and gets a tenth of the processor that it wants. */
static void a_mixture_counts_by_its_parts(void **state)
{
	struct group g = begin();
	int64_t ms = 0;

	(void)state;
	for (int i = 0; i < 240; i++)
		ms = look(&g, LOOK_MS, i % 2 ? LOOK_MS / 10 : 0, i % 2);
	near(ms, 30000 + 3000);
}

/* Time on several processors does not pay for a later wait. Red without: close_window. */
static void nothing_is_saved_up(void **state)
{
	struct group g = begin();

	(void)state;
	assert_int_equal(looks(&g, 40, 8 * LOOK_MS, true), 10000);
	near(looks(&g, 400, 0, true), 10000);
}

/* Red without: FAIRTIME_GAP_MS, and without: fairtime_skip. */
static void a_gap_and_a_pause_count_little(void **state)
{
	struct group g = begin();

	(void)state;
	assert_int_equal(look(&g, 3600000, 0, false), FAIRTIME_GAP_MS);
	g.now_ms += 3600000;
	fairtime_skip(&g.time, g.now_ms * MS, &g.use);
	assert_int_equal(look(&g, LOOK_MS, 0, false), FAIRTIME_GAP_MS + LOOK_MS);
}

static void without_an_account_the_wall_counts(void **state)
{
	struct group g = begin();

	(void)state;
	g.use.run_ns = -1;
	fairtime_begin(&g.time, g.now_ms * MS, &g.use);
	g.now_ms += LOOK_MS;
	g.use.wants = true;
	assert_int_equal(fairtime_look(&g.time, g.now_ms * MS, &g.use), LOOK_MS);
}

/* Red without either half of the condition in fairtime_is_starved. */
static void starved_is_who_wants_and_gets_little_without_a_quota(void **state)
{
	struct group g = begin();
	double percent = -1;

	(void)state;
	assert_false(fairtime_is_starved(&g.time, &percent));
	looks(&g, 20, 1, true);
	assert_true(fairtime_is_starved(&g.time, &percent));
	assert_int_equal((int)(percent * 10 + 0.5), 4);
	g.use.throttled += 40;
	looks(&g, 20, 50, true);
	assert_false(fairtime_is_starved(&g.time, &percent));
	looks(&g, 20, LOOK_MS, true);
	assert_false(fairtime_is_starved(&g.time, &percent));
	looks(&g, 20, 0, false);
	assert_false(fairtime_is_starved(&g.time, &percent));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sleep_counts_in_full),
		cmocka_unit_test(work_on_several_processors_counts_once),
		cmocka_unit_test(a_wait_for_a_processor_counts_nothing),
		cmocka_unit_test(a_mixture_counts_by_its_parts),
		cmocka_unit_test(nothing_is_saved_up),
		cmocka_unit_test(a_gap_and_a_pause_count_little),
		cmocka_unit_test(without_an_account_the_wall_counts),
		cmocka_unit_test(starved_is_who_wants_and_gets_little_without_a_quota),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
