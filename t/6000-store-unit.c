/* The store and the warm records: they find what they took, refuse what was changed, and trust
 * nothing that others wrote there. */
#include "t/lib/store-unit.h"

#include "store/nova.h"
#include "store/record.h"
#include "store/warm.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void taken_is_found(void **state)
{
	struct scratch *s = *state;
	struct manifest m = take(s, "some bytes", KEY1);
	struct manifest found;
	struct stat st;
	own_fd int fd = -1;

	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING1), m.made.digest);
	fd = store_open(s->store, m.made.digest, &found, &s->e);
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

	assert_string_equal(second.made.key, KEY1);
	assert_int_equal(second.ino, first.ino);
	assert_string_equal(found_by(s, KEY2, IMAGE, BINDING1), first.made.digest);
}

static void changed_file_is_refused_and_replaced(void **state)
{
	struct scratch *s = *state;
	struct manifest m = take(s, "some bytes", KEY1);
	own_free char *path = raw_of(s, m.made.digest);
	own_fd int fd = -1;
	struct stat st;

	assert_int_equal(chmod(path, 0644), 0); /* a change of ctime is enough */
	assert_int_equal(store_open(s->store, m.made.digest, &m, &s->e), -1);
	assert_non_null(strstr(s->e.msg, "time of change"));
	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING1), "");
	take(s, "some bytes", KEY1);
	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING1), m.made.digest);
	fd = store_open(s->store, m.made.digest, &m, &s->e);
	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	assert_int_equal(st.st_ino, m.ino);
}

/* Starts a process that takes content when the gate is closed. Returns its id. */
static pid_t begin_taker(struct scratch *s, const char *content, int number, const int gate[2])
{
	own_free char *path = fs_path("%s/stage/%d.raw", s->store, number);
	struct manifest m = manifest_of(content, KEY1);
	char byte;
	pid_t pid;

	assert_int_equal(fs_replace(AT_FDCWD, path, content, strlen(content), 0644, &s->e), 0);
	pid = fork();
	if (pid != 0)
		return pid;
	close(gate[1]);
	(void)!read(gate[0], &byte, 1);
	_exit(store_take(s->store, path, &m, &s->e) < 0);
}

/* Red without: take_turn() in store_take(). Then one has the manifest of the other. */
static void the_same_bytes_are_taken_once(void **state)
{
	struct scratch *s = *state;

	for (int round = 0; round < 100; round++) {
		own_free char *content = fs_path("round %d", round);
		struct manifest m = manifest_of(content, KEY1);
		own_fd int fd = -1;
		int gate[2], status;

		assert_int_equal(pipe(gate), 0);
		begin_taker(s, content, 1, gate);
		begin_taker(s, content, 2, gate);
		close(gate[1]);
		close(gate[0]);
		for (int i = 0; i < 2; i++) {
			assert_true(wait(&status) > 0);
			assert_int_equal(status, 0);
		}
		fd = store_open(s->store, m.made.digest, &m, &s->e);
		assert_true(fd >= 0);
	}
}

static void vanished_file_is_not_found(void **state)
{
	struct scratch *s = *state;
	struct manifest m = take(s, "some bytes", KEY1);
	own_free char *path = raw_of(s, m.made.digest);

	assert_int_equal(unlink(path), 0);
	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING1), "");
	assert_int_equal(store_open(s->store, m.made.digest, &m, &s->e), -1);
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

/* A manifest of an older version, without the later fields. */
static void older_manifests_are_read(void **state)
{
	struct scratch *s = *state;
	struct manifest m = take(s, "some bytes", KEY1);
	struct manifest known = m;
	own_free char *path = fs_path("%s/artifact/%s.json", s->store, m.made.digest);
	own_free char *text = NULL;
	char *at;
	size_t len;

	assert_int_equal(fs_read(AT_FDCWD, path, RECORD_MAX, &text, &len, &s->e), 0);
	at = strstr(text, ",\n  \"builder_file\"");
	assert_non_null(at);
	memcpy(at, "\n}\n", 4);
	assert_int_equal(fs_replace(AT_FDCWD, path, text, strlen(text), 0644, &s->e), 0);
	assert_string_equal(found_by(s, KEY1, IMAGE, BINDING1), m.made.digest);
	assert_int_equal(store_manifest(s->store, m.made.digest, &m, &s->e), 0);
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

/* Replaces `from` by `to` in the manifest of an artifact. Reading it must fail. */
static void spoil(struct scratch *s, const char *from, const char *to)
{
	struct manifest m = take(s, "some bytes", KEY1);
	own_free char *path = fs_path("%s/artifact/%s.json", s->store, m.made.digest);
	own_free char *text = NULL;
	own_free char *bad = NULL;
	char *at;
	size_t len;

	assert_int_equal(fs_read(AT_FDCWD, path, RECORD_MAX, &text, &len, &s->e), 0);
	at = strstr(text, from);
	assert_non_null(at);
	bad = fs_path("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	assert_int_equal(fs_replace(AT_FDCWD, path, bad, strlen(bad), 0644, &s->e), 0);
	if (store_manifest(s->store, m.made.digest, &m, &s->e) == 0)
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
	own_free char *from = fs_path("%s/artifact/%s.json", s->store, one.made.digest);
	own_free char *to = fs_path("%s/artifact/%s.json", s->store, two.made.digest);

	assert_int_equal(rename(from, to), 0);
	assert_int_equal(store_manifest(s->store, two.made.digest, &one, &s->e), -1);
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
	struct warm w = {.made.image = IMAGE,
			 .made.digest = KEY1,
			 .made.key = KEY2,
			 .made.builder = "make",
			 .made.job = 1,
			 .made.attempt = 1};
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
	struct warm w = {.made.image = "00000000-0000-4000-8000-000000000000",
			 .made.digest = KEY1,
			 .made.key = KEY2,
			 .name = OID,
			 .made.builder = "make"};
	own_free char *other = fs_path("%s/warm/%s.json", s->store, w.made.image);

	assert_int_equal(fs_replace(AT_FDCWD, path, "{", 1, 0644, &s->e), 0);
	assert_int_equal(warm_load(s->store, IMAGE, &w, &s->e), 0);
	assert_int_equal(warm_save(s->store, &w, &s->e), 0);
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(warm_load(s->store, IMAGE, &w, &s->e), 0);
	w.name[0] = 'X';
	assert_int_equal(warm_save(s->store, &w, &s->e), -1);
	assert_int_equal(s->e.class, ERR_US);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(taken_is_found),
		T(same_bytes_keep_the_older_manifest),
		T(changed_file_is_refused_and_replaced),
		T(the_same_bytes_are_taken_once),
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
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
