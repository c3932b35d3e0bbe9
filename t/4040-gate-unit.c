/* Which clients the gate admits, drops or delays, and for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "door/gate.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static struct address v4(const char *text)
{
	struct sockaddr_in in = {.sin_family = AF_INET};

	assert_int_equal(inet_pton(AF_INET, text, &in.sin_addr), 1);
	return address_of((struct sockaddr *)&in);
}

static struct address v6(const char *text)
{
	struct sockaddr_in6 in = {.sin6_family = AF_INET6};

	assert_int_equal(inet_pton(AF_INET6, text, &in.sin6_addr), 1);
	return address_of((struct sockaddr *)&in);
}

static struct gate *new_gate(size_t connections, size_t per_address, size_t logins)
{
	struct gate *g = gate_new(&(struct gate_limits){connections, per_address, 3, logins});

	assert_non_null(g);
	return g;
}

static size_t enter(struct gate *g, struct address from, int64_t now_ms)
{
	struct gate_verdict v = gate_admit(g, &from, now_ms);

	assert_int_equal(v.answer, GATE_IN);
	assert_false(v.evicts);
	return v.slot;
}

static void login(struct gate *g, size_t slot, const char *key)
{
	struct gate_verdict v = gate_logged_in(g, slot, key, 1);

	assert_int_equal(v.answer, GATE_IN);
	assert_false(v.evicts);
	gate_busy(g, slot, true);
}

static void counts_networks(void **state)
{
	struct address a = v6("2001:db8:1:2::1"), b = v6("2001:db8:1:2:ffff::9"),
		       c = v6("2001:db8:1:3::1");
	struct address d = v6("::ffff:192.0.2.1"), e = v4("192.0.2.1"), f = v4("192.0.2.2");
	struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = htons(22)};
	char text[ADDRESS_TEXT];

	(void)state;
	assert_true(address_same(&a, &b));
	assert_false(address_same(&a, &c));
	assert_true(address_same(&d, &e));
	assert_false(address_same(&e, &f));
	inet_pton(AF_INET6, "2001:db8::1", &in.sin6_addr);
	assert_string_equal(address_text((struct sockaddr *)&in, text), "[2001:db8::1]:22");
}

static void pushes_out_the_crowd(void **state)
{
	struct gate *g = new_gate(10, 10, 4);
	struct address one = v4("192.0.2.1"), two = v4("192.0.2.2"), user = v4("198.51.100.1");
	size_t lone = enter(g, two, 1);
	size_t first = enter(g, one, 2);
	struct gate_verdict v;

	(void)state;
	enter(g, one, 3);
	enter(g, one, 4);
	v = gate_admit(g, &user, 5);
	assert_int_equal(v.answer, GATE_IN);
	assert_true(v.evicts);
	/* The oldest of the address that has most connections, not the oldest of all. */
	assert_int_equal(v.slot, first);
	login(g, v.slot, "user");
	/* A user who has logged in does not count: there is room for one more login. */
	enter(g, one, 6);
	v = gate_admit(g, &user, 7);
	assert_true(v.evicts);
	assert_int_not_equal(v.slot, lone);
	gate_free(g);
}

static void never_pushes_out_who_is_at_work(void **state)
{
	struct gate *g = new_gate(3, 2, 3);
	struct address a = v4("192.0.2.1"), b = v4("192.0.2.2"), c = v4("192.0.2.3");
	struct gate_verdict v;
	size_t waiting;

	(void)state;
	login(g, enter(g, a, 1), "a");
	login(g, enter(g, a, 2), "b");
	assert_int_equal(gate_admit(g, &a, 3).answer, GATE_ADDRESS_FULL);
	waiting = enter(g, b, 4);
	v = gate_admit(g, &c, 5);
	assert_int_equal(v.answer, GATE_IN);
	assert_true(v.evicts);
	assert_int_equal(v.slot, waiting);
	login(g, v.slot, "c");
	assert_int_equal(gate_admit(g, &b, 6).answer, GATE_FULL);
	gate_leave(g, v.slot, GATE_GONE, 7);
	enter(g, b, 8);
	gate_free(g);
}

static void pushes_out_who_does_nothing(void **state)
{
	struct gate *g = new_gate(4, 4, 4);
	struct address a = v4("192.0.2.1"), b = v4("192.0.2.2"), c = v4("192.0.2.3");
	size_t lone = enter(g, a, 1), first;
	struct gate_verdict v;

	(void)state;
	login(g, lone, "lone");
	gate_busy(g, lone, false);
	login(g, enter(g, b, 2), "many");
	first = enter(g, b, 3);
	login(g, first, "many");
	gate_busy(g, first, false);
	login(g, enter(g, b, 4), "many");
	gate_busy(g, 3, false);
	v = gate_admit(g, &c, 5);
	assert_int_equal(v.answer, GATE_IN);
	assert_true(v.evicts);
	/* The oldest idle connection of the key that has most of them. */
	assert_int_equal(v.slot, first);
	gate_free(g);
}

static void a_key_has_its_share(void **state)
{
	struct gate *g = new_gate(10, 10, 10);
	struct address a = v4("192.0.2.1"), b = v4("192.0.2.2");
	size_t idle = enter(g, a, 1), last;
	struct gate_verdict v;

	(void)state;
	login(g, idle, "key");
	login(g, enter(g, a, 2), "key");
	login(g, enter(g, a, 3), "key");
	last = enter(g, b, 4);
	assert_int_equal(gate_logged_in(g, last, "key", 4).answer, GATE_KEY_FULL);
	gate_leave(g, last, GATE_GONE, 4);
	gate_busy(g, idle, false);
	last = enter(g, b, 5);
	v = gate_logged_in(g, last, "key", 5);
	assert_int_equal(v.answer, GATE_IN);
	assert_true(v.evicts);
	assert_int_equal(v.slot, idle);
	gate_busy(g, last, true);
	assert_int_equal(enter(g, b, 6), idle);
	assert_int_equal(gate_logged_in(g, idle, "key", 6).answer, GATE_KEY_FULL);
	assert_int_equal(gate_logged_in(g, enter(g, b, 7), "other", 7).answer, GATE_IN);
	gate_free(g);
}

static void an_address_at_its_cap_pushes_out_its_own(void **state)
{
	struct gate *g = new_gate(10, 2, 10);
	struct address a = v4("192.0.2.1"), b = v4("192.0.2.2");
	size_t oldest = enter(g, b, 0), own = enter(g, a, 1);
	struct gate_verdict v;

	(void)state;
	login(g, enter(g, a, 2), "a");
	v = gate_admit(g, &a, 3);
	assert_int_equal(v.answer, GATE_IN);
	assert_true(v.evicts);
	assert_int_equal(v.slot, own);
	assert_int_not_equal(v.slot, oldest);
	gate_free(g);
}

static void offend(struct gate *g, struct address a, enum gate_end how, int64_t now_ms)
{
	gate_leave(g, enter(g, a, now_ms), how, now_ms);
}

static void penalties_grow_and_end(void **state)
{
	struct gate *g = new_gate(4, 4, 4);
	struct address a = v4("192.0.2.1"), b = v4("192.0.2.2");
	struct gate_verdict v;
	int64_t now_ms = 1000, want_ms = GATE_PENALTY_MS;

	(void)state;
	for (int i = 0; i < GATE_FREE_OFFENCES; i++)
		offend(g, a, GATE_DENIED, now_ms);
	for (int i = 0; i < 6; i++) {
		offend(g, a, GATE_DENIED, now_ms);
		v = gate_admit(g, &a, now_ms);
		assert_int_equal(v.answer, GATE_PENALTY);
		assert_int_equal(v.wait_ms, want_ms);
		assert_int_equal(gate_admit(g, &a, now_ms + want_ms - 1).answer, GATE_PENALTY);
		enter(g, b, now_ms);
		gate_leave(g, 0, GATE_GONE, now_ms);
		now_ms += want_ms;
		want_ms *= 2;
	}
	/* A login ends the penalties. */
	login(g, enter(g, a, now_ms), "a");
	offend(g, a, GATE_DENIED, now_ms);
	assert_int_equal(gate_admit(g, &a, now_ms).answer, GATE_IN);
	gate_free(g);
}

static void an_address_of_a_key_is_shut_for_a_moment(void **state)
{
	struct gate *g = new_gate(4, 4, 4);
	struct address a = v4("192.0.2.1");
	int64_t now_ms = 1000;

	(void)state;
	gate_logged_in(g, enter(g, a, now_ms), "key", now_ms);
	gate_leave(g, 0, GATE_GONE, now_ms);
	for (int i = 0; i < 20; i++) {
		for (int n = 0; n < 20 && gate_admit(g, &a, now_ms).answer == GATE_IN; n++)
			gate_leave(g, 0, GATE_CRASH, now_ms);
		assert_int_equal(gate_admit(g, &a, now_ms).wait_ms, GATE_PENALTY_MS);
		/* Then the address is open for as long, to any client. */
		now_ms += GATE_PENALTY_MS;
		offend(g, a, GATE_CRASH, now_ms);
		enter(g, a, now_ms + GATE_PENALTY_MS - 1);
		gate_leave(g, 0, GATE_CRASH, now_ms + GATE_PENALTY_MS - 1);
		now_ms += GATE_PENALTY_MS;
	}
	/* A day later the address is like any other. */
	now_ms += GATE_KNOWN_MS;
	for (int i = 0; i < 4; i++) {
		offend(g, a, GATE_CRASH, now_ms);
		now_ms += gate_admit(g, &a, now_ms).wait_ms;
	}
	assert_true(now_ms > 1000 + GATE_KNOWN_MS + 100 * GATE_PENALTY_MS);
	gate_free(g);
}

static void time_forgives(void **state)
{
	struct gate *g = new_gate(4, 4, 4);
	struct address a = v4("192.0.2.1");

	(void)state;
	for (int i = 0; i < GATE_FREE_OFFENCES; i++)
		offend(g, a, GATE_DENIED, 1000);
	offend(g, a, GATE_DENIED, 1000 + 2 * GATE_FORGET_MS);
	assert_int_equal(gate_admit(g, &a, 1001 + 2 * GATE_FORGET_MS).answer, GATE_IN);
	gate_free(g);
}

static void offences_that_count(void **state)
{
	struct gate *g = new_gate(4, 4, 4);
	struct address a = v4("192.0.2.1"), b = v4("192.0.2.2");
	size_t slot;

	(void)state;
	for (int i = 0; i < 50; i++)
		offend(g, a, GATE_GONE, 1000);
	/* After a login nothing counts against the address. */
	for (int i = 0; i < 50; i++) {
		slot = enter(g, a, 1000);
		gate_logged_in(g, slot, "key", 1000);
		gate_leave(g, slot, GATE_CRASH, 1000);
	}
	enter(g, a, 1000);
	offend(g, b, GATE_CRASH, 1000); /* one crash is more than the free offences */
	assert_int_equal(gate_admit(g, &b, 1000).answer, GATE_PENALTY);
	gate_free(g);
}

static void leaving_early_counts_lightly(void **state)
{
	struct gate *g = new_gate(4, 4, 4);
	struct address often = v4("192.0.2.1"), monitor = v4("192.0.2.2");
	int leaves = 0;

	(void)state;
	while (gate_admit(g, &often, 1000).answer == GATE_IN) {
		gate_leave(g, 0, GATE_LEFT, 1000);
		assert_true(++leaves <= (GATE_FREE_OFFENCES + 1) * GATE_LEFT_MAX);
	}
	assert_int_equal(leaves, (GATE_FREE_OFFENCES + 1) * GATE_LEFT_MAX);
	for (int i = 0; i < 1000; i++)
		offend(g, monitor, GATE_LEFT, 1000 + i * INT64_C(5000));
	gate_free(g);
}

static void remembers_a_bounded_number(void **state)
{
	struct gate *g = new_gate(4, 4, 4);
	struct address worst = v4("198.51.100.1"), known = v4("198.51.100.2");

	(void)state;
	login(g, enter(g, known, 1), "key");
	gate_leave(g, 0, GATE_GONE, 1);
	offend(g, worst, GATE_CRASH, 1);
	for (uint32_t i = 0; i < 5000; i++) {
		struct sockaddr_in in = {.sin_family = AF_INET,
					 .sin_addr.s_addr = htonl(0x0a000000 + i)};

		offend(g, address_of((struct sockaddr *)&in), GATE_DENIED, 2 + i);
	}
	enter(g, worst, 5002); /* forgotten */
	gate_leave(g, 0, GATE_GONE, 5002);
	for (int i = 0; i < 5; i++)
		offend(g, known, GATE_CRASH, 6000 + i * 2 * INT64_C(1000));
	/* The gate remembers an address with a login, and forgot others instead. */
	assert_int_equal(gate_admit(g, &known, 14000).wait_ms, GATE_PENALTY_MS);
	gate_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_networks),
		cmocka_unit_test(pushes_out_the_crowd),
		cmocka_unit_test(never_pushes_out_who_is_at_work),
		cmocka_unit_test(pushes_out_who_does_nothing),
		cmocka_unit_test(a_key_has_its_share),
		cmocka_unit_test(an_address_at_its_cap_pushes_out_its_own),
		cmocka_unit_test(penalties_grow_and_end),
		cmocka_unit_test(an_address_of_a_key_is_shut_for_a_moment),
		cmocka_unit_test(time_forgives),
		cmocka_unit_test(offences_that_count),
		cmocka_unit_test(leaving_early_counts_lightly),
		cmocka_unit_test(remembers_a_bounded_number),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
