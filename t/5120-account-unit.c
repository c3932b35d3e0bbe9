/* account: fair shares of processor time between repositories, limits of claims, the forecast. */
#include "t/lib/job-unit.h"

enum { FIRST_IMAGE = 100 };

/* Queues the next image's job for this repository. */
static int64_t wish(struct scratch *s, const char *repo, const char *origin)
{
	static int images;
	char image[UUID_LEN + 1];
	struct job_wish w = wish_of(image, COMMIT_A);
	struct job_receipt r;

	snprintf(image, sizeof(image), "00000000-0000-4000-8000-%012d", FIRST_IMAGE + images++);
	w.repo = repo;
	w.origin = origin;
	assert_ok(s, job_enqueue(s->db, &w, &r, &s->e));
	return r.id;
}

static void push_many(struct scratch *s, const char *repo, int n)
{
	while (n-- > 0)
		wish(s, repo, "push");
}

/* The likely costs of the jobs that wait, by the history. */
static void say_likely(struct scratch *s, int64_t cpu_ms, int64_t ms)
{
	own_free char *text = fs_path("UPDATE jobs SET likely_cpu_ms = %lld, likely_ms = %lld "
				      "WHERE state = 'queued'", (long long)cpu_ms, (long long)ms);

	assert_int_equal(raw(s, text), SQLITE_OK);
}

static void end(struct scratch *s, int64_t id, int64_t cpu_ms)
{
	struct attempt_result r = bad;

	r.cpu_ms = cpu_ms;
	assert_ok(s, job_set_failed(s->db, id, 1, &r, &s->e));
}

static bool is_of(struct scratch *s, int64_t id, const char *repo)
{
	own_job struct job j = {.id = 0};

	assert_int_equal(job_get(s->db, id, &j, &s->e), 1);
	return strcmp(j.repo, repo) == 0;
}

static int64_t claim_on(struct scratch *s, const struct job_terms *terms)
{
	own_job struct job j = {.id = 0};
	int r = job_claim(s->db, 1000, terms, &j, &s->e);

	assert_true(r >= 0);
	return r ? j.id : 0;
}

/* Red without: the charge at the claim. */
static void a_push_goes_before_a_backlog(void **state)
{
	struct scratch *s = *state;
	int64_t late;

	push_many(s, "many", 300);
	for (int i = 0; i < 100; i++)
		end(s, claim(s), 500);
	assert_true(is_of(s, claim(s), "many"));
	assert_true(is_of(s, claim(s), "many"));
	late = wish(s, "one", "push");
	assert_int_equal(claim(s), late);
}

/* The builds turn out cheaper than the last ones. Red without: the bound in account_settle(). */
static void cheap_builds_do_not_overtake(void **state)
{
	struct scratch *s = *state;
	int64_t first, second, late;

	push_many(s, "many", 20);
	say_likely(s, 60000, 60000);
	first = claim(s);
	second = claim(s);
	late = wish(s, "one", "push");
	end(s, first, 1);
	end(s, second, 1);
	assert_int_equal(claim(s), late);
}

/* Red without: account_settle(). */
static void processor_time_decides(void **state)
{
	struct scratch *s = *state;
	int heavy = 0, light = 0;

	push_many(s, "heavy", 100);
	push_many(s, "light", 100);
	for (int i = 0; i < 110; i++) {
		int64_t id = claim(s);
		bool is_heavy = is_of(s, id, "heavy");

		heavy += is_heavy;
		light += !is_heavy;
		end(s, id, is_heavy ? 10000 : 1000);
	}
	assert_in_range(heavy, 9, 13);
	assert_int_equal(heavy + light, 110);
}

/* Red without: max() with the virtual time in lines_insert and lines_enter of db/schema.sql. */
static void idle_time_earns_nothing(void **state)
{
	struct scratch *s = *state;
	int idle = 0;

	wish(s, "idle", "push");
	end(s, claim(s), 1000);
	push_many(s, "busy", 40);
	for (int i = 0; i < 20; i++)
		end(s, claim(s), 1000);
	push_many(s, "idle", 40);
	for (int i = 0; i < 20; i++) {
		int64_t id = claim(s);

		idle += is_of(s, id, "idle");
		end(s, id, 1000);
	}
	assert_in_range(idle, 9, 12);
}

static void classes_come_in_order(void **state)
{
	struct scratch *s = *state;
	const struct job_terms idle = {.idle = true};
	int64_t sweep = wish(s, "a", "sweep"), confirm = wish(s, "b", "confirm");
	int64_t push = wish(s, "c", "push");

	assert_int_equal(claim_on(s, &idle), confirm);
	assert_int_equal(claim(s), push);
	assert_int_equal(claim(s), sweep);
	assert_int_equal(claim(s), 0);
	/* Idle time is free. */
	assert_int_equal(number_of(s, "SELECT max(used_ms) FROM lines WHERE repo = 'b'"), 0);
}

static void a_repository_has_a_limit(void **state)
{
	struct scratch *s = *state;
	const struct job_terms two = {.per_repo = 2};
	int64_t first, other;

	push_many(s, "many", 5);
	first = claim_on(s, &two);
	assert_true(claim_on(s, &two) > 0);
	assert_int_equal(claim_on(s, &two), 0);
	other = wish(s, "other", "push");
	assert_int_equal(claim_on(s, &two), other);
	end(s, first, 1000);
	assert_true(is_of(s, claim_on(s, &two), "many"));
	assert_int_equal(claim_on(s, &two), 0);
}

static bool is_not_make(const void *arg, const char *builder)
{
	++*(int *)(uintptr_t)arg;
	return strcmp(builder, "make") != 0;
}

static void a_full_group_is_asked_once(void **state)
{
	struct scratch *s = *state;
	int asked = 0;
	const struct job_terms terms = {.may_line = is_not_make, .arg = &asked};
	int64_t other;

	push_many(s, "many", 1);
	other = wish(s, "other", "push");
	assert_int_equal(raw(s, "DELETE FROM jobs WHERE repo = 'many'; "
				"WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c "
				"WHERE i < 200) INSERT INTO jobs (image, repo, ref, \"commit\", "
				"origin, state, created_ms, likely_builder) SELECT "
				"printf('00000000-0000-4000-8000-%012d', 5000 + i), 'many', "
				"'refs/heads/main', '" COMMIT_A "', 'push', 'queued', 1, 'make' "
				"FROM c"),
			 SQLITE_OK);
	assert_int_equal(claim_on(s, &terms), other);
	assert_in_range(asked, 1, 2);
	assert_int_equal(claim_on(s, &terms), 0);
}

/* A restart knows what each repository has had. */
static void a_restart_keeps_the_accounts(void **state)
{
	struct scratch *s = *state;
	int64_t id, n, used;

	push_many(s, "many", 3);
	end(s, claim(s), 7000);
	id = claim(s);
	used = number_of(s, "SELECT max(used_ms) FROM lines");
	assert_int_equal(raw(s, "UPDATE lines SET head = 0"), SQLITE_OK);
	assert_ok(s, job_recover(s->db, true, &n, &s->e));
	assert_int_equal(n, 1);
	assert_int_equal(number_of(s, "SELECT max(used_ms) FROM lines"), used);
	/* Red without: account_mend() in job_recover(). */
	assert_int_equal(claim(s), id + 1);
}

static void assert_lines_are_right(struct scratch *s)
{
	static const char wanted[] =
		"SELECT repo, priority, likely_builder, min(id) FROM jobs WHERE state = 'queued' "
		"AND not_before_ms = 0 GROUP BY 1, 2, 3";
	static const char have[] =
		"SELECT repo, priority, builder, head FROM lines WHERE head > 0";
	own_free char *a = fs_path("SELECT count(*) FROM (%s EXCEPT %s)", wanted, have);
	own_free char *b = fs_path("SELECT count(*) FROM (%s EXCEPT %s)", have, wanted);

	assert_int_equal(number_of(s, a), 0);
	assert_int_equal(number_of(s, b), 0);
	assert_int_equal(number_of(s, "SELECT count(*) FROM (SELECT 1 FROM lines GROUP BY repo "
				      "HAVING min(used_ms) <> max(used_ms))"),
			 0);
}

/* One of the things that happen to a job, chosen by a number. */
static void something(struct scratch *s, unsigned int dice)
{
	static const char *const repos[] = {"a", "b", "c"};
	own_job struct job j = {.id = 0};
	char image[UUID_LEN + 1];
	struct job_wish w = wish_of(image, dice % 2 ? COMMIT_A : COMMIT_B);
	struct job_receipt r;
	int64_t running;

	snprintf(image, sizeof(image), "00000000-0000-4000-8000-%012u", dice / 7 % 20);
	w.repo = repos[dice / 7 % 20 % 3];
	w.priority = (int)(dice / 3 % 3) - 1;
	w.not_before_ms = dice % 5 == 0 ? 5000 : 0;
	running = number_of(s, "SELECT id FROM jobs WHERE state = 'running' ORDER BY id LIMIT 1");
	if (dice % 11 < 6)
		assert_ok(s, job_enqueue(s->db, &w, &r, &s->e));
	else if (dice % 11 < 8)
		assert_true(job_claim(s->db, dice % 13 ? 1000 : 9000,
				      &(struct job_terms){.idle = false}, &j, &s->e) >= 0);
	else if (dice % 11 == 8)
		(void)job_cancel(s->db, number_of(s, "SELECT max(id) FROM jobs WHERE state = "
						     "'queued'"), "bob", &s->e);
	else if (running && job_get(s->db, running, &j, &s->e) == 1)
		assert_ok(s, dice % 11 == 9 ? job_set_failed(s->db, running, j.attempt, &bad, &s->e)
					    : job_set_requeued(s->db, running, j.attempt, &broken,
							       dice % 3 ? 5000 : 0, false, &s->e));
}

static void lines_follow_the_jobs(void **state)
{
	struct scratch *s = *state;
	unsigned int dice = 20260101;

	for (int i = 0; i < 400; i++) {
		dice = dice * 1103515245 + 12345;
		something(s, dice >> 8);
		if (i % 10 == 0)
			assert_lines_are_right(s);
	}
	assert_lines_are_right(s);
}

struct seen {
	int64_t ids[100], begins_ms[100], ends_ms[100];
	int n;
};

static int see(void *arg, const struct job *j)
{
	struct seen *seen = arg;

	if (j->state != JOB_QUEUED)
		return 0;
	assert_int_equal(j->position, seen->n + 1);
	seen->ids[seen->n] = j->id;
	seen->begins_ms[seen->n] = j->begins_ms;
	seen->ends_ms[seen->n++] = j->ends_ms;
	return 0;
}

/* The listing has the order in which the jobs are then claimed. */
static void the_expected_order_is_the_real_one(void **state)
{
	struct scratch *s = *state;
	struct seen seen = {.n = 0};

	push_many(s, "many", 30);
	say_likely(s, 700, 0);
	push_many(s, "few", 6);
	wish(s, "few", "sweep");
	wish(s, "third", "sweep");
	end(s, claim(s), 700);
	end(s, claim(s), 1900);
	assert_ok(s, job_each_open(s->db, &(struct job_filter){.workers = 1}, see, &seen, &s->e));
	assert_int_equal(seen.n, 36);
	for (int i = 0; i < seen.n; i++) {
		own_job struct job j = {.id = 0};

		assert_int_equal(job_claim(s->db, 1000, &(struct job_terms){.idle = false}, &j,
					   &s->e),
				 1);
		if (j.id != seen.ids[i])
			print_error("turn %d: job %lld, expected %lld\n", i, (long long)j.id,
				    (long long)seen.ids[i]);
		assert_int_equal(j.id, seen.ids[i]);
		end(s, j.id, number_of(s, "SELECT charged_ms FROM jobs WHERE state = 'running'"));
	}
}

/* Two workers, one of them busy for another 50 s. */
static void the_forecast_has_times(void **state)
{
	struct scratch *s = *state;
	struct seen seen = {.n = 0};
	own_job struct job j = {.id = 0};
	int64_t now_ms = db_now_ms(s->db), first = 0;

	push_many(s, "many", 4);
	say_likely(s, 1000, 60000);
	assert_int_equal(job_claim(s->db, now_ms - 10000, &(struct job_terms){.idle = false}, &j,
				   &s->e),
			 1);
	assert_ok(s, job_each_open(s->db, &(struct job_filter){.workers = 2}, see, &seen, &s->e));
	assert_int_equal(seen.n, 3);
	first = seen.begins_ms[0];
	assert_true(first > 0);
	assert_int_equal(seen.ends_ms[0] - first, 60000);
	assert_in_range(seen.begins_ms[1] - first, 49000, 50000);
	assert_int_equal(seen.begins_ms[2], seen.ends_ms[0]);
}

/* The images of a job and of one that runs are the same: it waits for that one alone. */
static void it_waits_for_its_image(void **state)
{
	struct scratch *s = *state;
	struct seen seen = {.n = 0};
	own_job struct job j = {.id = 0};
	int64_t now_ms = db_now_ms(s->db);

	enqueue(s, IMAGE_1, COMMIT_A);
	say_likely(s, 1000, 60000);
	assert_int_equal(job_claim(s->db, now_ms, &(struct job_terms){.idle = false}, &j, &s->e),
			 1);
	enqueue(s, IMAGE_1, COMMIT_B);
	enqueue(s, IMAGE_2, COMMIT_B);
	say_likely(s, 1000, 60000);
	assert_ok(s, job_each_open(s->db, &(struct job_filter){.workers = 2}, see, &seen, &s->e));
	assert_int_equal(seen.n, 2);
	assert_in_range(seen.begins_ms[0] - seen.begins_ms[1], 0, 60000);
	assert_int_equal(claim(s), 3);
	assert_int_equal(claim(s), 0);
}

static void without_history_no_time_is_known(void **state)
{
	struct scratch *s = *state;
	struct seen seen = {.n = 0};

	push_many(s, "many", 3);
	assert_ok(s, job_each_open(s->db, &(struct job_filter){.workers = 1}, see, &seen, &s->e));
	assert_true(seen.begins_ms[0] > 0);
	assert_int_equal(seen.ends_ms[0], 0);
	assert_int_equal(seen.begins_ms[1], 0);
}

/* The median of the last five builds, without answers from the store. */
static void history_tells_what_is_likely(void **state)
{
	struct scratch *s = *state;
	static const int cpu_ms[] = {90000, 100, 300, 500, 200, 90000};
	struct likely l;

	for (size_t i = 0; i < sizeof(cpu_ms) / sizeof(cpu_ms[0]); i++) {
		struct attempt_result r = bad;

		r.cpu_ms = cpu_ms[i];
		r.reused = i == 5;
		r.builder = "make";
		enqueue(s, IMAGE_1, COMMIT_A);
		assert_ok(s, job_set_failed(s->db, claim(s), 1, &r, &s->e));
	}
	assert_int_equal(raw(s, "UPDATE attempts SET ended_ms = started_ms + 2 * cpu_ms"),
			 SQLITE_OK);
	assert_ok(s, likely_of(s->db, IMAGE_1, &l, &s->e));
	assert_int_equal(l.cpu_ms, 300);
	assert_int_equal(l.ms, 600);
	assert_string_equal(l.builder, "make");
	assert_ok(s, likely_of(s->db, IMAGE_2, &l, &s->e));
	assert_int_equal(l.cpu_ms, 0);
	assert_int_equal(l.ms, 0);
	assert_string_equal(l.builder, "");
}

/* A job that waits for a time is last, and is ready once its time has come. */
static void later_jobs_ripen(void **state)
{
	struct scratch *s = *state;
	struct job_wish w = wish_of(IMAGE_1, COMMIT_A);
	own_job struct job j = {.id = 0};
	struct job_receipt r;

	w.not_before_ms = 5000;
	assert_ok(s, job_enqueue(s->db, &w, &r, &s->e));
	assert_int_equal(claim(s), 0);
	assert_lines_are_right(s);
	assert_int_equal(job_claim(s->db, 5000, &(struct job_terms){.idle = false}, &j, &s->e), 1);
	assert_int_equal(j.id, r.id);
	assert_lines_are_right(s);
}

int main(void)
{
#define IN_QUEUE(f) cmocka_unit_test_setup_teardown(f, scratch_open, scratch_end)
	const struct CMUnitTest tests[] = {
		IN_QUEUE(a_push_goes_before_a_backlog),
		IN_QUEUE(cheap_builds_do_not_overtake),
		IN_QUEUE(processor_time_decides),
		IN_QUEUE(idle_time_earns_nothing),
		IN_QUEUE(classes_come_in_order),
		IN_QUEUE(a_repository_has_a_limit),
		IN_QUEUE(a_full_group_is_asked_once),
		IN_QUEUE(a_restart_keeps_the_accounts),
		IN_QUEUE(lines_follow_the_jobs),
		IN_QUEUE(the_expected_order_is_the_real_one),
		IN_QUEUE(the_forecast_has_times),
		IN_QUEUE(it_waits_for_its_image),
		IN_QUEUE(without_history_no_time_is_known),
		IN_QUEUE(history_tells_what_is_likely),
		IN_QUEUE(later_jobs_ripen),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
