/* db: a database that is damaged, deleted while it is open, or of another program. Job numbers
 * survive all of this. */
#include "t/lib/queue-unit.h"

/* Expects an error that is nobody's fault, distinct from all others, and a report to the owner. */
#define assert_damaged(s, call, part)                                      \
	do {                                                               \
		assert_refused(s, call, ERR_NOBODY, part);                 \
		assert_non_null(strstr((s)->e.msg, "hornerod moves it aside")); \
		assert_int_equal((s)->e.sys, EUCLEAN);                     \
		assert_true(is_there(s, DB_REPORT));                       \
	} while (0)

static bool is_there(struct scratch *s, const char *name)
{
	own_free char *path = path_in(s, name);

	return access(path, F_OK) == 0;
}

static void not_a_database(void **state)
{
	struct scratch *s = *state;
	struct db *db = NULL;
	char text[8192];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	write_in(s, "queue.db", text);
	for (enum db_mode mode = DB_READ; mode <= DB_CREATE; mode++)
		assert_damaged(s, open_mode(s, &db, mode), "not a database");
	write_in(s, "queue.db", "");
	for (enum db_mode mode = DB_READ; mode <= DB_CREATE; mode++)
		assert_damaged(s, open_mode(s, &db, mode), "not a queue of hornero's");
	remove_in(s, "queue.db");
	assert_ok(s, open_mode(s, &s->db, DB_CREATE));
}

static void damaged(void **state)
{
	struct scratch *s = *state;
	own_free char *path = path_in(s, "queue.db");
	struct db *db = NULL;
	char junk[4096];
	own_fd int fd = -1;

	enqueue(s, IMAGE_1, COMMIT_A);
	sqlite3_wal_checkpoint_v2(s->db->sql, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	db_close(s->db);
	s->db = NULL;
	memset(junk, 0xee, sizeof(junk));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, junk, sizeof(junk) - 512, 512), (ssize_t)sizeof(junk) - 512);
	assert_damaged(s, open_mode(s, &db, DB_WRITE), "malformed");
}

static void damaged_row(void **state)
{
	struct scratch *s = *state;
	struct job j;
	int n = 0;

	enqueue(s, IMAGE_1, COMMIT_A);
	assert_int_equal(raw(s, "PRAGMA ignore_check_constraints = 1; UPDATE jobs SET image = "
				"'../../../etc/passwd'"),
			 SQLITE_OK);
	assert_refused(s, job_each(s->db, JOB_SCOPE_OPEN, count_row, &n, &s->e), ERR_NOBODY,
		       "row of job 1 is invalid");
	assert_refused(s, job_claim(s->db, 1, &(struct job_terms){.idle = false}, &j, &s->e),
		       ERR_NOBODY, "row of job 1 is invalid");
	assert_int_equal(raw(s, "UPDATE jobs SET image = '" IMAGE_1
				"', \"commit\" = '--upload-pack=/bin/sh'"),
			 SQLITE_OK);
	assert_damaged(s, job_get(s->db, 1, &j, &s->e), "row of job 1 is invalid");
	assert_int_equal(raw(s, "UPDATE jobs SET \"commit\" = '" COMMIT_A "'"), SQLITE_OK);
	sqlite3_limit(s->db->sql, SQLITE_LIMIT_LENGTH, 1 << 30);
	assert_int_equal(raw(s, "UPDATE jobs SET reason = hex(zeroblob(100000))"), SQLITE_OK);
	sqlite3_limit(s->db->sql, SQLITE_LIMIT_LENGTH, DB_ROW_MAX);
	assert_damaged(s, job_get(s->db, 1, &j, &s->e), "too big");
}

static void deleted_while_open(void **state)
{
	struct scratch *s = *state;
	struct db *hook = NULL, *reader = NULL;
	struct job_wish w = wish_of(IMAGE_2, COMMIT_A);
	struct job_receipt r;
	int64_t first = enqueue(s, IMAGE_1, COMMIT_A).id;
	int n = 0;

	assert_ok(s, open_mode(s, &hook, DB_WRITE));
	assert_ok(s, open_mode(s, &reader, DB_READ));
	remove_in(s, "queue.db");
	assert_refused(s, job_enqueue(hook, &w, &r, &s->e), ERR_NOBODY, "deleted or replaced");
	assert_refused(s, job_each(reader, JOB_SCOPE_ALL, count_row, &n, &s->e), ERR_NOBODY,
		       "deleted or replaced");
	assert_true(enqueue(s, IMAGE_1, COMMIT_A).id > first);
	assert_int_equal(number_of(s, "SELECT count(*) FROM jobs"), 1);
	/* Closing the old handles must not remove anything of the new database. */
	assert_refused(s, job_enqueue(hook, &w, &r, &s->e), ERR_NOBODY, "deleted or replaced");
	db_close(hook);
	db_close(reader);
	assert_ok(s, open_mode(s, &hook, DB_WRITE));
	assert_ok(s, job_enqueue(hook, &w, &r, &s->e));
	assert_ok(s, job_each(s->db, JOB_SCOPE_OPEN, count_row, &n, &s->e));
	assert_int_equal(n, 2);
	db_close(hook);
}

static void log_taken_away(void **state)
{
	struct scratch *s = *state;
	static const char *const names[] = {"queue.db-wal", "queue.db-shm"};
	int64_t last = enqueue(s, IMAGE_1, COMMIT_A).id;

	for (int i = 0; i < 2; i++) {
		int64_t id;

		remove_in(s, names[i]);
		id = enqueue(s, IMAGE_2, COMMIT_B).id;
		assert_true(id > last);
		last = id;
		assert_int_equal(number_of(s, "SELECT count(*) FROM jobs"), 1);
		assert_int_equal(number_of(s, "SELECT count(*) FROM pragma_integrity_check WHERE "
					      "integrity_check = 'ok'"),
				 1);
	}
}

static void everything_deleted_but_last_job(void **state)
{
	struct scratch *s = *state;
	int64_t last = 0;

	for (int round = 0; round < 4; round++) {
		for (int i = 0; i < 3; i++) {
			int64_t id = enqueue(s, IMAGE_1, i & 1 ? COMMIT_A : COMMIT_B).id;

			assert_true(id > last);
			last = id;
		}
		remove_in(s, "queue.db");
		remove_in(s, "queue.db-wal");
		remove_in(s, "queue.db-shm");
	}
}

static void whole_directory_replaced(void **state)
{
	struct scratch *s = *state;
	own_free char *away = fs_path("%s-away", s->dir);

	enqueue(s, IMAGE_1, COMMIT_A);
	assert_int_equal(rename(s->dir, away), 0);
	assert_int_equal(mkdir(s->dir, 0700), 0);
	enqueue(s, IMAGE_1, COMMIT_B);
	assert_int_equal(
		number_of(s, "SELECT count(*) FROM jobs WHERE \"commit\" = '" COMMIT_B "'"), 1);
	assert_int_equal(number_of(s, "SELECT count(*) FROM jobs"), 1);
	assert_ok(s, fs_remove_tree(AT_FDCWD, away, &s->e));
}

static void numbers_in_blocks(void **state)
{
	struct scratch *s = *state;
	own_free char *path = path_in(s, "last-job");

	for (int i = 1; i <= 101; i++) {
		own_free char *text = NULL;
		size_t len;

		assert_int_equal(enqueue(s, IMAGE_1, i & 1 ? COMMIT_A : COMMIT_B).id, i);
		assert_ok(s, fs_read(AT_FDCWD, path, 64, &text, &len, &s->e));
		assert_string_equal(text, i <= 100 ? "100\n" : "200\n");
	}
	/* If the number in the file is too high for the database, the database is an older copy. */
	write_in(s, "last-job", "5042\n");
	assert_int_equal(enqueue(s, IMAGE_2, COMMIT_A).id, 5101);
}

static void numbers_file_damaged_or_gone(void **state)
{
	struct scratch *s = *state;
	struct job_wish w = wish_of(IMAGE_1, COMMIT_A);
	struct job_receipt r;
	struct db *db = NULL;

	write_in(s, "last-job", "many\n");
	assert_ok(s, open_mode(s, &db, DB_WRITE));
	assert_refused(s, job_enqueue(db, &w, &r, &s->e), ERR_NOBODY, "is lost");
	db_close(db);
	db = NULL;
	assert_ok(s, job_enqueue(s->db, &w, &r, &s->e));
	assert_int_equal(r.id, 1);
	remove_in(s, "last-job");
	assert_ok(s, open_mode(s, &db, DB_CREATE));
	db_close(db);
	remove_in(s, "queue.db");
	assert_int_equal(enqueue(s, IMAGE_1, COMMIT_A).id, 101);
}

static int64_t seen_elsewhere(const void *arg)
{
	return *(const int64_t *)arg;
}

static int open_own(struct scratch *s, struct db **db, const int64_t *seen)
{
	struct db_queue queue = queue_of(s);

	queue.highest = seen_elsewhere;
	queue.highest_arg = seen;
	return db_open(db, &queue, DB_OWN, 2000, &s->e);
}

static int count_event(void *arg, const struct event *ev)
{
	*(int *)arg += strcmp(ev->event, "queue-damaged") == 0;
	return 0;
}

/* Expects `kept` damaged databases, one event, no report, no jobs, and a next job number above
 * `last`. */
static void assert_replaced(struct scratch *s, int kept, int64_t last)
{
	char newest[64];
	int events = 0;

	assert_int_equal(db_damaged_count(s->dir, newest), kept);
	assert_ok(s, event_each(s->db, 0, count_event, &events, &s->e));
	assert_int_equal(events, 1);
	assert_false(is_there(s, DB_REPORT));
	assert_false(is_there(s, DB_PLAN));
	assert_int_equal(number_of(s, "SELECT count(*) FROM jobs"), 0);
	assert_true(enqueue(s, IMAGE_1, COMMIT_A).id > last);
}

/* Red without: the call of aside_heal in open_or_create (nothing is moved), db_queue.highest (the
 * last round begins at 1), db_kept_prune (five are kept). */
static void owner_moves_it_aside_at_start(void **state)
{
	struct scratch *s = *state;
	int64_t seen = 0, last = 0;
	char text[8192];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (int round = 1; round <= 5; round++) {
		last = enqueue(s, IMAGE_1, COMMIT_B).id;
		db_close(s->db);
		s->db = NULL;
		write_in(s, "queue.db", round & 1 ? text : "");
		remove_in(s, "queue.db-wal"); /* it has a copy of the first page */
		if (round == 5)
			remove_in(s, "last-job");
		seen = last;
		assert_ok(s, open_own(s, &s->db, &seen));
		assert_replaced(s, round < 3 ? round : 3, last);
	}
}

/* Red without: look_at_pages (the database counts as sound), db_kept_take_logs (the new database
 * takes the old log). */
static void owner_moves_it_aside_while_open(void **state)
{
	struct scratch *s = *state;
	own_free char *path = path_in(s, "queue.db");
	struct job_wish w = wish_of(IMAGE_2, COMMIT_A);
	struct job_receipt r;
	int64_t seen = 0, generation, root, last = 0;
	struct db *hook = NULL;
	char junk[4096], newest[64];
	own_fd int fd = -1;

	db_close(s->db);
	assert_ok(s, open_own(s, &s->db, &seen));
	generation = db_generation(s->db);
	for (int i = 0; i < 150; i++)
		last = enqueue(s, IMAGE_1, i & 1 ? COMMIT_A : COMMIT_B).id;
	assert_int_equal(db_heal(s->db, &s->e), 0);
	/* A report on a sound database moves nothing. */
	db_report(s->dir);
	assert_int_equal(db_heal(s->db, &s->e), 0);
	assert_false(is_there(s, DB_REPORT));
	assert_int_equal(db_generation(s->db), generation);
	sqlite3_wal_checkpoint_v2(s->db->sql, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	memset(junk, 0xee, sizeof(junk));
	root = number_of(s, "SELECT rootpage FROM sqlite_master WHERE name = 'jobs_claim'");
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, junk, sizeof(junk), (root - 1) * 4096), (ssize_t)sizeof(junk));
	assert_ok(s, open_mode(s, &hook, DB_WRITE));
	assert_damaged(s, job_enqueue(hook, &w, &r, &s->e), "malformed");
	db_close(hook);
	assert_int_equal(db_heal(s->db, &s->e), 1);
	assert_true(db_generation(s->db) > generation);
	assert_replaced(s, 1, last);
	db_damaged_count(s->dir, newest);
	strcat(newest, "-wal");
	assert_true(is_there(s, newest));
}

/* Red without: look_at_schema; look_at_rows (the last case); db_report if SQLite finds no such
 * table; `db->sql ||` in open_or_create (a second connection, and the first one leaks). */
static void of_other_tables_or_rows(void **state)
{
	static const char *const harm[] = {
		"DROP TABLE publications",
		"PRAGMA application_id = 7",
		"PRAGMA user_version = 0",
		"PRAGMA ignore_check_constraints = 1; UPDATE jobs SET image = "
		"'------------------------------------'",
	};
	struct scratch *s = *state;
	int64_t seen = 0;

	for (size_t i = 0; i < sizeof(harm) / sizeof(harm[0]); i++) {
		int64_t last = enqueue(s, IMAGE_1, COMMIT_B).id;
		struct db *hook = NULL;

		assert_int_equal(raw(s, harm[i]), SQLITE_OK);
		db_close(s->db);
		s->db = NULL;
		db_report(s->dir); /* by the program that found the damage */
		assert_ok(s, open_own(s, &s->db, &seen));
		assert_int_equal(s->db->generation, 1);
		assert_replaced(s, i < 3 ? (int)i + 1 : 3, last);
		assert_ok(s, open_mode(s, &hook, DB_READ));
		db_close(hook);
	}
}

/* Red without: the comparison with last-job in sequence_next (numbers repeat after an older copy);
 * sequence_skip (numbers repeat after a lost log). */
static void numbers_of_an_older_copy(void **state)
{
	struct scratch *s = *state;
	int64_t seen = 0, last = enqueue(s, IMAGE_1, COMMIT_A).id;

	sqlite3_wal_checkpoint_v2(s->db->sql, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	for (int i = 0; i < 3; i++)
		last = enqueue(s, IMAGE_1, i & 1 ? COMMIT_A : COMMIT_B).id;
	db_close(s->db);
	s->db = NULL;
	remove_in(s, "queue.db-wal");
	assert_ok(s, open_own(s, &s->db, &seen));
	assert_true(enqueue(s, IMAGE_2, COMMIT_A).id > last);
	last = number_of(s, "SELECT seq FROM sqlite_sequence");
	write_in(s, "last-job", "900\n");
	assert_true(enqueue(s, IMAGE_2, COMMIT_B).id > 900);
}

int main(void)
{
#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, scratch_make, scratch_end)
#define IN_QUEUE(f) cmocka_unit_test_setup_teardown(f, scratch_open, scratch_end)
	const struct CMUnitTest tests[] = {
		IN_DIR(not_a_database),
		IN_QUEUE(damaged),
		IN_QUEUE(damaged_row),
		IN_QUEUE(deleted_while_open),
		IN_QUEUE(log_taken_away),
		IN_QUEUE(everything_deleted_but_last_job),
		IN_QUEUE(whole_directory_replaced),
		IN_QUEUE(numbers_in_blocks),
		IN_QUEUE(numbers_file_damaged_or_gone),
		IN_QUEUE(owner_moves_it_aside_at_start),
		IN_QUEUE(owner_moves_it_aside_while_open),
		IN_QUEUE(of_other_tables_or_rows),
		IN_QUEUE(numbers_of_an_older_copy),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
