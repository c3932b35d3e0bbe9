/* The lines of a publisher: accepted, refused, and the corpus of fuzz-reply. */
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/common/reply.h"
#include "fuzz/fuzz-reply.h"
#include "t/lib/corpus-test.h"

#define NAME "0123456789abcdef0123456789abcdef01234567"

static struct reply taken(const char *text)
{
	struct err e = ERR_INIT;
	struct reply a;

	assert_int_equal(reply_parse(text, &a, &e), 0);
	return a;
}

static void each_word(void **state)
{
	struct reply a = taken("published " NAME " 18446744073709551615 9223372036854775807 12");

	(void)state;
	assert_int_equal(a.word, REPLY_PUBLISHED);
	assert_string_equal(a.name, NAME);
	assert_true(a.ino == UINT64_MAX && a.size_bytes == INT64_MAX && a.ms == 12);
	a = taken("released " NAME " 7 0");
	assert_true(a.word == REPLY_RELEASED && a.ino == 7 && a.size_bytes == 0);
	a = taken("foreign " NAME " a file of user 0");
	assert_true(a.word == REPLY_FOREIGN);
	assert_string_equal(a.text, "a file of user 0");
	a = taken("error operator no such directory");
	assert_true(a.word == REPLY_ERROR && a.class == ERR_OPERATOR);
	assert_string_equal(a.text, "no such directory");
	a = taken("stays 7 wished warm");
	assert_true(a.word == REPLY_STAYS && a.ino == 7);
	assert_string_equal(a.text, "wished warm");
	a = taken("process 4711");
	assert_true(a.word == REPLY_PROCESS && a.ino == 4711);
	a = taken("evicted 7 4096");
	assert_true(a.word == REPLY_EVICTED && a.ino == 7 && a.size_bytes == 4096);
	a = taken("waiting lock Nova's lock (process 7)");
	assert_true(a.word == REPLY_WAITING && a.kind == WAITING_LOCK);
	assert_string_equal(a.text, "Nova's lock (process 7)");
	/* From an older publisher, and from a newer one. */
	a = taken("waiting Nova's lock");
	assert_true(a.word == REPLY_WAITING && a.kind == WAITING_UNKNOWN);
	assert_string_equal(a.text, "Nova's lock");
	a = taken("waiting 3 %");
	assert_true(a.kind == WAITING_UNKNOWN);
	assert_string_equal(a.text, "3 %");
	assert_true(taken("done 2").word == REPLY_DONE);
	assert_true(taken("changed " NAME).word == REPLY_CHANGED &&
		    taken("alone x").word == REPLY_ALONE);
	assert_true(taken("deferred ").word == REPLY_DEFERRED &&
		    taken("unreleased " NAME " x").word == REPLY_UNRELEASED);
}

/* Red without: the comparisons of take_name, take_number and take_form. */
static void no_answer(void **state)
{
	static const char *const lines[] = {
		"",
		" ",
		"publish",
		"published",
		"published " NAME,
		"published " NAME " 1 2",
		"published " NAME " 1 2 3 4",
		"published " NAME " -1 2 3",
		"published " NAME " 1 -2 3",
		"published " NAME " 1 9223372036854775808 3",
		"published " NAME " 18446744073709551616 2 3",
		"published  " NAME " 1 2 3",
		"published " NAME "0 1 2 3",
		"published ../0123456789abcdef0123456789abcdef0123 1 2 3",
		"changed 0123",
		"changed " NAME " ",
		"error operator",
		"error",
		"foreign " NAME,
		"waiting",
		"stays x y",
		"evicted 7",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct err e = ERR_INIT;
		struct reply a;

		assert_int_equal(reply_parse(lines[i], &a, &e), -1);
		assert_int_equal(e.class, ERR_US);
	}
}

static void replay(void **state)
{
	(void)state;
	corpus_replay("fuzz-reply", 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_word), cmocka_unit_test(no_answer),
					   cmocka_unit_test(replay)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
