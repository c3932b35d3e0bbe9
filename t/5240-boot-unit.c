/* console: which bytes of a guest are a line, and which line is expected; guesttime: how much of a
 * guest's time counts. */
#include "agent/sandboxed/boot/console.h"
#include "agent/sandboxed/boot/guesttime.h"
#include "conf/expect.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MS INT64_C(1000000)

static struct console watched(regex_t *re, const char *expect)
{
	struct err e = ERR_INIT;

	assert_int_equal(expect_compile(re, expect, &e), 0);
	return (struct console){.expect = re};
}

static bool says(struct console *c, const char *text)
{
	char data[8192];

	strcpy(data, text);
	return console_take(c, data, console_clean(data, strlen(text)));
}

static void a_line_matches_when_it_is_whole(void **state)
{
	regex_t re;
	struct console c = watched(&re, "^ready on port [0-9]+$");

	(void)state;
	assert_false(says(&c, "not ready on port 80\r\nrea"));
	assert_false(says(&c, "dy on port 8"));
	assert_false(console_pause(&c));
	assert_true(says(&c, "0\r\n"));
	regfree(&re);
}

static void a_prompt_has_no_end(void **state)
{
	regex_t re;
	struct console c = watched(&re, "^login: ");

	(void)state;
	assert_false(says(&c, "boot\nlogin: "));
	assert_true(console_pause(&c));
	assert_true(console_end(&c));
	assert_false(console_end(&c));
	regfree(&re);
}

static void lines_are_bounded(void **state)
{
	regex_t re;
	struct console c = watched(&re, "^b+$");
	char text[3 * CONSOLE_LINE + 1];

	(void)state;
	memset(text, 'a', CONSOLE_LINE);
	memset(text + CONSOLE_LINE, 'b', CONSOLE_LINE);
	memset(text + 2 * CONSOLE_LINE, 'c', CONSOLE_LINE);
	text[3 * CONSOLE_LINE] = '\0';
	assert_true(says(&c, text));
	assert_int_equal(strlen(c.tail), CONSOLE_TAIL);
	regfree(&re);
}

static void the_tail_is_the_last_lines(void **state)
{
	regex_t re;
	struct console c = watched(&re, "never");

	(void)state;
	assert_false(says(&c, "one\n\r\n\ntwo\nthree"));
	assert_string_equal(c.tail, "one / two");
	assert_false(console_end(&c));
	assert_string_equal(c.tail, "one / two / three");
	for (int i = 0; i < 100; i++)
		assert_false(says(&c, "a line of twenty byte\n"));
	assert_int_equal(strlen(c.tail), CONSOLE_TAIL);
	assert_non_null(strstr(c.tail, " / a line of twenty byte"));
	regfree(&re);
}

static void nul_and_carriage_return_are_nothing(void **state)
{
	char data[] = "a\0b\r\n\0";

	(void)state;
	assert_int_equal(console_clean(data, 6), 3);
	assert_memory_equal(data, "ab\n", 3);
}

/* Looks again ms later. Meanwhile the threads ran for run_ms and waited for wait_ms. */
static int64_t look(struct guesttime *t, struct guesttime_use *use, int64_t ms, int64_t run_ms,
		    int64_t wait_ms)
{
	use->run_ns += run_ms * MS;
	use->wait_ns += wait_ms * MS;
	return guesttime_look(t, t->last_ns + ms * MS, use);
}

static void waiting_for_a_cpu_counts_nothing_and_computing_a_tenth(void **state)
{
	struct guesttime_use use = {0};
	struct guesttime t;

	(void)state;
	guesttime_begin(&t, 5 * MS);
	assert_int_equal(look(&t, &use, 100, 0, 0), 100);     /* halted */
	assert_int_equal(look(&t, &use, 100, 100, 0), 110);   /* computing */
	assert_int_equal(look(&t, &use, 100, 10, 90), 111);   /* throttled */
	assert_int_equal(look(&t, &use, 1000, 0, 1000), 111);
}

static void a_wait_that_is_accounted_late_is_taken_back(void **state)
{
	struct guesttime_use use = {0};
	struct guesttime t;

	(void)state;
	guesttime_begin(&t, 0);
	assert_int_equal(look(&t, &use, 300, 0, 0), 300);
	assert_int_equal(look(&t, &use, 100, 10, 390), 1);
	/* Several threads wait at once: the excess is not taken from later looks. */
	assert_int_equal(look(&t, &use, 100, 0, 900), 1);
	assert_int_equal(look(&t, &use, 100, 0, 0), 101);
}

static void a_gap_and_an_ended_thread_count_little(void **state)
{
	struct guesttime_use use = {.run_ns = 50 * MS, .wait_ns = 50 * MS};
	struct guesttime t;

	(void)state;
	guesttime_begin(&t, 0);
	assert_int_equal(guesttime_look(&t, 100 * MS, &use), 5);
	use = (struct guesttime_use){0};
	assert_int_equal(guesttime_look(&t, 110 * MS, &use), 15);
	assert_int_equal(look(&t, &use, 3600000, 0, 0), 15 + GUESTTIME_GAP_MS);
}

static void the_kernel_keeps_an_account_of_us(void **state)
{
	struct guesttime_use use;

	(void)state;
	/* The kernel updates the account when it schedules a thread. */
	sched_yield();
	guesttime_read(getpid(), &use);
	if (access("/proc/self/schedstat", R_OK) == 0)
		assert_true(use.run_ns > 0);
	guesttime_read(-1, &use);
	assert_int_equal(use.run_ns + use.wait_ns, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_matches_when_it_is_whole),
		cmocka_unit_test(a_prompt_has_no_end),
		cmocka_unit_test(lines_are_bounded),
		cmocka_unit_test(the_tail_is_the_last_lines),
		cmocka_unit_test(nul_and_carriage_return_are_nothing),
		cmocka_unit_test(waiting_for_a_cpu_counts_nothing_and_computing_a_tenth),
		cmocka_unit_test(a_wait_that_is_accounted_late_is_taken_back),
		cmocka_unit_test(a_gap_and_an_ended_thread_count_little),
		cmocka_unit_test(the_kernel_keeps_an_account_of_us),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
