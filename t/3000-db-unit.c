/* db: the file: created, missing, of another version, busy; and its handles. */
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

/* Takes back version 6. */
static void before_accounts(struct scratch *s)
{
	assert_int_equal(
		raw(s, "DROP TRIGGER lines_insert; DROP TRIGGER lines_enter; "
		       "DROP TRIGGER lines_leave; DROP TRIGGER lines_delete; DROP TABLE lines; "
		       "DROP TABLE served; DROP INDEX jobs_claim; DROP INDEX jobs_due; "
		       "ALTER TABLE jobs DROP COLUMN likely_builder; "
		       "ALTER TABLE jobs DROP COLUMN likely_ms; "
		       "ALTER TABLE jobs DROP COLUMN likely_cpu_ms; "
		       "ALTER TABLE jobs DROP COLUMN charged_ms; "
		       "CREATE INDEX jobs_claim ON jobs (priority, id, not_before_ms, image) "
		       "WHERE state = 'queued'; "
		       "CREATE INDEX jobs_due ON jobs (not_before_ms) "
		       "WHERE state = 'queued' AND not_before_ms > 0; PRAGMA user_version = 5"),
		SQLITE_OK);
}

/* A queue of version 5, with jobs that are ready, wait for a time, and confirm. */
static void accounts_of_an_older_version(void **state)
{
	struct scratch *s = *state;
	struct job_wish w = wish_of(IMAGE_2, COMMIT_A);
	struct job_receipt r;

	enqueue(s, IMAGE_1, COMMIT_A);
	w.not_before_ms = 5000;
	assert_ok(s, job_enqueue(s->db, &w, &r, &s->e));
	w = wish_of("00000000-0000-4000-8000-000000000003", COMMIT_A);
	w.origin = "confirm";
	assert_ok(s, job_enqueue(s->db, &w, &r, &s->e));
	before_accounts(s);
	assert_int_equal(raw(s, "UPDATE jobs SET priority = 0"), SQLITE_OK);
	db_close(s->db);
	s->db = NULL;
	assert_ok(s, open_mode(s, &s->db, DB_CREATE));
	assert_int_equal(number_of(s, "PRAGMA user_version"), db_newest_version());
	assert_int_equal(number_of(s, "SELECT count(*) FROM lines"), 2);
	assert_int_equal(number_of(s, "SELECT head FROM lines WHERE priority = 0"), 1);
	assert_int_equal(number_of(s, "SELECT head FROM lines WHERE priority = 100"), 3);
}

/* A queue of version 1 with one job. */
static void of_an_older_version(void **state)
{
	struct scratch *s = *state;

	enqueue(s, IMAGE_1, COMMIT_A);
	before_accounts(s);
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

/* The kind of a waiting row comes from its text. Red without: the UPDATE of version 4 in
 * db/schema.sql. */
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

		before_accounts(s);
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
	/* Neither opening nor reading needs a ticket. */
	assert_ok(s, open_mode(s, &other, DB_CREATE));
	assert_ok(s, job_each(other, JOB_SCOPE_ALL, count_row, &n, &s->e));
	db_close(other);
	assert_int_equal(flock(held, LOCK_UN), 0);
	assert_ok(s, job_enqueue(s->db, &w, &r, &s->e));
}

/* An operator's transaction in sqlite3 takes no ticket. */
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

/* Closing leaves the log: no hook pays for a checkpoint or deletes the log of another database. */
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
		IN_QUEUE(accounts_of_an_older_version),
		IN_QUEUE(unknown_version),
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
