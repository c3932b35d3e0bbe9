/* db: the file itself: made, missing, deleted under us, of another version, damaged, busy; and job
 * numbers. */
#include "t/lib/queue-unit.h"

#include <sys/file.h>
#include <sys/wait.h>

static void assert_mode(struct scratch *s, const char *name, mode_t mode)
{
	own_free char *path = path_in(s, name);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

static void made_under_any_umask(void **state)
{
	struct scratch *s = *state;
	mode_t before = umask(0777);

	assert_ok(s, open_mode(s, &s->db, DB_CREATE));
	enqueue(s, IMAGE_1, COMMIT_A);
	umask(before);
	assert_mode(s, "queue.db", 0660);
	assert_mode(s, "queue.db-wal", 0660);
	assert_mode(s, "queue.db-shm", 0660);
	assert_mode(s, "last-job", 0660);
	assert_int_equal(number_of(s, "PRAGMA user_version"), db_newest_version());
	assert_int_equal(number_of(s, "PRAGMA synchronous"), 2);
	assert_int_equal(number_of(s, "PRAGMA foreign_keys"), 1);
	assert_int_equal(number_of(s, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
	assert_int_equal(
		number_of(
			s,
			"SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"),
		1);
	assert_int_equal(number_of(s, "SELECT count(*) FROM pragma_table_list WHERE schema = "
				      "'main' AND type = 'table' "
				      "AND name NOT LIKE 'sqlite%' AND NOT strict"),
			 0);
}

static void missing_is_nobodys_fault(void **state)
{
	struct scratch *s = *state;
	struct db *db = NULL;
	char dir[sizeof(s->dir)];

	assert_refused(s, open_mode(s, &db, DB_WRITE), ERR_NOBODY, "there is no");
	assert_int_equal(s->e.sys, ENOENT);
	assert_refused(s, open_mode(s, &db, DB_READ), ERR_NOBODY, "there is no");
	memcpy(dir, s->dir, sizeof(dir));
	strcat(s->dir, "-not");
	assert_refused(s, open_mode(s, &db, DB_WRITE), ERR_NOBODY, "hornero init");
	assert_refused(s, open_mode(s, &db, DB_CREATE), ERR_OPERATOR, "hornero init");
	memcpy(s->dir, dir, sizeof(dir));
	assert_null(db);
}

/* A queue as version 1 left it, with a job in it. */
static void of_an_older_version(void **state)
{
	struct scratch *s = *state;

	enqueue(s, IMAGE_1, COMMIT_A);
	assert_int_equal(raw(s,
			     "ALTER TABLE attempts DROP COLUMN boot_ms; ALTER TABLE jobs DROP "
			     "COLUMN how_built; "
			     "ALTER TABLE jobs DROP COLUMN waiting_kind; PRAGMA user_version = 1"),
			 SQLITE_OK);
	db_close(s->db);
	s->db = NULL;
	assert_ok(s, open_mode(s, &s->db, DB_CREATE));
	assert_int_equal(number_of(s, "PRAGMA user_version"), db_newest_version());
	assert_int_equal(number_of(s, "SELECT count(*) FROM jobs"), 1);
	assert_int_equal(number_of(s, "SELECT count(boot_ms) FROM attempts"), 0);
	assert_int_equal(number_of(s, "SELECT count(how_built) FROM jobs"), 0);
}

/* A row that waits gets its kind by its text. Red without the UPDATE of version 4 in db/schema.sql.
 */
static void waits_of_an_older_version(void **state)
{
	static const struct {
		const char *text;
		enum waiting kind;
	} rows[] = {
		{"Nova''s lock nova-01 (held by process 7)", WAITING_LOCK},
		{"flattening instance one: 3 %", WAITING_FLATTENING},
		{"tried again by itself: no such disk", WAITING_RETRY},
		{"disk: 1 GiB free on /", WAITING_DISK},
		{"instance one stands on the present bytes", WAITING_INSTANCE},
		{"a file that hornero did not put there", WAITING_UNKNOWN},
	};
	struct scratch *s = *state;

	enqueue(s, IMAGE_1, COMMIT_A);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		own_free char *set = fs_path(
			"ALTER TABLE jobs DROP COLUMN waiting_kind; UPDATE jobs SET state = "
			"'built', attempt = 1, "
			"digest = printf('%%064d', 0), waiting_for = '%s'; PRAGMA user_version = 3",
			rows[i].text);
		own_job struct job j = {.id = 0};

		assert_int_equal(raw(s, set), SQLITE_OK);
		db_close(s->db);
		s->db = NULL;
		assert_ok(s, open_mode(s, &s->db, DB_CREATE));
		assert_int_equal(job_get(s->db, 1, &j, &s->e), 1);
		assert_int_equal(job_waits(&j), rows[i].kind);
	}
}

static void unknown_version(void **state)
{
	struct scratch *s = *state;
	struct db *db = NULL;

	assert_int_equal(raw(s, "PRAGMA user_version = 99"), SQLITE_OK);
	for (enum db_mode mode = DB_READ; mode <= DB_CREATE; mode++)
		assert_refused(s, open_mode(s, &db, mode), ERR_OPERATOR, "of version 99");
}

/* Nobody's fault, told apart from all else, and reported to the owner. */
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

static int count_row(void *arg, const struct job *j)
{
	(void)j;
	++*(int *)arg;
	return 0;
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
	assert_refused(s, job_claim(s->db, 1, false, NULL, NULL, &j, &s->e), ERR_NOBODY,
		       "row of job 1 is invalid");
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
	/* The old handles must not take anything from the new database when they go. */
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
	/* The file counts where it says more than the database can know: this one is an older copy.
	 */
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
	struct db_place place = place_of(s);

	place.highest = seen_elsewhere;
	place.highest_arg = seen;
	return db_open(db, &place, DB_OWN, 2000, &s->e);
}

static int count_event(void *arg, const struct event *ev)
{
	*(int *)arg += strcmp(ev->event, "queue-damaged") == 0;
	return 0;
}

/* One is kept, one event tells of it, no report is left, and what was queued has another number
 * than before. */
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

/* Red without: the call of aside_heal in open_or_create (nothing is moved), the highest number of
 * db_place (the last round begins at 1), prune (five are kept). */
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
		remove_in(s, "queue.db-wal"); /* or it has the first page, too */
		if (round == 5)
			remove_in(s, "last-job");
		seen = last;
		assert_ok(s, open_own(s, &s->db, &seen));
		assert_replaced(s, round < 3 ? round : 3, last);
	}
}

/* Red without: look_at_pages (it is called sound), move_logs (the new one takes the old log). */
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
	/* A report alone moves nothing. */
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

/* Red without: look_at_schema; look_at_rows (the last one); db_report where SQLite says that there
 * is no such table; `db->sql ||` in open_or_create (a second connection, and the first one leaks).
 */
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
		db_report(s->dir); /* by whoever met it */
		assert_ok(s, open_own(s, &s->db, &seen));
		assert_int_equal(s->db->generation, 1);
		assert_replaced(s, i < 3 ? (int)i + 1 : 3, last);
		assert_ok(s, open_mode(s, &hook, DB_READ));
		db_close(hook);
	}
}

/* Red without: the comparison with last-job in sequence_next (a copy repeats numbers);
 * sequence_skip (a lost log does). */
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

static void ticket_is_waited_for_but_not_for_ever(void **state)
{
	struct scratch *s = *state;
	struct job_wish w = wish_of(IMAGE_1, COMMIT_A);
	struct job_receipt r;
	struct db *other = NULL;
	int n = 0;
	own_fd int held = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(flock(held, LOCK_EX), 0);
	assert_refused(s, job_enqueue(s->db, &w, &r, &s->e), ERR_NOBODY, "is busy");
	/* Looking needs no ticket, nor does opening. */
	assert_ok(s, open_mode(s, &other, DB_CREATE));
	assert_ok(s, job_each(other, JOB_SCOPE_ALL, count_row, &n, &s->e));
	db_close(other);
	assert_int_equal(flock(held, LOCK_UN), 0);
	assert_ok(s, job_enqueue(s->db, &w, &r, &s->e));
}

/* A person with sqlite3 in a transaction takes no ticket. */
static void sqlite_lock_is_waited_for_as_well(void **state)
{
	struct scratch *s = *state;
	struct job_wish w = wish_of(IMAGE_1, COMMIT_A);
	struct job_receipt r;
	struct db *other = NULL;

	assert_ok(s, open_mode(s, &other, DB_WRITE));
	assert_int_equal(sqlite3_exec(other->sql, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_refused(s, job_enqueue(s->db, &w, &r, &s->e), ERR_NOBODY, "locked");
	assert_int_equal(sqlite3_exec(other->sql, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	assert_ok(s, job_enqueue(s->db, &w, &r, &s->e));
	db_close(other);
}

static void reading_handles_do_not_write(void **state)
{
	struct scratch *s = *state;
	struct job_wish w = wish_of(IMAGE_1, COMMIT_A);
	struct job_receipt r;
	struct db *reader = NULL;

	assert_ok(s, open_mode(s, &reader, DB_READ));
	assert_refused(s, job_enqueue(reader, &w, &r, &s->e), ERR_US, "opened for reading");
	assert_int_equal(sqlite3_exec(reader->sql, "DELETE FROM attempts", NULL, NULL, NULL) & 0xff,
			 SQLITE_READONLY);
	db_close(reader);
}

static int write_inside(void *arg, const struct job *j)
{
	struct scratch *s = arg;
	struct job_wish w = wish_of(IMAGE_2, COMMIT_A);
	struct job_receipt r;
	struct job other;
	int n = 0;

	assert_int_equal(job_get(s->db, j->id, &other, &s->e), 1);
	job_fini(&other);
	assert_ok(s, job_each(s->db, JOB_SCOPE_OPEN, count_row, &n, &s->e));
	assert_int_equal(n, 1);
	assert_refused(s, job_enqueue(s->db, &w, &r, &s->e), ERR_US, "inside a listing");
	return 0;
}

static void a_handle_stays_with_its_process(void **state)
{
	struct scratch *s = *state;
	int status = -1;
	pid_t child;

	enqueue(s, IMAGE_1, COMMIT_A);
	child = fork();
	if (child == 0) {
		own_job struct job j = {.id = 0};
		struct err e = ERR_INIT;

		_exit(job_get(s->db, 1, &j, &e) == -1 && e.class == ERR_US ? 0 : 1);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_state(s, 1, JOB_QUEUED);
}

static void listings_nest(void **state)
{
	struct scratch *s = *state;

	enqueue(s, IMAGE_1, COMMIT_A);
	assert_ok(s, job_each(s->db, JOB_SCOPE_OPEN, write_inside, s, &s->e));
	enqueue(s, IMAGE_2, COMMIT_A);
}

/* Closing leaves the log: no hook pays for a checkpoint, none deletes another database's log. */
static void closing_does_not_checkpoint(void **state)
{
	struct scratch *s = *state;
	own_free char *path = path_in(s, "queue.db-wal");
	struct stat st;

	enqueue(s, IMAGE_1, COMMIT_A);
	db_close(s->db);
	s->db = NULL;
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > 0);
	assert_ok(s, open_mode(s, &s->db, DB_READ));
	assert_state(s, 1, JOB_QUEUED);
}

int main(void)
{
#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, scratch_make, scratch_end)
#define IN_QUEUE(f) cmocka_unit_test_setup_teardown(f, scratch_open, scratch_end)
	const struct CMUnitTest tests[] = {
		IN_DIR(made_under_any_umask),
		IN_DIR(missing_is_nobodys_fault),
		IN_QUEUE(of_an_older_version),
		IN_QUEUE(waits_of_an_older_version),
		IN_QUEUE(unknown_version),
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
		IN_QUEUE(ticket_is_waited_for_but_not_for_ever),
		IN_QUEUE(sqlite_lock_is_waited_for_as_well),
		IN_QUEUE(reading_handles_do_not_write),
		IN_QUEUE(a_handle_stays_with_its_process),
		IN_QUEUE(listings_nest),
		IN_QUEUE(closing_does_not_checkpoint),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
