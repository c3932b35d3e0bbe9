/* treedigest: the digest follows every change that a build could see, and no other; unchanged files
 * are not read again. Each test names the line that it needs. */
#include "t/lib/conf-test.h"

#include "agent/common/treedigest.h"
#include "lib/treewalk.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

static const char *scratch; /* the record is in scratch/record, the tree is scratch/tree */

static char *at(const char *name)
{
	return fs_path("%s/tree/%s", scratch, name);
}

static void put(const char *name, const char *text)
{
	own_free char *path = at(name);
	own_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fs_write_all(fd, text, strlen(text)), 0);
}

static void make_dir(const char *name)
{
	own_free char *path = at(name);

	assert_int_equal(mkdir(path, 0755), 0);
}

static int try_digest(const char *path, char digest[SHA256_HEX + 1], struct err *e)
{
	own_free char *record = fs_path("%s/record", scratch);
	own_treedigest struct treedigest *t = treedigest_open(record, "osv");

	assert_non_null(t);
	if (treedigest_add(t, path, digest, e) < 0)
		return -1;
	treedigest_save(t);
	return 0;
}

static void digest_of(const char *path, char digest[SHA256_HEX + 1])
{
	struct err e = ERR_INIT;

	if (try_digest(path, digest, &e) < 0)
		fail_msg("%s", e.msg);
}

static char last[SHA256_HEX + 1];

static bool tree_changed(void)
{
	own_free char *path = fs_path("%s/tree", scratch);
	char now[SHA256_HEX + 1];
	bool changed;

	digest_of(path, now);
	changed = strcmp(now, last) != 0;
	memcpy(last, now, sizeof(now));
	return changed;
}

/* A file is recorded once it is a few seconds old, because its ctime cannot be set. */
static void until_recorded(const char *path)
{
	own_free char *record = fs_path("%s/record/osv.inputs", scratch);
	struct timespec nap = {.tv_nsec = 100000000};
	char ignored[SHA256_HEX + 1];

	for (int i = 0; i < 300; i++) {
		digest_of(path, ignored);
		if (access(record, F_OK) == 0)
			return;
		nanosleep(&nap, NULL);
	}
	fail_msg("%s is never recorded", path);
}

static int begin(void **state)
{
	own_free char *dir = NULL;

	if (scratch_make(state) < 0)
		return -1;
	scratch = *state;
	dir = fs_path("%s/tree", scratch);
	return mkdir(dir, 0755);
}

static void every_change_gives_another_digest(void **state)
{
	own_free char *a = at("a"), *b = at("b"), *sub_a = at("sub/a"), *link = at("link");

	(void)state;
	put("a", "one");
	make_dir("sub");
	put("sub/a", "two");
	assert_int_equal(symlink("a", link), 0);
	(void)tree_changed();
	assert_false(tree_changed());
	put("a", "1ne");
	assert_true(tree_changed());
	assert_int_equal(rename(a, b), 0); /* Red without: entry->inside in the sum */
	assert_true(tree_changed());
	assert_int_equal(chmod(b, 0755), 0); /* Red without: "program" */
	assert_true(tree_changed());
	assert_int_equal(chmod(b, 0775), 0); /* a build sees no difference that matters */
	assert_false(tree_changed());
	unlink(link);
	assert_int_equal(symlink("b", link), 0); /* Red without: entry->target in the sum */
	assert_true(tree_changed());
	put("c", "three");
	assert_true(tree_changed());
	put("empty", "");
	assert_true(tree_changed());
	make_dir("nothing");
	assert_true(tree_changed());
	assert_int_equal(unlink(sub_a), 0);
	assert_true(tree_changed());
}

/* Since Linux 6.13 most filesystems have fine times, but ramfs does not. */
static bool mount_coarse(const char *dir)
{
	return (unshare(CLONE_NEWNS) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", dir, "ramfs", 0, "mode=0755") == 0;
}

/* Red without: is_settled in file_content. Most rounds pass within one tick of the kernel's clock,
 * so that the times of both contents are equal. */
static void a_change_in_the_same_tick_is_seen(void **state)
{
	own_free char *top = fs_path("%s/tree", scratch);

	(void)state;
	if (!mount_coarse(top))
		skip();
	for (int i = 0; i < 300; i++) {
		own_free char *path = at("file");
		char text[16];
		struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};

		snprintf(text, sizeof(text), "%08d", i);
		put("file", text);
		assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
		if (!tree_changed())
			fail_msg("round %d: the same size and mtime, and no change seen", i);
	}
	assert_int_equal(umount(top), 0);
}

/* Marks the digest in the record: if the mark comes back, the file was not read. */
static void forge_record(bool is_whole)
{
	own_free char *path = fs_path("%s/record/osv.inputs", scratch);
	char digest[SHA256_HEX + 1];
	own_free char *text = NULL;
	struct err e = ERR_INIT;
	size_t len;

	assert_int_equal(fs_read(AT_FDCWD, path, 1 << 20, &text, &len, &e), 0);
	memset(text + strlen("hornero inputs 1\n") + 40, '0', SHA256_HEX);
	assert_int_equal(sha256_buffer(text, len - SHA256_HEX, digest, &e), 0);
	if (is_whole)
		memcpy(text + len - SHA256_HEX, digest, SHA256_HEX);
	assert_int_equal(fs_replace(AT_FDCWD, path, text, len, 0644, &e), 0);
}

/* Red without: is_same in file_content (the first); the digest at the record's end in load (the
 * last). */
static void an_unchanged_file_is_not_read_but_a_changed_one_is(void **state)
{
	own_free char *record = fs_path("%s/record/osv.inputs", scratch);
	own_free char *path = at("file");
	char real[SHA256_HEX + 1], now[SHA256_HEX + 1];
	static const char zeros[] =
		"0000000000000000000000000000000000000000000000000000000000000000";
	struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};

	(void)state;
	put("file", "content");
	utimensat(AT_FDCWD, path, times, 0);
	until_recorded(path);
	digest_of(path, real);
	forge_record(true);
	digest_of(path, now);
	assert_string_equal(now, zeros);
	/* The same size and mtime; the ctime alone is another. */
	put("file", "CONTENT");
	utimensat(AT_FDCWD, path, times, 0);
	digest_of(path, now);
	assert_string_not_equal(now, zeros);
	assert_string_not_equal(now, real);
	put("file", "content");
	until_recorded(path);
	digest_of(path, now);
	assert_string_equal(now, real);
	forge_record(false);
	digest_of(path, now);
	assert_string_equal(now, real);
	assert_int_equal(truncate(record, 100), 0);
	digest_of(path, now);
	assert_string_equal(now, real);
}

/* The digest of a file is that of its content, as for inputs of older versions. */
static void a_file_alone_is_its_content(void **state)
{
	own_free char *path = at("file"), *link = at("link");
	char digest[SHA256_HEX + 1], wanted[SHA256_HEX + 1];
	struct err e = ERR_INIT;

	(void)state;
	put("file", "content");
	assert_int_equal(symlink("file", link), 0);
	assert_int_equal(sha256_buffer("content", 7, wanted, &e), 0);
	digest_of(path, digest);
	assert_string_equal(digest, wanted);
	digest_of(link, digest);
	assert_string_equal(digest, wanted);
}

static void names_are_bytes(void **state)
{
	own_free char *one = at("a\nfile"), *two = at("a"), *odd = at("\xff\x01 '\"");
	own_free char *three = at("file");
	char first[SHA256_HEX + 1];

	(void)state;
	put("a\nfile", "x");
	(void)tree_changed();
	memcpy(first, last, sizeof(first));
	assert_int_equal(unlink(one), 0);
	put("a", "x");
	put("file", "x");
	assert_true(tree_changed());
	put("\xff\x01 '\"", "x");
	assert_true(tree_changed());
	unlink(two);
	unlink(three);
	unlink(odd);
	put("a\nfile", "x");
	assert_true(tree_changed());
	assert_string_equal(last, first);
}

/* Makes `levels` directories with names of 200 bytes, each in the one before. */
static void make_deep(int levels)
{
	own_free char *top = at("");
	char name[201];
	int dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	memset(name, 'n', 200);
	name[200] = '\0';
	for (int i = 0; i < levels; i++) {
		int next;

		assert_int_equal(mkdirat(dir, name, 0755), 0);
		next = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		close(dir);
		dir = next;
	}
	own_fd int file = openat(dir, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(file >= 0);
	close(dir);
}

static void paths_may_be_longer_than_path_max(void **state)
{
	(void)state;
	make_deep(100);
	assert_true(tree_changed());
	assert_false(tree_changed());
}

static void too_deep_a_tree_is_refused(void **state)
{
	own_free char *path = at("");
	char digest[SHA256_HEX + 1];
	struct err e = ERR_INIT;

	(void)state;
	make_deep(TREE_DEPTH_MAX + 1);
	assert_int_equal(try_digest(path, digest, &e), -1);
	assert_err(&e, ERR_OPERATOR, "it has more than 200 levels of directories");
}

/* Red without: S_ISREG in visit(). */
static void a_special_file_is_refused_by_name(void **state)
{
	own_free char *path = fs_path("%s/tree", scratch), *pipe = at("pipe");
	own_free char *message = fs_path("%s is a named pipe; only files, directories and symbolic "
					 "links are allowed", pipe);
	char digest[SHA256_HEX + 1];
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(mkfifo(pipe, 0644), 0);
	assert_int_equal(try_digest(path, digest, &e), -1);
	assert_err(&e, ERR_OPERATOR, message);
}

static void links_are_not_followed(void **state)
{
	own_free char *out = fs_path("%s/outside", scratch), *link = at("link"), *self = at("self");

	(void)state;
	assert_int_equal(mkdir(out, 0755), 0);
	assert_int_equal(symlink("../outside", link), 0);
	assert_int_equal(symlink(".", self), 0);
	(void)tree_changed();
	own_free char *file = fs_path("%s/file", out);

	write_file(file, "x");
	assert_false(tree_changed());
}

static void a_missing_tree_is_the_operators(void **state)
{
	own_free char *path = at("missing");
	char digest[SHA256_HEX + 1];
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(try_digest(path, digest, &e), -1);
	assert_int_equal(e.class, ERR_OPERATOR);
	assert_err_has(&e, "No such file or directory");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, scratch_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_change_gives_another_digest),
		TEST(a_change_in_the_same_tick_is_seen),
		TEST(an_unchanged_file_is_not_read_but_a_changed_one_is),
		TEST(a_file_alone_is_its_content),
		TEST(names_are_bytes),
		TEST(paths_may_be_longer_than_path_max),
		TEST(too_deep_a_tree_is_refused),
		TEST(a_special_file_is_refused_by_name),
		TEST(links_are_not_followed),
		TEST(a_missing_tree_is_the_operators),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
