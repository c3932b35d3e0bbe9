/* steady: a clock that no change of the wall clock moves; restarts, reboots, and times of files.
 * The tests pass all times in.
 *
 * Red without:
 * - the comparison with STEP_MS in steady_see: a jump moves the steady clock;
 * - the comparison with saved_ms in begin_boot: after a reboot with the wall clock set back, the
 *   steady clock goes back, too;
 * - the end of a part in steady_of_wall_at: a time from before the wall clock was set back lies in
 *   the future. */
#include "lib/steady.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { HOUR = 3600000 };
static const int64_t WALL = INT64_C(1700000000000);
#define BOOT_A "11111111-1111-1111-1111-111111111111"
#define BOOT_B "22222222-2222-2222-2222-222222222222"

/* Returns the steady time at boot_ms of the boot clock. */
static int64_t at(const struct steady *s, int64_t boot_ms)
{
	return boot_ms + s->base_ms;
}

static void without_a_change_it_is_the_wall_clock(void **state)
{
	struct steady s = {.n = 0};

	(void)state;
	steady_see(&s, BOOT_A, WALL, 1000);
	assert_int_equal(at(&s, 1000), WALL);
	steady_see(&s, BOOT_A, WALL + HOUR + 1500, 1000 + HOUR); /* normal drift */
	assert_int_equal(at(&s, 1000 + HOUR), WALL + HOUR);
	assert_int_equal(s.n, 1);
	assert_int_equal(steady_present_ms(&s, WALL), WALL);
	assert_false(steady_was_changed(&s, WALL));
	assert_int_equal(steady_of_wall_at(&s, WALL - 5, WALL + HOUR), WALL - 5);
	assert_int_equal(steady_of_wall_at(&s, WALL + 9 * HOUR, WALL + HOUR), WALL + 9 * HOUR);
}

static void jumps(int64_t by)
{
	struct steady s = {.n = 0};
	int64_t now;

	steady_see(&s, BOOT_A, WALL, 0);
	steady_see(&s, BOOT_A, WALL + HOUR + by, HOUR);
	now = at(&s, HOUR);
	assert_int_equal(now, WALL + HOUR);
	assert_int_equal(s.n, 2);
	/* By the present wall clock, a row of half an hour ago is half an hour old. */
	assert_int_equal(WALL + HOUR + by - steady_present_ms(&s, WALL + HOUR / 2), HOUR / 2);
	assert_int_equal(steady_store_ms(&s, steady_present_ms(&s, WALL + 7)), WALL + 7);
	assert_true(steady_was_changed(&s, steady_present_ms(&s, WALL + HOUR / 2)));
	assert_false(steady_was_changed(&s, steady_present_ms(&s, WALL + 2 * HOUR)));
	/* A file written before the jump, and one after it. */
	assert_int_equal(steady_of_wall_at(&s, WALL + HOUR / 2, now), WALL + HOUR / 2);
	assert_int_equal(steady_of_wall_at(&s, WALL + HOUR + by + 60, now + 100), WALL + HOUR + 60);
	/* The wall clock is set right again. */
	steady_see(&s, BOOT_A, WALL + 2 * HOUR, 2 * HOUR);
	assert_int_equal(at(&s, 2 * HOUR), WALL + 2 * HOUR);
	assert_int_equal(s.n, 3);
	assert_int_equal(s.parts[2].offset_ms, 0);
}

static void forward(void **state)
{
	(void)state;
	jumps(8 * HOUR);
}

static void back(void **state)
{
	(void)state;
	jumps(-8 * HOUR);
}

static void a_time_that_the_clock_skipped(void **state)
{
	struct steady s = {.n = 0};

	(void)state;
	steady_see(&s, BOOT_A, WALL, 0);
	steady_see(&s, BOOT_A, WALL + 9 * HOUR, HOUR);
	assert_int_equal(steady_of_wall_at(&s, WALL + 5 * HOUR, WALL + 2 * HOUR), WALL + HOUR);
}

static void reboots(void **state)
{
	struct steady s = {.n = 0}, later;

	(void)state;
	steady_see(&s, BOOT_A, WALL, 0);
	steady_see(&s, BOOT_A, WALL + HOUR - 8 * HOUR, HOUR);
	s.saved_ms = at(&s, HOUR);
	later = s;
	steady_see(&later, BOOT_B, WALL + 3 * HOUR - 8 * HOUR, 100); /* off for two hours */
	assert_int_equal(at(&later, 100), WALL + 3 * HOUR);
	assert_int_equal(later.n, 2);
	later = s;
	steady_see(&later, BOOT_B, WALL - 100 * HOUR, 100); /* lost the wall clock */
	assert_int_equal(at(&later, 100), WALL + HOUR);
	assert_int_equal(later.n, 3);
	assert_int_equal(steady_present_ms(&later, at(&later, 100)), WALL - 100 * HOUR);
}

static void many_jumps_keep_the_last_ones(void **state)
{
	struct steady s = {.n = 0};

	(void)state;
	for (int i = 0; i < 100; i++) {
		steady_see(&s, BOOT_A, WALL + i * HOUR + (i % 2) * HOUR, i * (int64_t)HOUR);
		assert_int_equal(at(&s, i * (int64_t)HOUR), WALL + i * (int64_t)HOUR);
	}
	assert_int_equal(s.n, STEADY_PARTS);
}

static void files_that_make_no_sense(void **state)
{
	static const char *const texts[] = {
		"",
		"hornero-clock 1\n",
		"hornero-clock 2\n" BOOT_A " 1 2\n0 0\n",
		"hornero-clock 1\n" BOOT_A " 1 2\n",
		"hornero-clock 1\n" BOOT_A " 1 2\n0 0\nx\n",
	};
	struct steady s;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(steady_parse(&s, texts[i]));
	assert_true(steady_parse(&s, "hornero-clock 1\n" BOOT_A " 1000 2000\n0 0\n500 -7\n"));
	assert_int_equal(s.n, 2);
	assert_int_equal(s.parts[1].offset_ms, -7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_change_it_is_the_wall_clock),
		cmocka_unit_test(forward),
		cmocka_unit_test(back),
		cmocka_unit_test(a_time_that_the_clock_skipped),
		cmocka_unit_test(reboots),
		cmocka_unit_test(many_jumps_keep_the_last_ones),
		cmocka_unit_test(files_that_make_no_sense),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
