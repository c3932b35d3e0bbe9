/* The store and the warm records: what is taken is found, what was changed is refused, and nothing
 * that somebody else wrote there is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/dirs.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/answer.h"
#include "store/nova.h"
#include "store/record.h"
#include "store/placed.h"
#include "store/release.h"
#include "store/store.h"
#include "store/warm.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define KEY1  "1111111111111111111111111111111111111111111111111111111111111111"
#define KEY2  "2222222222222222222222222222222222222222222222222222222222222222"
#define IMAGE "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
#define OTHER "00000000-0000-4000-8000-000000000000"
#define BINDING1 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define BINDING2 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define REPO  "shop/spark"
#define OID   "da39a3ee5e6b4b0d3255bfef95601890afd80709"

struct scratch {
	char dir[64];
	char *store;
	struct err e;
};

static int begin(void **state)
{
	struct scratch *s = calloc(1, sizeof(*s));

	snprintf(s->dir, sizeof(s->dir), "%s/hornero-t.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(s->dir));
	s->store = fs_path("%s/store", s->dir);
	assert_int_equal(store_init(s->store, &s->e), 0);
	*state = s;
	return 0;
}

static int end(void **state)
{
	struct scratch *s = *state;

	fs_remove_tree(AT_FDCWD, s->dir, &s->e);
	free(s->store);
	free(s);
	return 0;
}

static char *stage(const struct scratch *s, const char *content)
{
	char *path = fs_path("%s/stage/file", s->store);
	own_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fs_write_all(fd, content, strlen(content)), 0);
	return path;
}

static struct manifest manifest_of(const char *content, const char *key)
{
	struct manifest m = {.job = 42, .attempt = 1, .built_ms = 1700000000000, .tree = OID, .commit = OID,
			     .builder = "make", .image = IMAGE, .builder_file = KEY2, .toolchain = KEY1,
			     .architecture = "x86_64", .builder_version = "GNU Make 4.3; gcc (Debian) 12", .hornero_version = "0.1.0",
			     .isolation = "cgroup", .compile_core_limit = 10, .build_timeout_s = 1800, .check_ms = 7};
	struct err e;

	m.size_bytes = (int64_t)strlen(content);
	memcpy(m.key, key, sizeof(m.key));
	assert_int_equal(sha256_buffer(content, strlen(content), m.digest, &e), 0);
	return m;
}

static void give(struct scratch *s, const char *key, const char *digest, const char *built, const char *image, const char *binding)
{
	struct answer a = {.job = 42};

	snprintf(a.digest, sizeof(a.digest), "%s", digest);
	snprintf(a.built, sizeof(a.built), "%s", built);
	snprintf(a.binding, sizeof(a.binding), "%s", binding);
	if (answer_give(s->store, image, key, &a, &s->e) < 0)
		fail_msg("%s", s->e.msg);
}

static struct manifest take(struct scratch *s, const char *content, const char *key)
{
	own_free char *path = stage(s, content);
	struct manifest m = manifest_of(content, key);

	if (store_take(s->store, path, &m, &s->e) < 0)
		fail_msg("%s", s->e.msg);
	assert_int_equal(access(path, F_OK), -1);
	give(s, key, m.digest, ANSWER_CLEAN, IMAGE, BINDING1);
	return m;
}

/* What the key finds for an image of this binding: "" where it finds nothing. */
static const char *found_by(struct scratch *s, const char *key, const char *image, const char *binding)
{
	static struct answer a;
	const struct answer_who who = {image, binding};

	a = (struct answer){0};
	assert_true(answer_find(s->store, &who, key, &a, &s->e) >= 0);
	return a.digest;
}

static void taken_is_found(void **state)
{
	struct scratch *s = *state;
	struct manifest m = take(s, "some bytes", KEY1);
	struct manifest found;
	struct stat st;
	own_fd int fd = -1;

	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING1), m.digest);
	fd = store_open(s->store, m.digest, &found, &s->e);
	assert_true(fd >= 0);
	assert_memory_equal(&found, &m, sizeof(m));
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0444);
	assert_string_equal(found_by(s, KEY2, IMAGE, BINDING1), "");
}

static void same_bytes_keep_the_older_manifest(void **state)
{
	struct scratch *s = *state;
	struct manifest first = take(s, "some bytes", KEY1);
	struct manifest second = take(s, "some bytes", KEY2);

	assert_string_equal(second.key, KEY1);
	assert_int_equal(second.ino, first.ino);
	assert_string_equal(found_by(s, KEY2, IMAGE, BINDING1), first.digest);
}

static char *raw_of(const struct scratch *s, const char *digest)
{
	return fs_path("%s/artifact/%s.raw", s->store, digest);
}

static void take_other(struct scratch *s, const char *content, char digest[SHA256_HEX + 1])
{
	own_free char *path = stage(s, content);
	struct manifest m = manifest_of(content, KEY2);

	assert_int_equal(store_take(s->store, path, &m, &s->e), 0);
	memcpy(digest, m.digest, sizeof(m.digest));
}

/* Red without: load_own() being asked for in answer.c find(); where give_clean() is called for an incremental answer, too. */
static void an_incremental_answer_is_its_images_alone(void **state)
{
	struct scratch *s = *state;
	char digest[SHA256_HEX + 1];

	take_other(s, "leftovers decided these", digest);
	give(s, KEY1, digest, ANSWER_INCREMENTAL, IMAGE, BINDING1);
	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING1), digest);
	assert_string_equal(found_by(s, KEY1, OTHER, BINDING1), "");
	/* The UUID was bound to something else meanwhile. Red without: the comparison of bindings in find(). */
	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING2), "");
	assert_int_equal(answer_forget(s->store, IMAGE, &s->e), 0);
	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING1), "");
}

/* Red without: is_clean() being asked in answer_give(); and the order of find(). */
static void an_incremental_answer_replaces_no_clean_one(void **state)
{
	struct scratch *s = *state;
	struct manifest clean = take(s, "clean", KEY1);
	char digest[SHA256_HEX + 1];

	take_other(s, "leftovers decided these", digest);
	give(s, KEY1, digest, ANSWER_INCREMENTAL, IMAGE, BINDING1);
	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING1), clean.digest);
	assert_string_equal(found_by(s, KEY1, OTHER, BINDING2), clean.digest);
}

/* Red without: the look at what is there in give_clean(). */
static void the_first_clean_answer_stays_for_others(void **state)
{
	struct scratch *s = *state;
	struct manifest first = take(s, "at nine", KEY1);
	own_free char *path = raw_of(s, first.digest);
	char digest[SHA256_HEX + 1];

	take_other(s, "at ten", digest);
	give(s, KEY1, digest, ANSWER_CLEAN, OTHER, BINDING2);
	assert_string_equal(found_by(s, KEY1, OTHER, BINDING2), digest);
	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING1), first.digest);
	/* Where its artifact is gone it answers no more, and the next clean one does. */
	assert_int_equal(unlink(path), 0);
	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING1), "");
	give(s, KEY1, digest, ANSWER_CLEAN, OTHER, BINDING2);
	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING1), digest);
}

static void how_it_was_built_is_told(void **state)
{
	struct scratch *s = *state;
	struct answer a;
	char digest[SHA256_HEX + 1];

	take_other(s, "some", digest);
	give(s, KEY1, digest, ANSWER_INCREMENTAL, IMAGE, BINDING1);
	answer_describe(s->store, IMAGE, KEY1, digest, &a);
	assert_string_equal(a.built, ANSWER_INCREMENTAL);
	assert_int_equal(a.job, 42);
	answer_describe(s->store, OTHER, KEY1, digest, &a);
	assert_string_equal(a.built, "");
	/* A clean build of it gave the same bytes. */
	give(s, KEY1, digest, ANSWER_CONFIRMED, IMAGE, BINDING1);
	answer_describe(s->store, IMAGE, KEY1, digest, &a);
	assert_string_equal(a.built, ANSWER_CONFIRMED);
	answer_describe(s->store, OTHER, KEY1, digest, &a);
	assert_string_equal(a.built, ANSWER_CLEAN);
	assert_string_equal(found_by(s, KEY1, OTHER, BINDING2), digest);
}

/* What an earlier hornero left there was anybody's build. Red without: the new names in answer.c. */
static void keys_of_an_older_version_answer_to_nobody(void **state)
{
	struct scratch *s = *state;
	own_free char *dir = fs_path("%s/key", s->store);
	own_free char *path = fs_path("%s/%s", dir, KEY1);
	char digest[SHA256_HEX + 1], line[SHA256_HEX + 2];

	take_other(s, "some", digest);
	snprintf(line, sizeof(line), "%s\n", digest);
	assert_int_equal(fs_mkdir_p(dir, 0755, &s->e), 0);
	assert_int_equal(fs_replace(AT_FDCWD, path, line, strlen(line), 0644, &s->e), 0);
	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING1), "");
}

static void changed_file_is_refused_and_replaced(void **state)
{
	struct scratch *s = *state;
	struct manifest m = take(s, "some bytes", KEY1);
	own_free char *path = raw_of(s, m.digest);
	own_fd int fd = -1;
	struct stat st;

	assert_int_equal(chmod(path, 0644), 0); /* a change of ctime is enough */
	assert_int_equal(store_open(s->store, m.digest, &m, &s->e), -1);
	assert_non_null(strstr(s->e.msg, "time of change"));
	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING1), "");
	take(s, "some bytes", KEY1);
	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING1), m.digest);
	fd = store_open(s->store, m.digest, &m, &s->e);
	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	assert_int_equal(st.st_ino, m.ino);
}

static void vanished_file_is_not_found(void **state)
{
	struct scratch *s = *state;
	struct manifest m = take(s, "some bytes", KEY1);
	own_free char *path = raw_of(s, m.digest);

	assert_int_equal(unlink(path), 0);
	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING1), "");
	assert_int_equal(store_open(s->store, m.digest, &m, &s->e), -1);
	assert_int_equal(s->e.sys, ENOENT);
}

static void no_link_and_no_other_size_is_taken(void **state)
{
	struct scratch *s = *state;
	own_free char *path = stage(s, "some bytes");
	own_free char *twin = fs_path("%s/twin", s->dir);
	struct manifest m = manifest_of("some bytes", KEY1);

	m.size_bytes++;
	assert_int_equal(store_take(s->store, path, &m, &s->e), -1);
	m.size_bytes--;
	assert_int_equal(link(path, twin), 0);
	assert_int_equal(store_take(s->store, path, &m, &s->e), -1);
	assert_int_equal(rename(twin, path), 0);
	assert_int_equal(unlink(twin), 0);
	assert_int_equal(store_take(s->store, path, &m, &s->e), 0);
}

static void bad_names_reach_no_path(void **state)
{
	struct scratch *s = *state;
	const struct answer_who who = {IMAGE, BINDING1};
	struct answer a = {.digest = "short"};
	struct manifest m;
	struct warm w;

	assert_int_equal(answer_find(s->store, &who, "../../etc/passwd", &a, &s->e), -1);
	assert_int_equal(store_manifest(s->store, "../../etc/passwd", &m, &s->e), -1);
	assert_int_equal(answer_give(s->store, IMAGE, KEY1, &a, &s->e), -1);
	assert_int_equal(warm_load(s->store, "../x", &w, &s->e), -1);
	assert_int_equal(s->e.class, ERR_US);
}

static void no_manifest_says_enoent(void **state)
{
	struct scratch *s = *state;
	struct manifest m;

	assert_int_equal(store_manifest(s->store, KEY1, &m, &s->e), -1);
	assert_int_equal(s->e.class, ERR_NOBODY);
	assert_int_equal(s->e.sys, ENOENT);
}

/* A manifest as it was before: without the fields that came later. */
static void older_manifests_are_read(void **state)
{
	struct scratch *s = *state;
	struct manifest m = take(s, "some bytes", KEY1);
	struct manifest known = m;
	own_free char *path = fs_path("%s/artifact/%s.json", s->store, m.digest);
	own_free char *text = NULL;
	char *at;
	size_t len;

	assert_int_equal(fs_read(AT_FDCWD, path, RECORD_MAX, &text, &len, &s->e), 0);
	at = strstr(text, ",\n  \"builder_file\"");
	assert_non_null(at);
	memcpy(at, "\n}\n", 4);
	assert_int_equal(fs_replace(AT_FDCWD, path, text, strlen(text), 0644, &s->e), 0);
	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING1), m.digest);
	assert_int_equal(store_manifest(s->store, m.digest, &m, &s->e), 0);
	memset((char *)&known + offsetof(struct manifest, builder_file), 0,
	       sizeof(known) - offsetof(struct manifest, builder_file));
	assert_memory_equal(&m, &known, sizeof(m));
}

static void releases_and_root_disks(void **state)
{
	struct scratch *s = *state;
	char out[UUID_LEN + 1];

	assert_int_equal(nova_release(IMAGE, KEY1, out, &s->e), 0);
	assert_string_equal(out, "780f9a2b-68e5-57d0-bca5-5af6681e14c6");
	assert_int_equal(nova_root_gib(0), 0);
	assert_int_equal(nova_root_gib(1), 1);
	assert_int_equal(nova_root_gib((int64_t)1 << 30), 1);
	assert_int_equal(nova_root_gib(((int64_t)1 << 30) + 1), 2);
	assert_int_equal(nova_root_gib(INT64_MAX), (int64_t)1 << 33);
}

/* Replace `from` by `to` in the manifest of an artifact; what comes must be refused. */
static void spoil(struct scratch *s, const char *from, const char *to)
{
	struct manifest m = take(s, "some bytes", KEY1);
	own_free char *path = fs_path("%s/artifact/%s.json", s->store, m.digest);
	own_free char *text = NULL;
	own_free char *bad = NULL;
	char *at;
	size_t len;

	assert_int_equal(fs_read(AT_FDCWD, path, RECORD_MAX, &text, &len, &s->e), 0);
	at = strstr(text, from);
	assert_non_null(at);
	bad = fs_path("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	assert_int_equal(fs_replace(AT_FDCWD, path, bad, strlen(bad), 0644, &s->e), 0);
	if (store_manifest(s->store, m.digest, &m, &s->e) == 0)
		fail_msg("believed: %s", bad);
	assert_int_equal(s->e.class, ERR_OPERATOR);
	assert_int_equal(unlink(path), 0);
}

static void bad_manifests_are_refused(void **state)
{
	struct scratch *s = *state;

	spoil(s, "\"size_bytes\": 10", "\"size_bytes\": -10");
	spoil(s, "\"size_bytes\": 10", "\"size_bytes\": \"10\"");
	spoil(s, "\"size_bytes\": 10,", "");
	spoil(s, "\"size_bytes\": 10", "\"size_bytes\": 99999999999999999999999");
	spoil(s, "\"make\"", "\"../../bin/sh\"");
	spoil(s, "\"make\"", "\"a-name-that-is-longer-than-thirty-two-bytes\"");
	spoil(s, "\"make\"", "\"ma\\u0000ke\"");
	spoil(s, OID, "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709");
	spoil(s, KEY1, KEY1 "1");
	spoil(s, IMAGE, "6BA7B810-9dad-41d1-80b4-00c04fd430c8");
	spoil(s, "\"ino\": \"", "\"ino\": \"-");
	spoil(s, "\"ino\": \"", "\"ino\": \"9999999999999999999");
	spoil(s, "\"compile_core_limit\": 10", "\"compile_core_limit\": -1");
	spoil(s, "\"check_ms\": 7", "\"check_ms\": null");
	spoil(s, "\"cgroup\"", "\"c group\"");
	spoil(s, "GNU Make", "GNU\\u001b[2JMake");
	spoil(s, "GNU Make", "GNU\\nMake");
	spoil(s, "GNU Make", "GNU\xc2\x9bMake");
	spoil(s, "x86_64", "an architecture whose name is longer than any kernel's, which is 64");
	spoil(s, "\"toolchain\": \"1", "\"toolchain\": \"");
	spoil(s, "{", "[");
	spoil(s, "\"job\": 42", "\"job\": 42, \"job\": 43");
	spoil(s, "\"attempt\"", "\"digest\": \"" KEY2 "\", \"attempt\"");
}

static void a_manifest_of_another_is_refused(void **state)
{
	struct scratch *s = *state;
	struct manifest one = take(s, "some bytes", KEY1);
	struct manifest two = take(s, "other bytes", KEY2);
	own_free char *from = fs_path("%s/artifact/%s.json", s->store, one.digest);
	own_free char *to = fs_path("%s/artifact/%s.json", s->store, two.digest);

	assert_int_equal(rename(from, to), 0);
	assert_int_equal(store_manifest(s->store, two.digest, &one, &s->e), -1);
}

static void large_inodes_survive(void **state)
{
	static const struct record_field fields[] = {RECORD_FIELD(struct warm, ino, RECORD_INO)};
	struct scratch *s = *state;
	own_free char *path = fs_path("%s/ino.json", s->dir);
	struct warm w = {.ino = UINT64_MAX};
	struct warm back;

	assert_int_equal(record_save(path, fields, 1, &w, &s->e), 0);
	assert_int_equal(record_load(path, fields, 1, &back, sizeof(back), &s->e), 0);
	assert_true(back.ino == UINT64_MAX);
}

static void warm_states(void **state)
{
	struct scratch *s = *state;
	own_free char *cache = fs_path("%s/_base", s->dir);
	own_free char *base = NULL;
	struct warm w = {.image = IMAGE, .digest = KEY1, .key = KEY2, .builder = "make", .job = 1, .attempt = 1};
	struct warm found;
	enum warm_state st;
	struct stat file;

	assert_int_equal(nova_cache_name(IMAGE, w.name, &s->e), 0);
	assert_int_equal(mkdir(cache, 0755), 0);
	base = fs_path("%s/%s", cache, w.name);
	assert_int_equal(warm_look(s->store, cache, IMAGE, &found, &st, &s->e), 0);
	assert_int_equal(st, WARM_NONE);
	assert_int_equal(fs_replace(AT_FDCWD, base, "bytes", 5, 0644, &s->e), 0);
	assert_int_equal(stat(base, &file), 0);
	w.ino = file.st_ino;
	w.size_bytes = 5;
	assert_int_equal(warm_save(s->store, &w, &s->e), 0);
	assert_int_equal(warm_look(s->store, cache, IMAGE, &found, &st, &s->e), 0);
	assert_string_equal(warm_state_name(st), "warm");
	assert_memory_equal(&found, &w, sizeof(w));
	assert_int_equal(fs_replace(AT_FDCWD, base, "other", 5, 0644, &s->e), 0);
	assert_int_equal(warm_look(s->store, cache, IMAGE, &found, &st, &s->e), 0);
	assert_string_equal(warm_state_name(st), "foreign");
	assert_int_equal(unlink(base), 0);
	assert_int_equal(warm_look(s->store, cache, IMAGE, &found, &st, &s->e), 0);
	assert_string_equal(warm_state_name(st), "gone");
}

static void damaged_warm_record_is_none(void **state)
{
	struct scratch *s = *state;
	own_free char *path = fs_path("%s/warm/" IMAGE ".json", s->store);
	struct warm w = {.image = "00000000-0000-4000-8000-000000000000", .digest = KEY1, .key = KEY2,
			 .name = OID, .builder = "make"};
	own_free char *other = fs_path("%s/warm/%s.json", s->store, w.image);

	assert_int_equal(fs_replace(AT_FDCWD, path, "{", 1, 0644, &s->e), 0);
	assert_int_equal(warm_load(s->store, IMAGE, &w, &s->e), 0);
	assert_int_equal(warm_save(s->store, &w, &s->e), 0);
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(warm_load(s->store, IMAGE, &w, &s->e), 0);
	w.name[0] = 'X';
	assert_int_equal(warm_save(s->store, &w, &s->e), -1);
	assert_int_equal(s->e.class, ERR_US);
}

static void publish(struct scratch *s, const char *digest)
{
	struct warm w = {.image = IMAGE, .name = OID, .key = KEY2, .builder = "make"}, old;
	int had = warm_load(s->store, IMAGE, &old, &s->e);

	snprintf(w.digest, sizeof(w.digest), "%s", digest);
	warm_follow(&w, had == 1 ? &old : NULL);
	assert_int_equal(warm_save(s->store, &w, &s->e), 0);
}

static void expect_earlier(struct scratch *s, const char *digits)
{
	char digest[SHA256_HEX + 1];
	struct warm w;
	int i = 0;

	assert_int_equal(warm_load(s->store, IMAGE, &w, &s->e), 1);
	for (; warm_earlier(&w, i, digest); i++)
		assert_int_equal(digest[0], digits[i]);
	assert_int_equal(i, strlen(digits));
}

/* Newest first, each once, the eldest forgotten; the same bytes again are no change. */
static void what_was_warm_before_is_remembered(void **state)
{
	struct scratch *s = *state;
	char digest[SHA256_HEX + 1];

	for (const char *c = "0123"; *c; c++) {
		memset(digest, *c, SHA256_HEX);
		digest[SHA256_HEX] = '\0';
		publish(s, digest);
		publish(s, digest);
	}
	expect_earlier(s, "210");
	publish(s, KEY1);
	expect_earlier(s, "320");
	for (const char *c = "456789ab"; *c; c++) {
		memset(digest, *c, SHA256_HEX);
		publish(s, digest);
	}
	expect_earlier(s, "a9876541");
}

/* A record that somebody wrote into, and one of an older hornero. */
static void a_history_that_makes_no_sense_ends_there(void **state)
{
	struct scratch *s = *state;
	struct warm w = {.image = IMAGE, .name = OID, .digest = KEY1, .key = KEY2, .builder = "make"};
	char digest[SHA256_HEX + 1];

	assert_false(warm_earlier(&w, 0, digest));
	snprintf(w.earlier, sizeof(w.earlier), "%s %s", KEY2, "../../../etc/passwd");
	assert_true(warm_earlier(&w, 0, digest));
	assert_false(warm_earlier(&w, 1, digest));
	assert_false(warm_earlier(&w, -1, digest));
	assert_false(warm_earlier(&w, WARM_EARLIER, digest));
	assert_int_equal(warm_save(s->store, &w, &s->e), 0);
	expect_earlier(s, "2");
}

static void take_built(struct scratch *s, const char *content, int64_t built_ms, char digest[SHA256_HEX + 1])
{
	own_free char *path = stage(s, content);
	struct manifest m = manifest_of(content, KEY1);

	m.built_ms = built_ms;
	if (store_take(s->store, path, &m, &s->e) < 0)
		fail_msg("%s", s->e.msg);
	memcpy(digest, m.digest, sizeof(m.digest));
}

static void the_release_before_is_one_that_is_there(void **state)
{
	struct scratch *s = *state;
	static const char *const content[] = {"one", "two", "three"};
	char current[SHA256_HEX + 1], previous[SHA256_HEX + 1], digests[3][SHA256_HEX + 1], release[UUID_LEN + 1];
	struct release *list = NULL, one;
	size_t n;

	assert_int_equal(release_needed(s->store, IMAGE, current, previous, &s->e), 0);
	assert_string_equal(current, "");
	assert_string_equal(previous, "");
	for (int i = 0; i < 3; i++) {
		take_built(s, content[i], i + 1, digests[i]);
		publish(s, digests[i]);
	}
	assert_int_equal(release_needed(s->store, IMAGE, current, previous, &s->e), 0);
	assert_string_equal(current, digests[2]);
	assert_string_equal(previous, digests[1]);
	assert_int_equal(release_list(s->store, IMAGE, REPO, &list, &n, &s->e), 0);
	assert_int_equal(n, 3);
	assert_string_equal(list[0].digest, digests[2]);
	assert_true(list[0].current && !list[0].previous && list[1].previous && !list[2].previous);
	free(list);
	assert_int_equal(nova_release(IMAGE, digests[1], release, &s->e), 0);
	assert_int_equal(release_get(s->store, IMAGE, REPO, release, &one, &s->e), 1);
	assert_string_equal(one.digest, digests[1]);
	assert_true(one.previous);
	/* Under another image these bytes have a name, too; but they were never its own. */
	assert_int_equal(nova_release("00000000-0000-4000-8000-000000000000", digests[1], release, &s->e), 0);
	assert_int_equal(release_find(s->store, "00000000-0000-4000-8000-000000000000", REPO, release, current, &s->e), 0);
	assert_int_equal(nova_release(IMAGE, digests[1], release, &s->e), 0);
	/* A collector, or a person, has taken it. */
	own_free char *manifest = fs_path("%s/artifact/%s.json", s->store, digests[1]);

	assert_int_equal(unlink(manifest), 0);
	assert_int_equal(release_get(s->store, IMAGE, REPO, release, &one, &s->e), 0);
	assert_int_equal(release_needed(s->store, IMAGE, current, previous, &s->e), 0);
	assert_string_equal(previous, digests[0]);
}

/* One push after the other was published as a release alone, since an instance stands on the image's own name. */
static void a_release_that_is_published_alone_is_what_was_before(void **state)
{
	struct scratch *s = *state;
	static const char *const content[] = {"one", "two", "three"};
	char current[SHA256_HEX + 1], previous[SHA256_HEX + 1], digests[3][SHA256_HEX + 1];
	struct warm old, w;

	for (int i = 0; i < 3; i++)
		take_built(s, content[i], i + 1, digests[i]);
	publish(s, digests[0]);
	for (int i = 1; i < 3; i++) {
		assert_int_equal(release_newest(s->store, IMAGE, &old, &s->e), 0);
		assert_string_equal(old.digest, digests[i - 1]);
		w = old;
		w.job = old.job + 1;
		memcpy(w.digest, digests[i], sizeof(w.digest));
		warm_follow(&w, &old);
		assert_int_equal(placed_save(s->store, &w, &s->e), 0);
	}
	assert_int_equal(release_needed(s->store, IMAGE, current, previous, &s->e), 0);
	assert_string_equal(current, digests[2]);
	assert_string_equal(previous, digests[1]);
	/* One whose name is taken was never published. */
	w.job++;
	w.refused = 1;
	memcpy(w.digest, KEY1, sizeof(w.digest));
	assert_int_equal(placed_save(s->store, &w, &s->e), 0);
	assert_int_equal(release_needed(s->store, IMAGE, current, previous, &s->e), 0);
	assert_string_equal(current, digests[2]);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(taken_is_found),
		T(same_bytes_keep_the_older_manifest),
		T(an_incremental_answer_is_its_images_alone),
		T(an_incremental_answer_replaces_no_clean_one),
		T(the_first_clean_answer_stays_for_others),
		T(how_it_was_built_is_told),
		T(keys_of_an_older_version_answer_to_nobody),
		T(changed_file_is_refused_and_replaced),
		T(vanished_file_is_not_found),
		T(no_link_and_no_other_size_is_taken),
		T(bad_names_reach_no_path),
		T(no_manifest_says_enoent),
		T(older_manifests_are_read),
		T(releases_and_root_disks),
		T(bad_manifests_are_refused),
		T(a_manifest_of_another_is_refused),
		T(large_inodes_survive),
		T(warm_states),
		T(damaged_warm_record_is_none),
		T(what_was_warm_before_is_remembered),
		T(a_history_that_makes_no_sense_ends_there),
		T(the_release_before_is_one_that_is_there),
		T(a_release_that_is_published_alone_is_what_was_before),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
