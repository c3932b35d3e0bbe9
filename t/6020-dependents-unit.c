/* Which instances stand on a base: handmade overlays that name it in every spelling, and what a
 * second scan skips. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/publish/dependents.h"
#include "lib/dirs.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "t/lib/overlay-unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct node {
	char dir[64];
	char *instances;
	struct err e;
};

static int begin(void **state)
{
	struct node *n = calloc(1, sizeof(*n));
	own_free char *cache = NULL;

	snprintf(n->dir, sizeof(n->dir), "%s/hornero-t.XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
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

/* Adds an instance whose disk names `backing` as its backing file. */
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

static void say_format(const struct node *n, const char *instance, const char *text)
{
	own_free char *path = fs_path("%s/disk.info", instance);

	put(n, path, text, strlen(text));
}

static struct dependents scan(struct node *n)
{
	own_unchanged struct unchanged seen = UNCHANGED_INIT;
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
	/* With the base in place, other names can lead to its inode. */
	put(n, "_base/" NAME, "bytes", 5);
	add(n, "six", "disk", linked);
	add(n, "seven", "disk", "/tmp/" NAME);
	say_format(n, "six", "{\"/x/disk\": \"qcow2\"}");
	say_format(n, "seven", "{\"/x/disk\": \"qcow2\"}");
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
	assert_string_equal(d.disk, "far/disk");
	assert_false(d.in_doubt);
}

static void an_unreadable_disk_counts(void **state)
{
	struct node *n = *state;
	uint8_t buf[512];
	struct dependents d;

	add(n, "odd", "disk", "x");
	header(buf, sizeof(buf), 3, 65536, 60, NULL); /* the name lies beyond the end of the file */
	put(n, "odd/disk", buf, sizeof(buf));
	d = scan(n);
	assert_int_equal(d.count, 1);
	assert_string_equal(d.text,
			    "instance odd may stand on the present bytes (cannot tell: odd/disk: "
			    "its qcow2 header is invalid or names a data file)");
	assert_string_equal(d.disk, "");
	assert_true(d.in_doubt);
}

/* The guest writes every byte of a raw disk: a qcow2 header in it proves nothing. */
static void a_raw_disk_stands_on_nothing(void **state)
{
	struct node *n = *state;
	own_free char *absolute = fs_path("%s/_base/" NAME, n->instances);
	uint8_t junk[512] = {'Q', 'F', 'I', 0xfb, 0xff};

	add(n, "forged", "disk", absolute);
	put(n, "forged/disk.config", junk, sizeof(junk));
	assert_int_equal(scan(n).count, 1);
	say_format(n, "forged",
		   "{\"/old/path/forged/disk\": \"raw\", \"/old/path/forged/disk.config\": "
		   "\"raw\"}\n");
	assert_int_equal(scan(n).count, 0);
	say_format(n, "forged", "{\"/x/forged/disk\": \"raw\"}");
	assert_true(scan(n).in_doubt);
}

/* hornero follows a path only if disk.info says that the disk is qcow2. Red without: the check of
 * disk.info in read_backing, which would follow the trap to the base. */
static void a_path_is_looked_at_where_nova_agrees_alone(void **state)
{
	struct node *n = *state;
	own_free char *absolute = fs_path("%s/_base/" NAME, n->instances);
	own_free char *trap = fs_path("%s/trap", n->dir);

	put(n, "_base/" NAME, "bytes", 5);
	assert_int_equal(symlink(absolute, trap), 0);
	add(n, "one", "disk", trap);
	assert_int_equal(scan(n).count, 0);
	say_format(n, "one", "{\"/x/disk\": \"raw\"}");
	assert_int_equal(scan(n).count, 0);
	say_format(n, "one", "{\"/x/disk\": \"vmdk\"}");
	assert_int_equal(scan(n).count, 0);
	say_format(n, "one", "{\"/x/disk\": \"qcow2\"}");
	assert_int_equal(scan(n).count, 1);
}

static void a_disk_missing_in_disk_info_counts(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"[\"disk\", \"raw\"]",
		"{\"/x/other\": \"raw\"}",
		"{\"/x/disk\": \"vmdk\"}",
		"{\"/x/disk\": 1}",
		"{\"/x/disk\": \"qcow2\"}",
		"{\"/x/disk\": \"raw\", \"/y/disk\": \"qcow2\"}",
		"{\"/x/disk\": \"qcow2\", \"/y/disk\": \"raw\"}",
	};
	struct node *n = *state;
	own_free char *absolute = fs_path("%s/_base/" NAME, n->instances);
	own_free char *info = fs_path("%s/one/disk.info", n->instances);
	own_free char *elsewhere = fs_path("%s/elsewhere", n->instances);
	static const char raw[] = "{\"/x/disk\": \"raw\"}";

	add(n, "one", "disk", absolute);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		say_format(n, "one", texts[i]);
		if (scan(n).count != 1)
			fail_msg("%s", texts[i]);
	}
	put(n, "elsewhere", raw, sizeof(raw) - 1);
	assert_int_equal(unlink(info), 0);
	assert_int_equal(symlink(elsewhere, info), 0);
	assert_int_equal(scan(n).count, 1);
}

static void a_data_file_makes_doubt(void **state)
{
	struct node *n = *state;
	uint8_t buf[512];

	add(n, "odd", "disk", "/elsewhere");
	assert_int_equal(scan(n).count, 0);
	header(buf, sizeof(buf), 3, 112, 10, "/elsewhere");
	buf[79] = 1 << 2;
	put(n, "odd/disk", buf, sizeof(buf));
	assert_true(scan(n).in_doubt);
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
	assert_int_equal(scan(n).count, 1); /* a link that cannot be followed counts */
	assert_int_equal(unlink(loop), 0);
	assert_int_equal(scan(n).count, 0);
}

static struct stat stat_of(ino_t ino, time_t mtime_s, time_t ctime_s)
{
	return (struct stat){
		.st_dev = 1, .st_ino = ino, .st_mtim.tv_sec = mtime_s, .st_ctim.tv_sec = ctime_s};
}

static void unchanged_files_are_remembered(void **state)
{
	struct node *n = *state;
	own_unchanged struct unchanged q = UNCHANGED_INIT;
	own_fd int top = fs_open_dir(AT_FDCWD, n->instances, &n->e);
	time_t now_s = time(NULL);
	struct stat st;

	unchanged_begin(&q, top);
	if (!q.is_usable)
		skip(); /* this filesystem is not known to be local */
	for (ino_t i = 1000; i > 0; i--) {
		st = stat_of(i, 500, 600);
		unchanged_add(&q, &st);
	}
	st = stat_of(2000, now_s, 600);
	unchanged_add(&q, &st);
	st = stat_of(2001, 500, now_s - 1);
	unchanged_add(&q, &st);
	st = stat_of(2002, 500, now_s + 1000);
	unchanged_add(&q, &st);
	assert_int_equal(q.n, 1000);
	st = stat_of(1, 500, 600);
	assert_false(unchanged_knows(&q, &st));
	unchanged_seal(&q);
	assert_true(unchanged_knows(&q, &st));
	st.st_ctim.tv_nsec++;
	assert_false(unchanged_knows(&q, &st));
	st = stat_of(1000, 501, 600);
	assert_false(unchanged_knows(&q, &st));
	st = stat_of(1001, 500, 600);
	assert_false(unchanged_knows(&q, &st));
	st = stat_of(7, 500, 600);
	st.st_dev = 2;
	assert_false(unchanged_knows(&q, &st));
}

static void strange_filesystems_are_not_remembered(void **state)
{
	struct node *n = *state;
	own_unchanged struct unchanged q = UNCHANGED_INIT;
	own_fd int top = fs_open_dir(AT_FDCWD, "/proc", &n->e);
	struct stat st = stat_of(1, 500, 600);

	unchanged_begin(&q, top);
	unchanged_add(&q, &st);
	unchanged_seal(&q);
	assert_false(unchanged_knows(&q, &st));
}

/* The publisher scans twice, before it takes the lock and under it: the second scan reads only
 * directories that changed. */
static void the_second_look_is_short(void **state)
{
	struct node *n = *state;
	own_free char *absolute = fs_path("%s/_base/" NAME, n->instances);
	struct dependents d = {0};
	const struct timespec pause = {.tv_nsec = 100000000};

	add(n, "one", "disk", "/elsewhere");
	add(n, "two", "disk", "/elsewhere");
	for (int i = 0; i < 100; i++) {
		own_unchanged struct unchanged seen = UNCHANGED_INIT;

		assert_int_equal(dependents_scan(n->instances, "_base", NAME, &seen, &d, &n->e), 0);
		assert_int_equal(d.looked, 2);
		if (!seen.is_usable)
			skip();
		if (seen.n < 2) {
			/* The directories are too young to be trusted. */
			nanosleep(&pause, NULL);
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

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(nobody),
		T(every_spelling),
		T(far_names_are_read),
		T(an_unreadable_disk_counts),
		T(a_raw_disk_stands_on_nothing),
		T(a_path_is_looked_at_where_nova_agrees_alone),
		T(a_disk_missing_in_disk_info_counts),
		T(a_data_file_makes_doubt),
		T(only_one_level_and_no_strangers),
		T(unchanged_files_are_remembered),
		T(strange_filesystems_are_not_remembered),
		T(the_second_look_is_short),
		T(names_are_made_harmless),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
