/* store-unit.h: a scratch store, and artifacts in it, for unit tests of store/. */
#ifndef HORNERO_T_LIB_STORE_UNIT_H
#define HORNERO_T_LIB_STORE_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/dirs.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/answer.h"
#include "store/store.h"

#include <fcntl.h>
#include <string.h>

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

static inline int begin(void **state)
{
	struct scratch *s = calloc(1, sizeof(*s));

	snprintf(s->dir, sizeof(s->dir), "%s/hornero-t.XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(s->dir));
	s->store = fs_path("%s/store", s->dir);
	assert_int_equal(store_init(s->store, &s->e), 0);
	*state = s;
	return 0;
}

static inline int end(void **state)
{
	struct scratch *s = *state;

	fs_remove_tree(AT_FDCWD, s->dir, &s->e);
	free(s->store);
	free(s);
	return 0;
}

static inline char *stage(const struct scratch *s, const char *content)
{
	char *path = fs_path("%s/stage/file", s->store);
	own_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fs_write_all(fd, content, strlen(content)), 0);
	return path;
}

static inline struct manifest manifest_of(const char *content, const char *key)
{
	struct manifest m = {.made.job = 42,
			     .made.attempt = 1,
			     .built_ms = 1700000000000,
			     .made.tree = OID,
			     .made.commit = OID,
			     .made.builder = "make",
			     .made.image = IMAGE,
			     .builder_file = KEY2,
			     .toolchain = KEY1,
			     .architecture = "x86_64",
			     .builder_version = "GNU Make 4.3; gcc (Debian) 12",
			     .hornero_version = "0.1.0",
			     .isolation = "cgroup",
			     .compile_core_limit = 10,
			     .build_timeout_s = 1800,
			     .check_ms = 7};
	struct err e;

	m.size_bytes = (int64_t)strlen(content);
	memcpy(m.made.key, key, sizeof(m.made.key));
	assert_int_equal(sha256_buffer(content, strlen(content), m.made.digest, &e), 0);
	return m;
}

static inline void give(struct scratch *s, const char *key, const char *digest, const char *built,
			const char *image, const char *binding)
{
	struct answer a = {.job = 42};

	snprintf(a.digest, sizeof(a.digest), "%s", digest);
	snprintf(a.built, sizeof(a.built), "%s", built);
	snprintf(a.binding, sizeof(a.binding), "%s", binding);
	if (answer_give(s->store, image, key, &a, &s->e) < 0)
		fail_msg("%s", s->e.msg);
}

static inline struct manifest take(struct scratch *s, const char *content, const char *key)
{
	own_free char *path = stage(s, content);
	struct manifest m = manifest_of(content, key);

	if (store_take(s->store, path, &m, &s->e) < 0)
		fail_msg("%s", s->e.msg);
	assert_int_equal(access(path, F_OK), -1);
	give(s, key, m.made.digest, ANSWER_CLEAN, IMAGE, BINDING1);
	return m;
}

/* Returns what the key finds for an image of this binding, "" if nothing. */
static inline const char *found_by(struct scratch *s, const char *key, const char *image,
				   const char *binding)
{
	static struct answer a;
	const struct answer_who who = {image, binding};

	a = (struct answer){0};
	assert_true(answer_find(s->store, &who, key, &a, &s->e) >= 0);
	return a.digest;
}

static inline char *raw_of(const struct scratch *s, const char *digest)
{
	return fs_path("%s/artifact/%s.raw", s->store, digest);
}

static inline void take_other(struct scratch *s, const char *content, char digest[SHA256_HEX + 1])
{
	own_free char *path = stage(s, content);
	struct manifest m = manifest_of(content, KEY2);

	assert_int_equal(store_take(s->store, path, &m, &s->e), 0);
	memcpy(digest, m.made.digest, sizeof(m.made.digest));
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)

#endif
