/* The publisher's pure parts: what a qcow2 header says, what a backing file's name means, and the
 * line that asks for a publication. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/publish/overlay.h"
#include "agent/publish/peer.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "t/fuzz/fuzz-overlay.h"
#include "t/lib/overlay-unit.h"
#include "t/lib/corpus-test.h"

#include <fcntl.h>
#include <string.h>

#define BASE "/var/lib/nova/instances/_base/" NAME

static enum overlay_kind parse(uint32_t version, uint64_t offset, uint32_t len, size_t room)
{
	uint8_t buf[512];
	uint64_t at = 0;
	uint32_t n = 0;
	enum overlay_kind kind;

	header(buf, sizeof(buf), version, offset, len, NULL);
	kind = overlay_parse(buf, room, &at, &n);
	if (kind == OVERLAY_BACKED)
		assert_true(at == offset && n == len);
	return kind;
}

static void headers(void **state)
{
	(void)state;
	assert_int_equal(parse(3, 112, 60, 512), OVERLAY_BACKED);
	assert_int_equal(parse(2, 72, 1023, 512), OVERLAY_BACKED);
	assert_int_equal(parse(3, 0, 60, 512), OVERLAY_NONE);
	assert_int_equal(parse(3, 112, 0, 512), OVERLAY_NONE);
	assert_int_equal(parse(3, 112, 1024, 512), OVERLAY_BAD);
	assert_int_equal(parse(3, 112, UINT32_MAX, 512), OVERLAY_BAD);
	assert_int_equal(parse(3, 19, 60, 512), OVERLAY_BAD);
	assert_int_equal(parse(3, 2 * 1048576, 60, 512), OVERLAY_BACKED);
	assert_int_equal(parse(3, 2 * 1048576 + 1, 60, 512), OVERLAY_BAD);
	assert_int_equal(parse(3, UINT64_MAX, 60, 512), OVERLAY_BAD);
	assert_int_equal(parse(1, 112, 60, 512), OVERLAY_BAD);
	assert_int_equal(parse(4, 112, 60, 512), OVERLAY_BAD);
	assert_int_equal(parse(3, 112, 60, 71), OVERLAY_BAD);
	assert_int_equal(parse(3, 112, 60, 3), OVERLAY_NONE);
	assert_int_equal(parse(3, 112, 60, 0), OVERLAY_NONE);
}

static enum overlay_kind with_features(uint8_t high, uint8_t low, size_t room)
{
	uint8_t buf[512];
	uint64_t at;
	uint32_t n;

	header(buf, sizeof(buf), 3, 112, 60, NULL);
	buf[72] = high;
	buf[79] = low;
	return overlay_parse(buf, room, &at, &n);
}

static void features(void **state)
{
	(void)state;
	assert_int_equal(with_features(0, 0x1b, 512), OVERLAY_BACKED);
	assert_int_equal(with_features(0, 0, 103), OVERLAY_BAD);
	assert_int_equal(with_features(0, 1 << 2, 512), OVERLAY_BAD);
	assert_int_equal(with_features(0, 1 << 5, 512), OVERLAY_BAD);
	assert_int_equal(with_features(0x80, 0, 512), OVERLAY_BAD);
}

/* The extensions begin at 104; the first has `size` bytes and an unknown type. */
static bool is_on_raw(uint32_t size, const char *format, size_t room)
{
	static const uint8_t type[] = {0xe2, 0x79, 0x2a, 0xca};
	uint8_t buf[512];
	size_t at = 104 + 8 + ((size + 7) & ~7U);

	header(buf, sizeof(buf), 3, 400, 60, NULL);
	buf[103] = 104;
	buf[104] = 1;
	buf[110] = (uint8_t)(size >> 8);
	buf[111] = (uint8_t)size;
	if (at + 16 <= sizeof(buf)) {
		memcpy(buf + at, type, sizeof(type));
		buf[at + 7] = (uint8_t)strlen(format);
		memcpy(buf + at + 8, format, strlen(format));
	}
	return overlay_is_on_raw(buf, room);
}

static void formats(void **state)
{
	(void)state;
	assert_true(is_on_raw(0, "raw", 512));
	assert_true(is_on_raw(13, "raw", 512));
	assert_false(is_on_raw(0, "qcow2", 512));
	assert_false(is_on_raw(0, "", 512));
	assert_false(is_on_raw(0, "raw", 122));
	assert_false(is_on_raw(0, "raw", 104));
	assert_false(is_on_raw(65535, "raw", 512));
}

static void raw_is_no_overlay(void **state)
{
	uint8_t buf[512] = {0x55, 0xaa};
	uint64_t at;
	uint32_t n;

	(void)state;
	assert_int_equal(overlay_parse(buf, sizeof(buf), &at, &n), OVERLAY_NONE);
}

static void names(void **state)
{
	static const struct {
		const char *backing;
		enum overlay_match match;
	} cases[] = {
		{BASE, OVERLAY_YES},
		{"/var//lib/./nova/instances/_base/" NAME, OVERLAY_YES},
		{"file:" BASE, OVERLAY_YES},
		{"json:{\"driver\":\"raw\",\"file\":{\"driver\":\"file\",\"filename\":\"" BASE
		 "\"}}",
		 OVERLAY_YES},
		{"json:{\"file\":{\"filename\":\"/elsewhere\"}}", OVERLAY_NO},
		{"nbd://host/" NAME, OVERLAY_YES},
		{"rbd:images/other", OVERLAY_NO},
		{"../_base/" NAME, OVERLAY_LOOK},
		{"/srv/nova/_base/" NAME, OVERLAY_LOOK},
		{"/var/lib/nova/x/../instances/_base/" NAME, OVERLAY_LOOK},
		{BASE "_20", OVERLAY_LOOK},
		{BASE "/x", OVERLAY_LOOK},
		{"/var/lib/nova/instances/_base", OVERLAY_LOOK},
		{"base:with-colon/after-no-slash", OVERLAY_NO},
		{"./a:b", OVERLAY_LOOK},
		{"", OVERLAY_LOOK},
	};
	const char *path;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		path = NULL;
		if (overlay_match(cases[i].backing, BASE, &path) != cases[i].match)
			fail_msg("%s", cases[i].backing);
		assert_true((cases[i].match == OVERLAY_LOOK) == (path != NULL));
	}
}

static void requests(void **state)
{
	static const char good[] = "publish 6ba7b810-9dad-41d1-80b4-00c04fd430c8 "
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 42 3 0f1e2d";
	static const char *const bad[] = {
		"",
		"publish",
		"publish a b c d e",
		"look",
		"look a",
		"look 6ba7b810-9dad-41d1-80b4-00c04fd430c8 more",
		"flatten 6ba7b810-9dad-41d1-80b4-00c04fd430c8 "
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 42 3 t",
		"publish 6BA7B810-9dad-41d1-80b4-00c04fd430c8 "
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 42 3 t",
		"publish 6ba7b810-9dad-41d1-80b4-00c04fd430c8 "
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 -1 3 t",
		"publish 6ba7b810-9dad-41d1-80b4-00c04fd430c8 "
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 "
		"9999999999999999999 3 t",
		"publish 6ba7b810-9dad-41d1-80b4-00c04fd430c8 "
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 42 3 ../x",
		"publish 6ba7b810-9dad-41d1-80b4-00c04fd430c8 "
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 42 3 t more",
		"touch 1",
		"look",
		"look 42",
		"evict",
		"evict ",
		"evict x",
		"evict -1",
		"plan 5 6",
	};
	struct peer_request r;
	struct err e;

	(void)state;
	assert_int_equal(peer_parse(good, &r, &e), 0);
	assert_int_equal(r.fence.job, 42);
	assert_int_equal(r.fence.attempt, 3);
	assert_string_equal(r.fence.token, "0f1e2d");
	assert_int_equal(r.word, PEER_PUBLISH);
	assert_int_equal(peer_parse("look 6ba7b810-9dad-41d1-80b4-00c04fd430c8", &r, &e), 0);
	assert_int_equal(r.word, PEER_LOOK);
	assert_int_equal(peer_parse("touch", &r, &e), 0);
	assert_int_equal(r.word, PEER_TOUCH);
	assert_int_equal(peer_parse("evict 4096", &r, &e), 0);
	assert_int_equal(r.word, PEER_EVICT);
	assert_int_equal(r.want_bytes, 4096);
	assert_int_equal(peer_parse("plan 1", &r, &e), 0);
	assert_int_equal(r.word, PEER_PLAN);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (peer_parse(bad[i], &r, &e) == 0)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(e.class, ERR_US);
	}
}

static void replays_the_corpus(void **state)
{
	(void)state;
	corpus_replay("fuzz-overlay", 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers),
		cmocka_unit_test(features),
		cmocka_unit_test(formats),
		cmocka_unit_test(raw_is_no_overlay),
		cmocka_unit_test(names),
		cmocka_unit_test(requests),
		cmocka_unit_test(replays_the_corpus),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
