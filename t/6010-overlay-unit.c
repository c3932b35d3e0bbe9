/* Overlays: what a header says, what a name means, and the scan over instances made by hand. The
 * peer's request line is pure as well and stands here too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/dependents.h"
#include "agent/overlay.h"
#include "agent/peer.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "t/fuzz/fuzz-overlay.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define NAME "0123456789abcdef0123456789abcdef01234567"
#define BASE "/var/lib/nova/instances/_base/" NAME

/* The first bytes of a qcow2 of that version, its name at offset. Returns their number. */
static size_t header(uint8_t *buf, size_t room, uint32_t version, uint64_t offset, uint32_t len, const char *name)
{
	uint32_t words[] = {0x514649fb, version, (uint32_t)(offset >> 32), (uint32_t)offset, len};

	memset(buf, 0, room);
	for (size_t i = 0; i < 5; i++)
		for (size_t b = 0; b < 4; b++)
			buf[4 * i + b] = (uint8_t)(words[i] >> (24 - 8 * b));
	if (name && offset + strlen(name) <= room)
		memcpy(buf + offset, name, strlen(name));
	return room;
}

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
		{"json:{\"driver\":\"raw\",\"file\":{\"driver\":\"file\",\"filename\":\"" BASE "\"}}", OVERLAY_YES},
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

struct node {
	char dir[64];
	char *instances;
	struct err e;
};

static int begin(void **state)
{
	struct node *n = calloc(1, sizeof(*n));
	own_free char *cache = NULL;

	snprintf(n->dir, sizeof(n->dir), "%s/hornero-t.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(n->dir));
	n->instances = fs_path("%s/instances", n->dir);
	cache = fs_path("%s/_base", n->instances);
	assert_int_equal(fs_mkdir_p(cache, 0755, &n->e), 0);
	*state = n;
	return 0;
}

static int end(void **state)
{
	struct node *n = *state;

	fs_remove_tree(AT_FDCWD, n->dir, &n->e);
	free(n->instances);
	free(n);
	return 0;
}

static void put(const struct node *n, const char *path, const void *data, size_t len)
{
	own_free char *whole = fs_path("%s/%s", n->instances, path);
	struct err e;

	assert_int_equal(fs_replace(AT_FDCWD, whole, data, len, 0644, &e), 0);
}

/* An instance whose disk says it stands on `backing`. */
static void add(const struct node *n, const char *instance, const char *disk, const char *backing)
{
	own_free char *dir = fs_path("%s/%s", n->instances, instance);
	own_free char *path = fs_path("%s/%s", instance, disk);
	uint8_t buf[8192];
	struct err e;

	assert_int_equal(fs_mkdir_p(dir, 0755, &e), 0);
	header(buf, sizeof(buf), 3, 112, (uint32_t)strlen(backing), backing);
	put(n, path, buf, sizeof(buf));
}

static struct dependents scan(struct node *n)
{
	own_quiet struct quiet seen = QUIET_INIT;
	struct dependents d;

	if (dependents_scan(n->instances, "_base", NAME, &seen, &d, &n->e) < 0)
		fail_msg("%s", n->e.msg);
	return d;
}

static void nobody(void **state)
{
	struct node *n = *state;

	add(n, "one", "disk", "/var/elsewhere");
	add(n, "two", "disk.info", "");
	add(n, "three", "console.log", "");
	put(n, "_base/" NAME, "bytes", 5);
	assert_int_equal(scan(n).count, 0);
}

static void every_spelling(void **state)
{
	struct node *n = *state;
	own_free char *absolute = fs_path("%s/_base/" NAME, n->instances);
	own_free char *detour = fs_path("%s/./one/../_base/" NAME, n->instances);
	own_free char *alias = fs_path("%s/alias", n->dir);
	own_free char *by_alias = fs_path("%s/_base/" NAME, alias);
	own_free char *linked = fs_path("%s/linked", n->dir);
	struct dependents d;

	assert_int_equal(symlink("instances", alias), 0);
	assert_int_equal(symlink(absolute, linked), 0);
	add(n, "one", "disk", absolute);
	add(n, "two", "disk.local", detour);
	add(n, "three", "disk", "../_base/" NAME);
	add(n, "four", "disk", by_alias);
	add(n, "five", "disk", "/nowhere/at/all/" NAME);
	assert_int_equal(scan(n).count, 5);
	/* Only now there is an inode that another name may lead to. */
	put(n, "_base/" NAME, "bytes", 5);
	add(n, "six", "disk", linked);
	add(n, "seven", "disk", "/tmp/" NAME);
	d = scan(n);
	assert_int_equal(d.count, 6);
	assert_non_null(strstr(d.text, " and 2 more stand on the present bytes"));
}

static void far_names_are_read(void **state)
{
	struct node *n = *state;
	uint8_t buf[70000];
	struct dependents d;
	own_free char *absolute = fs_path("%s/_base/" NAME, n->instances);

	add(n, "far", "disk", "x");
	header(buf, sizeof(buf), 3, 65536, (uint32_t)strlen(absolute), absolute);
	put(n, "far/disk", buf, sizeof(buf));
	d = scan(n);
	assert_int_equal(d.count, 1);
	assert_string_equal(d.text, "instance far stands on the present bytes");
}

static void what_cannot_be_read_counts(void **state)
{
	struct node *n = *state;
	uint8_t buf[512];
	struct dependents d;

	add(n, "odd", "disk", "x");
	header(buf, sizeof(buf), 3, 65536, 60, NULL); /* its name lies beyond its end */
	put(n, "odd/disk", buf, sizeof(buf));
	d = scan(n);
	assert_int_equal(d.count, 1);
	assert_string_equal(d.text, "instance odd may stand on the present bytes (cannot tell: odd/disk: "
				    "its qcow2 header makes no sense)");
}

static void only_one_level_and_no_strangers(void **state)
{
	struct node *n = *state;
	own_free char *absolute = fs_path("%s/_base/" NAME, n->instances);
	own_free char *pipe_at = fs_path("%s/pipe/disk", n->instances);
	own_free char *loop = fs_path("%s/loop", n->instances);

	add(n, "locks", "disk", absolute);
	add(n, "lost+found", "disk", absolute);
	add(n, "_base", "disk", absolute);
	add(n, ".hidden", "disk", absolute);
	add(n, "deep/down", "disk", absolute);
	add(n, "pipe", "other", absolute);
	assert_int_equal(mkfifo(pipe_at, 0600), 0);
	assert_int_equal(symlink("loop", loop), 0);
	put(n, "disk", "plain", 5);
	assert_int_equal(scan(n).count, 1); /* the link that leads nowhere cannot be told */
	assert_int_equal(unlink(loop), 0);
	assert_int_equal(scan(n).count, 0);
}

static struct stat stat_of(ino_t ino, time_t mtime_s, time_t ctime_s)
{
	return (struct stat){.st_dev = 1, .st_ino = ino, .st_mtim.tv_sec = mtime_s, .st_ctim.tv_sec = ctime_s};
}

static void what_is_remembered(void **state)
{
	struct node *n = *state;
	own_quiet struct quiet q = QUIET_INIT;
	own_fd int top = fs_open_dir(AT_FDCWD, n->instances, &n->e);
	time_t now_s = time(NULL);
	struct stat st;

	quiet_begin(&q, top);
	if (!q.is_usable)
		skip(); /* a filesystem that is not known to be local */
	for (ino_t i = 1000; i > 0; i--) {
		st = stat_of(i, 500, 600);
		quiet_add(&q, &st);
	}
	st = stat_of(2000, now_s, 600);
	quiet_add(&q, &st);
	st = stat_of(2001, 500, now_s - 1);
	quiet_add(&q, &st);
	st = stat_of(2002, 500, now_s + 1000);
	quiet_add(&q, &st);
	assert_int_equal(q.n, 1000);
	st = stat_of(1, 500, 600);
	assert_false(quiet_knows(&q, &st));
	quiet_seal(&q);
	assert_true(quiet_knows(&q, &st));
	st.st_ctim.tv_nsec++;
	assert_false(quiet_knows(&q, &st));
	st = stat_of(1000, 501, 600);
	assert_false(quiet_knows(&q, &st));
	st = stat_of(1001, 500, 600);
	assert_false(quiet_knows(&q, &st));
	st = stat_of(7, 500, 600);
	st.st_dev = 2;
	assert_false(quiet_knows(&q, &st));
}

static void strange_filesystems_are_not_remembered(void **state)
{
	struct node *n = *state;
	own_quiet struct quiet q = QUIET_INIT;
	own_fd int top = fs_open_dir(AT_FDCWD, "/proc", &n->e);
	struct stat st = stat_of(1, 500, 600);

	quiet_begin(&q, top);
	quiet_add(&q, &st);
	quiet_seal(&q);
	assert_false(quiet_knows(&q, &st));
}

/* Two looks, as before and under the lock: the second one reads only where something was made. */
static void the_second_look_is_short(void **state)
{
	struct node *n = *state;
	own_free char *absolute = fs_path("%s/_base/" NAME, n->instances);
	struct dependents d = {0};
	const struct timespec pause = {.tv_nsec = 100000000};

	add(n, "one", "disk", "/elsewhere");
	add(n, "two", "disk", "/elsewhere");
	for (int i = 0; i < 100; i++) {
		own_quiet struct quiet seen = QUIET_INIT;

		assert_int_equal(dependents_scan(n->instances, "_base", NAME, &seen, &d, &n->e), 0);
		assert_int_equal(d.looked, 2);
		if (!seen.is_usable)
			skip();
		if (seen.n < 2) {
			nanosleep(&pause, NULL); /* until the directories are old enough to be believed */
			continue;
		}
		assert_int_equal(dependents_scan(n->instances, "_base", NAME, &seen, &d, &n->e), 0);
		assert_int_equal(d.looked, 0);
		add(n, "two", "disk.local", absolute);
		add(n, "three", "disk", "/elsewhere");
		assert_int_equal(dependents_scan(n->instances, "_base", NAME, &seen, &d, &n->e), 0);
		assert_int_equal(d.count, 1);
		assert_string_equal(d.text, "instance two stands on the present bytes");
		return;
	}
	fail_msg("nothing was remembered within ten seconds");
}

static void names_are_made_harmless(void **state)
{
	struct node *n = *state;
	struct dependents d;

	add(n, "a\nb\033[2J", "disk", "/x/" NAME);
	d = scan(n);
	assert_string_equal(d.text, "instance a\\x0ab\\x1b[2J stands on the present bytes");
}

static void requests(void **state)
{
	static const char good[] = "publish 6ba7b810-9dad-41d1-80b4-00c04fd430c8 "
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 42 3 0f1e2d";
	static const char *const bad[] = {
		"", "publish", "publish a b c d e",
		"flatten 6ba7b810-9dad-41d1-80b4-00c04fd430c8 "
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 42 3 t",
		"publish 6BA7B810-9dad-41d1-80b4-00c04fd430c8 "
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 42 3 t",
		"publish 6ba7b810-9dad-41d1-80b4-00c04fd430c8 "
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 -1 3 t",
		"publish 6ba7b810-9dad-41d1-80b4-00c04fd430c8 "
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 9999999999999999999 3 t",
		"publish 6ba7b810-9dad-41d1-80b4-00c04fd430c8 "
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 42 3 ../x",
		"publish 6ba7b810-9dad-41d1-80b4-00c04fd430c8 "
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 42 3 t more",
	};
	struct peer_request r;
	struct err e;

	(void)state;
	assert_int_equal(peer_parse(good, &r, &e), 0);
	assert_int_equal(r.job, 42);
	assert_int_equal(r.attempt, 3);
	assert_string_equal(r.token, "0f1e2d");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (peer_parse(bad[i], &r, &e) == 0)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(e.class, ERR_US);
	}
}

static void replays_the_corpus(void **state)
{
	const char *src = getenv("HORNERO_SRC");
	own_free char *dir = fs_path("%s/t/fuzz/corpus/fuzz-overlay", src && *src ? src : ".");
	own_dir DIR *d = opendir(dir);
	struct dirent *entry;
	int n = 0;

	(void)state;
	assert_non_null(d);
	while ((entry = readdir(d))) {
		own_free char *path = fs_path("%s/%s", dir, entry->d_name);
		own_free char *text = NULL;
		struct err e = ERR_INIT;
		size_t len;

		if (entry->d_name[0] == '.')
			continue;
		assert_int_equal(fs_read(AT_FDCWD, path, 1 << 20, &text, &len, &e), 0);
		assert_int_equal(LLVMFuzzerTestOneInput((const uint8_t *)text, len), 0);
		n++;
	}
	assert_true(n >= 10);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers),
		cmocka_unit_test(raw_is_no_overlay),
		cmocka_unit_test(names),
		T(nobody),
		T(every_spelling),
		T(far_names_are_read),
		T(what_cannot_be_read_counts),
		T(only_one_level_and_no_strangers),
		T(what_is_remembered),
		T(strange_filesystems_are_not_remembered),
		T(the_second_look_is_short),
		T(names_are_made_harmless),
		cmocka_unit_test(requests),
		cmocka_unit_test(replays_the_corpus),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
