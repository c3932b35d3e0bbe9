/* The address of the door as users type it: no character in it is special to their shell. */
#include "t/lib/conf-test.h"

#include "conf/check.h"
#include "conf/way.h"

static void every_form(void **state)
{
	static const struct {
		const char *text, *ssh, *url;
	} forms[] = {
		{"git@compute-7:2222", "ssh -p 2222 git@compute-7", "ssh://git@compute-7:2222/"},
		{"alice@node.example.org:22", "ssh alice@node.example.org",
		 "alice@node.example.org:"},
		{"git@[2001:db8::1]:2222", "ssh -p 2222 git@2001:db8::1",
		 "ssh://git@[2001:db8::1]:2222/"},
		{"git@[::1]:22", "ssh git@::1", "git@[::1]:"},
	};
	struct way w;

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		assert_true(way_parse(forms[i].text, &w));
		assert_string_equal(w.ssh, forms[i].ssh);
		assert_string_equal(w.url, forms[i].url);
	}
}

static void paths_that_are_no_way(void **state)
{
	static const char *const bad[] = {
		"",
		"git",
		"git@",
		"@node:22",
		"git@node",
		"git@node:",
		"git@node:0",
		"git@node:65536",
		"git@node:22x",
		"git@-oProxyCommand=x:22",
		"-oX@node:22",
		"git@no de:22",
		"git@node;id:22",
		"git@$(id):22",
		"g\nt@node:22",
		"git@[::1:22",
		"git@[]:22",
		"git@[::g]:22",
		"git@node\x1b[31m:22",
	};
	struct way w;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (way_parse(bad[i], &w))
			fail_msg("taken: %s", bad[i]);
}

static void made(void **state)
{
	char text[WAY_MAX], long_name[300];
	struct way w;

	(void)state;
	way_make(text, "compute-7", "alice", 2222);
	assert_string_equal(text, "alice@compute-7:2222");
	way_make(text, "[2001:db8::1]:22", NULL, 2222);
	assert_string_equal(text, "git@[2001:db8::1]:22");
	way_make(text, "compute-7:22", "a;id", 2222);
	assert_string_equal(text, "git@compute-7:22");
	memset(long_name, 'a', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	way_make(text, NULL, long_name, 2222);
	assert_true(way_parse(text, &w));
	assert_int_equal(strncmp(text, "git@", 4), 0);
}

static void door_name(void **state)
{
	static const char *const good[] = {"compute-7", "compute-7:2222", "192.0.2.1",
					   "[2001:db8::1]", "[::1]:22"};
	static const char *const bad[] = {
		"",           "-x",         "a b",      "node:", "node:0",
		"node:65536", "node:22:22", "git@node", "::1",   "node:+22"};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(check_host(good[i], &e), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (check_host(bad[i], &e) == 0)
			fail_msg("taken: %s", bad[i]);
	assert_err_has(&e, "HOST or HOST:PORT is allowed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form),
		cmocka_unit_test(paths_that_are_no_way),
		cmocka_unit_test(made),
		cmocka_unit_test(door_name),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
