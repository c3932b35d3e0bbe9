/* queue-unit.h: a scratch queue for unit tests of db/. */
#ifndef HORNERO_T_LIB_QUEUE_UNIT_H
#define HORNERO_T_LIB_QUEUE_UNIT_H

#include "db/inner.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define COMMIT_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define COMMIT_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define DIGEST_1 "1111111111111111111111111111111111111111111111111111111111111111"
#define DIGEST_2 "2222222222222222222222222222222222222222222222222222222222222222"
#define IMAGE_1  "00000000-0000-4000-8000-000000000001"
#define IMAGE_2  "00000000-0000-4000-8000-000000000002"

struct scratch {
	char dir[256];
	struct db *db;
	struct err e;
};

#define assert_ok(s, call)                                                 \
	do {                                                               \
		if ((call) < 0) {                                          \
			print_error("%s: %s\n", #call, (s)->e.msg);        \
			fail();                                            \
		}                                                          \
	} while (0)

#define assert_refused(s, call, wanted_class, part)                                                \
	do {                                                                                       \
		(s)->e = (struct err)ERR_INIT;                                                     \
		assert_int_equal((call), -1);                                                      \
		if ((s)->e.class != (wanted_class) || !strstr((s)->e.msg, part)) {                 \
			print_error("%s: class %s, \"%s\"\n", #call, err_class_name((s)->e.class), \
				    (s)->e.msg);                                                   \
			fail();                                                                    \
		}                                                                                  \
	} while (0)

static inline struct db_queue queue_of(struct scratch *s)
{
	return (struct db_queue){.queue_dir = s->dir};
}

static inline int open_mode(struct scratch *s, struct db **db, enum db_mode mode)
{
	struct db_queue queue = queue_of(s);

	return db_open(db, &queue, mode, 300, &s->e);
}

static inline int scratch_make(void **state)
{
	struct scratch *s = calloc(1, sizeof(*s));
	const char *tmp = getenv("TMPDIR");

	assert_non_null(s);
	snprintf(s->dir, sizeof(s->dir), "%s/hornero-t.XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(s->dir));
	*state = s;
	return 0;
}

static inline int scratch_open(void **state)
{
	struct scratch *s;

	scratch_make(state);
	s = *state;
	assert_ok(s, open_mode(s, &s->db, DB_CREATE));
	return 0;
}

static inline int scratch_end(void **state)
{
	struct scratch *s = *state;

	db_close(s->db);
	assert_ok(s, fs_remove_tree(AT_FDCWD, s->dir, &s->e));
	free(s);
	return 0;
}

static inline struct job_wish wish_of(const char *image, const char *commit)
{
	return (struct job_wish){.image = image,
				 .repo = "hello",
				 .ref = "refs/heads/main",
				 .commit = commit,
				 .origin = "push",
				 .pushed_by = "alice"};
}

static inline struct job_receipt enqueue(struct scratch *s, const char *image, const char *commit)
{
	struct job_wish w = wish_of(image, commit);
	struct job_receipt r = {.id = 0};

	assert_ok(s, job_enqueue(s->db, &w, &r, &s->e));
	return r;
}

static inline int raw(struct scratch *s, const char *text)
{
	return sqlite3_exec(s->db->sql, text, NULL, NULL, NULL);
}

/* The first value of a query, 0 where there is none. */
static inline int64_t number_of(struct scratch *s, const char *text)
{
	own_statement sqlite3_stmt *q = NULL;

	assert_int_equal(sqlite3_prepare_v2(s->db->sql, text, -1, &q, NULL), SQLITE_OK);
	return sqlite3_step(q) == SQLITE_ROW ? sqlite3_column_int64(q, 0) : 0;
}

static inline void assert_state(struct scratch *s, int64_t id, enum job_state wanted)
{
	own_job struct job j = {.id = 0};

	assert_int_equal(job_get(s->db, id, &j, &s->e), 1);
	assert_string_equal(job_state_name(j.state), job_state_name(wanted));
}

static inline char *path_in(struct scratch *s, const char *name)
{
	return fs_path("%s/%s", s->dir, name);
}

static inline void remove_in(struct scratch *s, const char *name)
{
	own_free char *path = path_in(s, name);

	assert_int_equal(unlink(path), 0);
}

static inline void write_in(struct scratch *s, const char *name, const char *text)
{
	own_free char *path = path_in(s, name);
	own_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0660);

	assert_true(fd >= 0);
	assert_int_equal(fs_write_all(fd, text, strlen(text)), 0);
}

static inline int count_row(void *arg, const struct job *j)
{
	(void)j;
	++*(int *)arg;
	return 0;
}

#endif
