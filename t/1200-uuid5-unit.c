/* UUIDv5: the values of RFC 9562 and of Python's uuid.uuid5, and refused input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/uuid5.h"

#include <string.h>

#define DNS   "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
#define URL   "6ba7b811-9dad-11d1-80b4-00c04fd430c8"
#define IMAGE "2b7e1516-28ae-4d2a-abf7-158809cf4f3c"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static void known_values(void **state)
{
	static const struct {
		const char *space, *name, *want;
	} cases[] = {
		{DNS, "www.example.com",
		 "2ed6657d-e927-568b-95e1-2665a8aea6a2"},                    /* RFC 9562, A.4 */
		{DNS, "python.org", "886313e1-3b8a-5372-9b90-0c9aee199e5d"}, /* Python's manual */
		{URL, "http://www.ietf.org/rfc/rfc4122.txt",
		 "d0690b3c-b29d-52e7-81b0-d573b503f2d4"},
		{DNS, "", "4ebd0208-8328-5d69-8c44-ec50939c0967"},
		{IMAGE, ZEROS, "3d69424f-f7b1-5b2c-bbf8-fc5b57c8dc45"},
		{IMAGE, "\xc3\xa9", "2200874e-27ad-566a-9594-7a87f33af57a"},
	};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[UUID_LEN + 1];

		assert_int_equal(uuid5(cases[i].space, cases[i].name, out, &e), 0);
		assert_string_equal(out, cases[i].want);
		assert_true(uuid_valid(out));
	}
}

static void longest_name(void **state)
{
	char name[UUID5_NAME_MAX + 2], out[UUID_LEN + 1] = "untouched";
	struct err e = ERR_INIT;

	(void)state;
	memset(name, 'x', sizeof(name));
	name[UUID5_NAME_MAX + 1] = '\0';
	assert_int_equal(uuid5("ffffffff-ffff-ffff-ffff-ffffffffffff", name, out, &e), -1);
	assert_int_equal(e.class, ERR_US);
	assert_string_equal(out, "untouched");
	name[UUID5_NAME_MAX] = '\0';
	assert_int_equal(uuid5("ffffffff-ffff-ffff-ffff-ffffffffffff", name, out, &e), 0);
	assert_string_equal(out, "2e0ba36d-c2db-5c61-a707-f5bbbf5f99f7");
}

static void no_uuid_no_id(void **state)
{
	static const char *const bad[] = {"", "6BA7B810-9DAD-11D1-80B4-00C04FD430C8", DNS "0",
					  "6ba7b810"};
	char out[UUID_LEN + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = ERR_INIT;

		assert_int_equal(uuid5(bad[i], "x", out, &e), -1);
		assert_int_equal(e.class, ERR_US);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_values),
		cmocka_unit_test(longest_name),
		cmocka_unit_test(no_uuid_no_id),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
