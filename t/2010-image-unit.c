/* Image files: read, written, set key by key; a broken file does not affect the others. */
#include "t/lib/conf-test.h"

#include "conf/image.h"

#include <sys/stat.h>

#define UUID "2b7e1516-28ae-4d2a-abf7-158809cf4f3c"

static void expect_refused(const char *text, const char *message)
{
	struct image img = {0};
	struct err e = ERR_INIT;

	if (image_parse("i.yaml", UUID, text, strlen(text), &img, &e) == 0)
		fail_msg("accepted: %s", text);
	assert_err(&e, ERR_OPERATOR, message);
	assert_null(img.repo);
}

static void defaults(void **state)
{
	own_image struct image img = {0};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(image_parse("i.yaml", UUID, "repo: a/b\n", 10, &img, &e), 0);
	assert_string_equal(img.uuid, UUID);
	assert_string_equal(img.repo, "a/b");
	assert_string_equal(img.ref, "refs/heads/main");
	assert_string_equal(img.subdir, "");
	assert_null(img.builder);
	assert_string_equal(img.name, "");
	assert_int_equal(img.in_use, IMAGE_IN_USE_DEFER);
	assert_false(img.broken);
}

static void refused_files(void **state)
{
	(void)state;
	expect_refused("",
		       "i.yaml:1:1: repo is missing; a repository's name, without .git is needed");
	expect_refused("ref: refs/heads/x\n",
		       "i.yaml:1:1: repo is missing; a repository's name, without .git is needed");
	expect_refused("repo: a\nref: main\n", "i.yaml:2:6: ref: \"main\": a whole ref is needed, "
					       "beginning with refs/heads/ or refs/tags/");
	expect_refused("repo: a\nsubdir: ../x\n",
		       "i.yaml:2:9: subdir: \"../x\": a relative path is allowed, without a slash "
		       "at its ends, \"//\", \".\", "
		       "\"..\" or \".git\"");
	expect_refused(
		"repo: a\nin_use: overwrite\n",
		"i.yaml:2:9: in_use is \"overwrite\"; defer, flatten or release-only is allowed");
	expect_refused("repo: a\nname: \"a\\nb\"\n",
		       "i.yaml:2:7: name is \"a\\x0ab\"; a text of at most 200 bytes is allowed");
	expect_refused(
		"repo: a\npinned: latest\n",
		"i.yaml:2:9: pinned: \"latest\" is not a release; a UUID in lower case is allowed");
	expect_refused("repo: a\nuntil_ref_leaves: main\n",
		       "i.yaml:2:19: until_ref_leaves: \"main\" is not a commit; 40 or 64 "
		       "hexadecimal digits are allowed");
	expect_refused(
		"repo: a\nbranch: x\n",
		"i.yaml:2:1: unknown setting \"branch\"; "
		"allowed: repo, ref, subdir, builder, expect, "
		"timeout, boot_memory, boot_machine, boot_bus, name, keep_warm, in_use, "
		"releases, glance_visibility, glance_project, glance_record, "
		"glance_stable, require_warm, on_warm, rebuild_failed, confirm, share, pinned, "
		"until_ref_leaves");
	expect_refused("repo: a\nrepo: b\n",
		       "i.yaml:2:1: duplicate key \"repo\"; it is already in line 1");
}

static void repository_names(void **state)
{
	static const char *const good[] = {"a", "apache-spark", "team/app", "a.b_c-d/E9"};
	static const char *const bad[] = {"",        "/a",      "a/",   "a//b", "..",   "../a",
					  "a/../b",  ".hidden", "a/.b", "-a",   "a/-b", "a.git",
					  "a.git/b", "a.lock",  "a b",  "a\nb", "a:b",  "\xc3\xa9"};
	struct err e = ERR_INIT;
	char longest[202];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[201] = '\0';
	assert_int_equal(image_check_repo(longest, &e), -1);
	longest[200] = '\0';
	assert_int_equal(image_check_repo(longest, &e), 0);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (image_check_repo(good[i], &e) < 0)
			fail_msg("%s", e.msg);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (image_check_repo(bad[i], &e) == 0)
			fail_msg("accepted %s", bad[i]);
	assert_int_equal(e.class, ERR_USAGE);
}

static void setting_keys(void **state)
{
	own_image struct image img = {0};
	struct err e = ERR_INIT;

	(void)state;
	/* Nova hashes the id exactly as Glance spells it. */
	assert_int_equal(image_init(&img, "2B7E1516-28AE-4D2A-ABF7-158809CF4F3C", &e), -1);
	assert_non_null(strstr(e.msg, "capital letters"));
	assert_non_null(strstr(e.msg, "use 2b7e1516-28ae-4d2a-abf7-158809cf4f3c"));
	e = (struct err)ERR_INIT;
	assert_int_equal(image_init(&img, "2b7e1516-28ae-4d2a-abf7-158809cf4f3c", &e), 0);
	assert_string_equal(img.uuid, UUID);
	assert_int_equal(image_set(&img, "repo", "spark", &e), 0);
	assert_int_equal(image_set(&img, "builder", "make", &e), 0);
	assert_int_equal(image_set(&img, "ref", "refs/tags/v1", &e), 0);
	assert_int_equal(image_set(&img, "ref", "master", &e), -1);
	assert_err(
		&e, ERR_USAGE,
		"ref: \"master\": a whole ref is needed, beginning with refs/heads/ or refs/tags/");
	assert_string_equal(img.ref, "refs/tags/v1");
	assert_int_equal(image_set(&img, "ref", "", &e), 0);
	assert_string_equal(img.ref, "refs/heads/main");
	assert_int_equal(image_set(&img, "builder", "", &e), 0);
	assert_null(img.builder);
	assert_int_equal(image_set(&img, "repo", "", &e), -1);
	assert_err(&e, ERR_USAGE,
		   "repo cannot be empty; a repository's name, without .git is needed");
	assert_int_equal(image_set(&img, "reff", "x", &e), -1);
	assert_err(&e, ERR_USAGE,
		   "unknown setting \"reff\"; did you mean ref; "
		   "allowed: repo, ref, subdir, builder, "
		   "expect, timeout, boot_memory, boot_machine, boot_bus, name, keep_warm, in_use, "
		   "releases, glance_visibility, glance_project, glance_record, "
		"glance_stable, require_warm, on_warm, rebuild_failed, confirm, share, pinned, "
		"until_ref_leaves");
	assert_int_equal(image_set(&img, "name", "caf\xe9", &e), -1);
	assert_err(&e, ERR_USAGE, "name is \"caf\\xe9\"; a text of at most 200 bytes is allowed");
	assert_int_equal(image_init(&img, "../../etc/passwd", &e), -1);
	assert_err(&e, ERR_USAGE,
		   "\"../../etc/passwd\" is not an image id; Glance's ids look like " UUID);
	assert_string_equal(img.repo, "spark");
}

static void same(const struct image *a, const struct image *b)
{
	assert_string_equal(a->uuid, b->uuid);
	assert_string_equal(a->repo, b->repo);
	assert_string_equal(a->ref, b->ref);
	assert_string_equal(a->subdir, b->subdir);
	assert_string_equal(a->builder ? a->builder : "", b->builder ? b->builder : "");
	assert_string_equal(a->name, b->name);
	assert_int_equal(a->in_use, b->in_use);
	assert_int_equal(a->releases, b->releases);
}

/* Names that YAML could read as another type come back unchanged. */
static void saved_and_loaded(void **state)
{
	static const char *const names[] = {"",
					    "Apache Spark",
					    "null",
					    "~",
					    "true",
					    "12",
					    "1e3",
					    "0x1f",
					    "- x",
					    "a: b",
					    "a #b",
					    "'",
					    "\"",
					    "\\n",
					    "caf\xc3\xa9 \xf0\x9f\x90\xa6",
					    "*x",
					    "&x",
					    "!x",
					    "%x",
					    "@x",
					    "`x`",
					    "{a}",
					    "[a]",
					    "|",
					    ">",
					    "? x",
					    " lead",
					    "trail ",
					    "---",
					    "...",
					    "<<",
					    "a,b",
					    "=",
					    "2026-11-23",
					    ":",
					    "#",
					    "- "};
	struct err e = ERR_INIT;
	struct stat st;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		own_image struct image img = {0}, back = {0};

		assert_int_equal(image_init(&img, UUID, &e), 0);
		assert_int_equal(image_set(&img, "repo", i % 2 ? "123" : "null", &e), 0);
		assert_int_equal(image_set(&img, "subdir", i % 3 ? "caf\xc3\xa9/- x" : "", &e), 0);
		assert_int_equal(image_set(&img, "builder", i % 4 ? "0" : "", &e), 0);
		assert_int_equal(image_set(&img, "name", names[i], &e), 0);
		if (image_save(*state, &img, &e) < 0 || image_load(*state, UUID, &back, &e) < 0)
			fail_msg("%s: %s", names[i], e.msg);
		same(&img, &back);
	}
	own_free char *path = fs_path("%s/%s.yaml", (char *)*state, UUID);

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0664);
}

static void the_file_is_tidy(void **state)
{
	own_image struct image img = {0};
	own_free char *path = fs_path("%s/%s.yaml", (char *)*state, UUID), *text = NULL;
	struct err e = ERR_INIT;
	size_t len;

	assert_int_equal(image_init(&img, UUID, &e), 0);
	assert_int_equal(image_save(*state, &img, &e), -1);
	assert_err(&e, ERR_USAGE, "image " UUID " has no repository; set repo");
	assert_int_equal(image_set(&img, "repo", "apache-spark", &e), 0);
	assert_int_equal(image_set(&img, "name", "Apache Spark: 3", &e), 0);
	assert_int_equal(image_save(*state, &img, &e), 0);
	assert_int_equal(fs_read(AT_FDCWD, path, 4096, &text, &len, &e), 0);
	assert_string_equal(text, "repo: apache-spark\nname: \"Apache Spark: 3\"\n");
	assert_int_equal(image_remove(*state, UUID, &e), 0);
	assert_int_equal(image_remove(*state, UUID, &e), -1);
	assert_int_equal(e.sys, ENOENT);
}

/* A file of the longest allowed values, each escaped fourfold or more, can be read back. */
static void the_longest_file(void **state)
{
	own_image struct image img = {0}, back = {0};
	struct err e = ERR_INIT;
	char text[1025];

	assert_int_equal(image_init(&img, UUID, &e), 0);
	memset(text, '\\', sizeof(text));
	text[200] = '\0';
	assert_int_equal(image_set(&img, "name", text, &e), 0);
	memset(text, '"', sizeof(text));
	text[1024] = '\0';
	assert_int_equal(image_set(&img, "subdir", text, &e), 0);
	memset(text, 'r', 200);
	text[200] = '\0';
	assert_int_equal(image_set(&img, "repo", text, &e), 0);
	if (image_save(*state, &img, &e) < 0 || image_load(*state, UUID, &back, &e) < 0)
		fail_msg("%s", e.msg);
	same(&img, &back);
}

#define RELEASE "6ba7b810-9dad-51d1-80b4-00c04fd430c8"
#define OID     "da39a3ee5e6b4b0d3255bfef95601890afd80709"
#define PLAIN   "pinned: \"" RELEASE "\"\nuntil_ref_leaves: " OID "\n"
#define PIN     "pinned: \"" RELEASE "\"\nuntil_ref_leaves: \"" OID "\"\n"

static void expect_file(const char *dir, const char *want)
{
	own_free char *path = fs_path("%s/" UUID ".yaml", dir), *text = NULL;
	struct err e = ERR_INIT;
	size_t len;

	assert_int_equal(fs_read(AT_FDCWD, path, 4096, &text, &len, &e), 0);
	assert_string_equal(text, want);
}

/* image_pin adds two lines, image_unpin removes them. The rest of the file stays as it was; if that
 * is impossible, it becomes what image_save writes. */
static void a_pin_comes_and_goes(void **state)
{
	static const struct {
		const char *before, *pinned, *after;
	} files[] = {
		{"# mine\nrepo:   a # yes\n", "# mine\nrepo:   a # yes\n" PIN,
		 "# mine\nrepo:   a # yes\n"},
		{"repo: a", "repo: a\n" PIN, "repo: a\n"},
		{"pinned: " UUID "\nrepo: a\n", "repo: a\n" PIN, "repo: a\n"},
		{"until_ref_leaves: " OID "\nname: x\npinned: " UUID "\n\nrepo: a\n",
		 "name: x\n\nrepo: a\n" PIN, "name: x\n\nrepo: a\n"},
		{"{repo: a, name: b}\n", "repo: a\nname: b\n" PLAIN, "repo: a\nname: b\n"},
		{"name: x\npinned:\n  " UUID "\nrepo: a\n", "repo: a\nname: x\n" PLAIN,
		 "repo: a\nname: x\n"},
		{"repo: a\n...\n", "repo: a\n" PLAIN, "repo: a\n"},
	};
	own_free char *path = fs_path("%s/" UUID ".yaml", (char *)*state);
	struct err e = ERR_INIT;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		own_image struct image img = {0};

		write_file(path, files[i].before);
		assert_int_equal(image_pin(*state, UUID, RELEASE, OID, &e), 0);
		expect_file(*state, files[i].pinned);
		assert_int_equal(image_load(*state, UUID, &img, &e), 0);
		assert_string_equal(image_pin_at(&img, OID), RELEASE);
		assert_null(image_pin_at(&img, "da39a3ee5e6b4b0d3255bfef95601890afd80700"));
		assert_int_equal(image_unpin(*state, &img, &e), 1);
		expect_file(*state, files[i].after);
		assert_int_equal(image_unpin(*state, &img, &e), 0);
	}
}

static void a_pin_is_taken_away_only_as_it_was_seen(void **state)
{
	own_free char *path = fs_path("%s/" UUID ".yaml", (char *)*state);
	own_image struct image seen = {0};
	struct err e = ERR_INIT;
	own_fd int lock = -1;

	write_file(path, "repo: a\n" PIN);
	assert_int_equal(image_load(*state, UUID, &seen, &e), 0);
	lock = images_lock(*state, 0, &e);
	assert_true(lock >= 0);
	assert_int_equal(images_lock(*state, 0, &e), -1);
	assert_err_has(&e, "another process is changing an image file");
	assert_int_equal(image_unpin(*state, &seen, &e), 0);
	close(steal_fd(&lock));
	write_file(path, "repo: a\npinned: " UUID "\nuntil_ref_leaves: " OID "\n");
	assert_int_equal(image_unpin(*state, &seen, &e), 0);
	write_file(path, "repo: a\npinned: " RELEASE "\n");
	assert_int_equal(image_unpin(*state, &seen, &e), 0);
	expect_file(*state, "repo: a\npinned: " RELEASE "\n");
	assert_int_equal(image_remove(*state, UUID, &e), 0);
	assert_int_equal(image_unpin(*state, &seen, &e), 0);
	assert_int_equal(image_pin(*state, UUID, RELEASE, OID, &e), -1);
	assert_int_equal(e.sys, ENOENT);
	assert_int_equal(access(path, F_OK), -1);
}

static void a_missing_file_says_how_to_add_it(void **state)
{
	own_image struct image img = {0};
	own_free char *want = fs_path("no image " UUID " (%s/" UUID
				      ".yaml is not there); add it with `hornero image add " UUID
				      " REPO`",
				      (char *)*state);
	struct err e = ERR_INIT;

	assert_int_equal(image_load(*state, UUID, &img, &e), -1);
	assert_err(&e, ERR_OPERATOR, want);
	assert_int_equal(e.sys, ENOENT);
}

static void a_broken_one_is_broken_alone(void **state)
{
	static const char *const files[][2] = {
		{"00000000-0000-4000-8000-000000000003.yaml", "repo: three\n"},
		{"00000000-0000-4000-8000-000000000001.yaml", "repo: one\n"},
		{"00000000-0000-4000-8000-000000000002.yaml", "repo: [\n"},
		{"00000000-0000-4000-8000-00000000000A.yaml", "repo: spelled\n"},
		{"README.yaml", "repo: no\n"},
		{".00000000-0000-4000-8000-000000000001.yaml.12.tmp", "repo: half\n"},
		{"00000000-0000-4000-8000-000000000001.yaml~", "repo: editor\n"},
	};
	struct image *list = NULL;
	struct err e = ERR_INIT;
	size_t n;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		own_free char *path = fs_path("%s/%s", (char *)*state, files[i][0]);

		write_file(path, files[i][1]);
	}
	own_free char *dir = fs_path("%s/00000000-0000-4000-8000-000000000004.yaml",
				     (char *)*state);
	own_free char *dangling = fs_path("%s/00000000-0000-4000-8000-000000000005.yaml",
					  (char *)*state);
	own_free char *want = fs_path("%s/00000000-0000-4000-8000-000000000002.yaml:2:1: not YAML: "
				      "while parsing a flow node, did "
				      "not find expected node content",
				      (char *)*state);

	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(symlink("nowhere", dangling), 0);
	assert_int_equal(images_load(*state, &list, &n, &e), 0);
	assert_int_equal(n, 5);
	assert_string_equal(list[0].repo, "one");
	assert_true(list[1].broken);
	assert_string_equal(list[1].uuid, "00000000-0000-4000-8000-000000000002");
	assert_err(&list[1].problem, ERR_OPERATOR, want);
	assert_null(list[1].repo);
	assert_string_equal(list[2].repo, "three");
	assert_true(list[3].broken);
	assert_err_has(&list[3].problem, "is not a regular file");
	assert_true(list[4].broken);
	assert_err_has(&list[4].problem, "00A.yaml has capital letters");
	assert_err_has(&list[4].problem, "rename it to 00000000-0000-4000-8000-00000000000a.yaml");
	images_free(list, n);
	assert_int_equal(images_load("/nonexistent", &list, &n, &e), -1);
	assert_int_equal(e.class, ERR_OPERATOR);
}

static void an_empty_directory(void **state)
{
	struct image *list = NULL;
	struct err e = ERR_INIT;
	size_t n = 7;

	assert_int_equal(images_load(*state, &list, &n, &e), 0);
	assert_int_equal(n, 0);
	images_free(list, n);
}

#define scratch_test(f) cmocka_unit_test_setup_teardown(f, scratch_make, scratch_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(refused_files),
		cmocka_unit_test(repository_names),
		cmocka_unit_test(setting_keys),
		scratch_test(saved_and_loaded),
		scratch_test(the_file_is_tidy),
		scratch_test(the_longest_file),
		scratch_test(a_pin_comes_and_goes),
		scratch_test(a_pin_is_taken_away_only_as_it_was_seen),
		scratch_test(a_missing_file_says_how_to_add_it),
		scratch_test(a_broken_one_is_broken_alone),
		scratch_test(an_empty_directory),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
