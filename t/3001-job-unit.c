/* job: the states, every change from every state, fencing, latest wins, claims, recovery. */
#include "t/lib/job-unit.h"

static int to_built(struct scratch *s, int64_t id, int64_t attempt)
{
	return job_set_built(s->db, id, attempt, &good, &s->e);
}
static int to_published(struct scratch *s, int64_t id, int64_t attempt)
{
	return job_set_published(s->db, id, attempt, "abc", 7, NULL, &s->e);
}
static int to_failed(struct scratch *s, int64_t id, int64_t attempt)
{
	return job_set_failed(s->db, id, attempt, &bad, &s->e);
}
static int to_queued(struct scratch *s, int64_t id, int64_t attempt)
{
	return job_set_requeued(s->db, id, attempt, &broken, 0, false, &s->e);
}
static int to_cancelled(struct scratch *s, int64_t id, int64_t attempt)
{
	return job_set_cancelled(s->db, id, attempt, &broken, &s->e);
}
static int to_held(struct scratch *s, int64_t id, int64_t attempt)
{
	return job_set_held(s->db, id, attempt, &broken, &s->e);
}
static int to_waiting(struct scratch *s, int64_t id, int64_t attempt)
{
	return job_set_waiting(s->db, id, attempt, WAITING_INSTANCE, "an instance", &s->e);
}

static const struct {
	const char *name;
	int (*go)(struct scratch *s, int64_t id, int64_t attempt);
	unsigned int from;
	enum job_state to;
} changes[] = {
	{"built", to_built, 1 << JOB_RUNNING, JOB_BUILT},
	{"published", to_published, 1 << JOB_BUILT, JOB_PUBLISHED},
	{"failed", to_failed, 1 << JOB_RUNNING | 1 << JOB_BUILT, JOB_FAILED},
	{"requeued", to_queued, 1 << JOB_RUNNING | 1 << JOB_BUILT, JOB_QUEUED},
	{"cancelled", to_cancelled, 1 << JOB_RUNNING, JOB_CANCELLED},
	{"held", to_held, 1 << JOB_RUNNING | 1 << JOB_BUILT, JOB_HELD},
	{"waiting", to_waiting, 1 << JOB_BUILT, JOB_BUILT},
};
enum { N_CHANGES = sizeof(changes) / sizeof(changes[0]) };

static void every_change_from_every_state(void **state)
{
	(void)state;
	for (enum job_state from = JOB_QUEUED; from <= JOB_CANCELLED; from++) {
		for (int i = 0; i < N_CHANGES; i++) {
			void *own = NULL;
			struct scratch *s;
			int64_t id;

			scratch_open(&own);
			s = own;
			id = bring_to(s, from);
			assert_state(s, id, from);
			/* The wrong attempt is refused in every state. */
			assert_refused(s, changes[i].go(s, id, 2), ERR_US, "nothing was changed");
			assert_int_equal(s->e.sys, ESTALE);
			if (changes[i].from & 1u << from) {
				assert_ok(s, changes[i].go(s, id, 1));
				assert_state(s, id, changes[i].to);
				assert_event(s, id, changes[i].name, 1);
			} else {
				int before = sqlite3_total_changes(s->db->sql);

				assert_refused(s, changes[i].go(s, id, 1), ERR_US,
					       "nothing was changed");
				assert_int_equal(s->e.sys, ESTALE);
				assert_state(s, id, from);
				assert_int_equal(sqlite3_total_changes(s->db->sql), before);
			}
			scratch_end(&own);
		}
	}
}

static void commands_allowed_in_every_state(void **state)
{
	(void)state;
	for (enum job_state from = JOB_QUEUED; from <= JOB_CANCELLED; from++) {
		void *own = NULL;
		struct scratch *s;
		struct job_receipt r;
		int64_t id;

		scratch_open(&own);
		s = own;
		id = bring_to(s, from);
		if (from == JOB_FAILED || from == JOB_HELD || from == JOB_CANCELLED) {
			assert_ok(s, job_retry(s->db, id, "bob", &r, &s->e));
			assert_true(r.id > id);
			assert_state(s, r.id, JOB_QUEUED);
			assert_event(s, id, "retried", 1);
			/* The old wish does not replace the newer one. */
			if (from != JOB_HELD)
				assert_refused(s, job_retry(s->db, id, "bob", &r, &s->e), ERR_USAGE,
					       "is newer than");
		} else {
			assert_refused(s, job_retry(s->db, id, "bob", &r, &s->e), ERR_USAGE,
				       "can be retried");
		}
		scratch_end(&own);

		scratch_open(&own);
		s = own;
		id = bring_to(s, from);
		if (from == JOB_RUNNING) {
			assert_int_equal(job_cancel(s->db, id, "bob", &s->e), 0);
			assert_state(s, id, JOB_RUNNING);
		} else if (from == JOB_QUEUED || from == JOB_HELD || from == JOB_BUILT) {
			assert_int_equal(job_cancel(s->db, id, "bob", &s->e), 1);
			assert_state(s, id, JOB_CANCELLED);
			assert_event(s, id, "cancelled", 1);
		} else {
			assert_refused(s, job_cancel(s->db, id, "bob", &s->e), ERR_USAGE,
				       "already");
		}
		assert_refused(s, job_cancel(s->db, 4711, "bob", &s->e), ERR_USAGE,
			       "there is no job 4711");
		scratch_end(&own);
	}
}

static void wishes_join_or_supersede(void **state)
{
	struct scratch *s = *state;
	struct job_wish w = wish_of(IMAGE_1, COMMIT_A);
	own_job struct job j = {.id = 0};
	struct job_receipt r = enqueue(s, IMAGE_1, COMMIT_A);

	assert_int_equal(r.id, 1);
	assert_false(r.joined);
	r = enqueue(s, IMAGE_1, COMMIT_A);
	assert_int_equal(r.id, 1);
	assert_true(r.joined);
	assert_event(s, 1, "joined", 1);
	r = enqueue(s, IMAGE_1, COMMIT_B);
	assert_int_equal(r.id, 2);
	assert_int_equal(r.superseded, 1);
	assert_int_equal(job_get(s->db, 1, &j, &s->e), 1);
	assert_int_equal(j.superseded_by, 2);
	assert_true(j.ended_ms > 0);
	assert_event(s, 1, "superseded", 1);

	/* A stronger wish for the same commit replaces the job, a weaker one joins it. The next
	 * job inherits the strength. */
	w.commit = COMMIT_B;
	w.clean = true;
	assert_ok(s, job_enqueue(s->db, &w, &r, &s->e));
	assert_int_equal(r.superseded, 2);
	w.clean = false;
	w.force = true;
	assert_ok(s, job_enqueue(s->db, &w, &r, &s->e));
	assert_true(r.joined);
	r = enqueue(s, IMAGE_1, COMMIT_A);
	assert_int_equal(r.superseded, 3);
	assert_int_equal(number_of(s, "SELECT force AND clean FROM jobs WHERE state = 'queued'"),
			 1);
	/* Other images are not affected. */
	assert_int_equal(enqueue(s, IMAGE_2, COMMIT_A).superseded, 0);
	assert_int_equal(number_of(s, "SELECT count(*) FROM jobs WHERE state = 'queued'"), 2);
}

static void malformed_wishes(void **state)
{
	struct scratch *s = *state;
	struct job_receipt r;
	struct job_wish w = wish_of("00000000-0000-4000-8000-00000000000X", COMMIT_A);

	assert_refused(s, job_enqueue(s->db, &w, &r, &s->e), ERR_US, "no image UUID");
	w = wish_of(IMAGE_1, "HEAD");
	assert_refused(s, job_enqueue(s->db, &w, &r, &s->e), ERR_US, "no object id");
	w = wish_of(IMAGE_1, COMMIT_A);
	w.ref = "";
	assert_refused(s, job_enqueue(s->db, &w, &r, &s->e), ERR_US, "empty or too long");
	assert_int_equal(number_of(s, "SELECT count(*) FROM jobs"), 0);
}

static void latest_wins_while_one_runs(void **state)
{
	struct scratch *s = *state;

	enqueue(s, IMAGE_1, COMMIT_A);
	assert_int_equal(claim(s), 1);
	enqueue(s, IMAGE_1, COMMIT_B);
	assert_int_equal(claim(s), 0); /* its image has a running job */
	enqueue(s, IMAGE_2, COMMIT_A);
	assert_int_equal(claim(s), 3);
	assert_ok(s, to_built(s, 1, 1));
	assert_int_equal(claim(s), 2);
	assert_ok(s, job_set_waiting(s->db, 1, 1, WAITING_INSTANCE, "instance 7", &s->e));
	/* When the newer job is built, it supersedes the waiting one, whose publisher is too
	 * late. */
	assert_ok(s, to_built(s, 2, 1));
	assert_state(s, 1, JOB_SUPERSEDED);
	assert_refused(s, to_published(s, 1, 1), ERR_US, "it is superseded");
	assert_ok(s, to_published(s, 2, 1));
	assert_int_equal(number_of(s, "SELECT count(*) FROM publications"), 1);
	assert_int_equal(number_of(s, "SELECT count(*) FROM artifacts"), 1);
}

static void requeued_or_superseded(void **state)
{
	struct scratch *s = *state;
	int64_t due = 1;

	enqueue(s, IMAGE_1, COMMIT_A);
	assert_int_equal(claim(s), 1);
	assert_ok(s, job_set_requeued(s->db, 1, 1, &broken, 5000, false, &s->e));
	assert_int_equal(claim(s), 0); /* not due at 1000 */
	assert_ok(s, job_next_due(s->db, 1000, &due, &s->e));
	assert_int_equal(due, 5000);
	assert_ok(s, job_next_due(s->db, 5000, &due, &s->e));
	assert_int_equal(due, 0);
	{
		own_job struct job j = {.id = 0};

		assert_int_equal(job_claim(s->db, 5000, &(struct job_terms){.idle = false}, &j,
					   &s->e),
				 1);
		assert_int_equal(j.attempt, 2);
		assert_int_equal(j.crashes, 0);
		assert_int_equal(j.not_before_ms, 0);
	}
	/* A verdict of the first attempt no longer changes anything. */
	assert_refused(s, to_built(s, 1, 1), ERR_US, "it is running, attempt 2");
	enqueue(s, IMAGE_1, COMMIT_B);
	assert_ok(s, job_set_requeued(s->db, 1, 2, &broken, 0, true, &s->e));
	assert_state(s, 1, JOB_SUPERSEDED);
	assert_int_equal(claim(s), 2);
	/* A job that would be held is superseded, too. */
	enqueue(s, IMAGE_1, COMMIT_A);
	assert_ok(s, job_set_held(s->db, 2, 1, &broken, &s->e));
	assert_state(s, 2, JOB_SUPERSEDED);
}

/* Red without find_running() in db/enqueue.c. */
static void a_push_joins_the_running_job_of_a_sweep_that_saw_it_first(void **state)
{
	struct scratch *s = *state;
	struct job_wish w = wish_of(IMAGE_1, COMMIT_A);
	struct job_receipt r;

	w.origin = "sweep";
	assert_ok(s, job_enqueue(s->db, &w, &r, &s->e));
	assert_int_equal(claim(s), 1);
	w.origin = "push";
	assert_ok(s, job_enqueue(s->db, &w, &r, &s->e));
	assert_int_equal(r.id, 1);
	assert_true(r.joined && r.running);
	assert_event(s, 1, "joined", 1);

	/* A stronger wish, another commit, and a commit that was pushed again after another one
	 * need a job of their own. */
	w.force = true;
	assert_ok(s, job_enqueue(s->db, &w, &r, &s->e));
	assert_false(r.joined);
	w.force = false;
	w.commit = COMMIT_B;
	assert_ok(s, job_enqueue(s->db, &w, &r, &s->e));
	assert_false(r.joined);
	w.commit = COMMIT_A;
	assert_ok(s, job_enqueue(s->db, &w, &r, &s->e));
	assert_false(r.joined);
	assert_int_equal(r.id, 4);
}

static void asking_again_ends_the_backoff(void **state)
{
	struct scratch *s = *state;
	struct job_wish w = wish_of(IMAGE_1, COMMIT_A);
	struct job_receipt r;

	enqueue(s, IMAGE_1, COMMIT_A);
	assert_int_equal(claim(s), 1);
	assert_ok(s, job_set_requeued(s->db, 1, 1, &broken, 5000, false, &s->e));
	w.origin = "sweep";
	assert_ok(s, job_enqueue(s->db, &w, &r, &s->e));
	assert_true(r.joined);
	assert_int_equal(claim(s), 0);
	w.origin = "rebuild";
	assert_ok(s, job_enqueue(s->db, &w, &r, &s->e));
	assert_true(r.joined);
	assert_int_equal(claim(s), 1);
}

static void three_crashes_hold(void **state)
{
	struct scratch *s = *state;

	enqueue(s, IMAGE_1, COMMIT_A);
	for (int64_t attempt = 1; attempt <= 3; attempt++) {
		assert_int_equal(claim(s), 1);
		assert_ok(s, job_set_requeued(s->db, 1, attempt, &broken, 0, true, &s->e));
	}
	assert_state(s, 1, JOB_HELD);
	assert_int_equal(claim(s), 0);
	assert_event(s, 1, "requeued", 2);
	assert_event(s, 1, "held", 1);
	/* A newer wish replaces it. */
	assert_int_equal(enqueue(s, IMAGE_1, COMMIT_B).superseded, 0);
	assert_state(s, 1, JOB_SUPERSEDED);
	assert_int_equal(claim(s), 2);
}

static void recovery(void **state)
{
	struct scratch *s = *state;
	int64_t n = 0, due = 0;

	for (int crash = 1; crash <= 3; crash++) {
		enqueue(s, IMAGE_1, COMMIT_A);
		enqueue(s, IMAGE_2, COMMIT_A);
		assert_int_equal(claim(s), 1);
		assert_int_equal(claim(s), 2);
		assert_ok(s, job_recover(s->db, true, &n, &s->e));
		assert_int_equal(n, 2);
		assert_ok(s, job_next_due(s->db, 0, &due, &s->e));
		assert_true(due > 1000);
		assert_int_equal(raw(s, "UPDATE jobs SET not_before_ms = 0"), SQLITE_OK);
	}
	/* Red with crash in place of false in job_recover(): the jobs would be held, though no
	 * build can crash hornerod. */
	assert_state(s, 1, JOB_QUEUED);
	assert_state(s, 2, JOB_QUEUED);
	assert_int_equal(raw(s, "UPDATE jobs SET not_before_ms = 9000000000000000 WHERE id = 2"),
			 SQLITE_OK);
	assert_int_equal(
		number_of(s,
			  "SELECT count(*) FROM attempts WHERE cause = 'crash' AND ended_ms > 0"),
		6);

	/* A stop is not a crash. */
	for (int stop = 1; stop <= 4; stop++) {
		enqueue(s, IMAGE_1, COMMIT_B);
		assert_int_equal(claim(s), 3);
		assert_ok(s, job_recover(s->db, false, &n, &s->e));
		assert_int_equal(n, 1);
		assert_state(s, 3, JOB_QUEUED);
	}
	assert_ok(s, job_recover(s->db, true, &n, &s->e));
	assert_int_equal(n, 0);
}

static void order_of_claims(void **state)
{
	struct scratch *s = *state;
	struct job_wish w = wish_of("00000000-0000-4000-8000-000000000009", COMMIT_A);
	struct job_receipt r;

	w.origin = "sweep";
	assert_ok(s, job_enqueue(s->db, &w, &r, &s->e));
	enqueue(s, IMAGE_2, COMMIT_A);
	enqueue(s, IMAGE_1, COMMIT_A);
	assert_int_equal(claim(s), 2);
	assert_int_equal(claim(s), 3);
	assert_int_equal(claim(s), 1);
	assert_int_equal(claim(s), 0);
}

static bool is_not_image_1(const void *arg, const char *image)
{
	++*(int *)(uintptr_t)arg;
	return strcmp(image, IMAGE_1) != 0;
}

static void jobs_that_may_not_begin_are_passed_over(void **state)
{
	struct scratch *s = *state;
	own_job struct job j = {.id = 0};
	int asked = 0;
	const struct job_terms terms = {.may = is_not_image_1, .arg = &asked};

	enqueue(s, IMAGE_1, COMMIT_A);
	assert_int_equal(job_claim(s->db, 1000, &terms, &j, &s->e), 0);
	enqueue(s, IMAGE_2, COMMIT_A);
	assert_int_equal(job_claim(s->db, 1000, &terms, &j, &s->e), 1);
	assert_int_equal(j.id, 2);
	assert_int_equal(asked, 3);
	assert_state(s, 1, JOB_QUEUED);
	assert_int_equal(claim(s), 1);
}

static void waiting_says_so_once(void **state)
{
	struct scratch *s = *state;
	own_job struct job j = {.id = 0};
	char longer[3000];

	bring_to(s, JOB_BUILT);
	for (int i = 0; i < 3; i++)
		assert_ok(s, job_set_waiting(s->db, 1, 1, WAITING_INSTANCE, "instance 7", &s->e));
	assert_event(s, 1, "waiting", 1);
	assert_ok(s, job_set_waiting(s->db, 1, 1, WAITING_INSTANCE, "instance 8", &s->e));
	assert_event(s, 1, "waiting", 2);
	memset(longer, 'i', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	for (int i = 0; i < 3; i++)
		assert_ok(s, job_set_waiting(s->db, 1, 1, WAITING_INSTANCE, longer, &s->e));
	assert_event(s, 1, "waiting", 3);
	assert_int_equal(job_get(s->db, 1, &j, &s->e), 1);
	assert_int_equal(strlen(j.waiting_for), DB_TEXT_MAX);
	assert_int_equal(job_waits(&j), WAITING_INSTANCE);
	/* Red without: the comparison of the kinds in job_set_waiting(). */
	assert_ok(s, job_set_waiting(s->db, 1, 1, WAITING_FOREIGN, longer, &s->e));
	assert_event(s, 1, "waiting", 4);
	assert_int_equal(number_of(s, "SELECT count(*) FROM jobs WHERE waiting_kind = 'foreign'"),
			 1);
	assert_ok(s, to_published(s, 1, 1));
	assert_int_equal(number_of(s, "SELECT count(waiting_kind) + count(waiting_for) FROM jobs"),
			 0);
}

static void built_then_failed_keeps_the_build(void **state)
{
	struct scratch *s = *state;

	bring_to(s, JOB_BUILT);
	assert_ok(s, to_failed(s, 1, 1));
	assert_int_equal(number_of(s, "SELECT build_ms FROM attempts WHERE cause = 'exit' AND "
				      "reason = 'make said no' "
				      "AND digest = '" DIGEST_1 "'"),
			 400);
}

static void the_newer_of_two_held_jobs_stays(void **state)
{
	struct scratch *s = *state;

	enqueue(s, IMAGE_1, COMMIT_A);
	assert_int_equal(claim(s), 1);
	assert_ok(s, job_set_built(s->db, 1, 1, &good, &s->e));
	enqueue(s, IMAGE_1, COMMIT_B);
	assert_int_equal(claim(s), 2);
	assert_ok(s, job_set_held(s->db, 1, 1, &broken, &s->e));
	assert_ok(s, job_set_held(s->db, 2, 1, &broken, &s->e));
	assert_state(s, 1, JOB_SUPERSEDED);
	assert_state(s, 2, JOB_HELD);
}

static void a_sweep_joins_what_waits(void **state)
{
	struct scratch *s = *state;
	struct job_wish w = {.image = IMAGE_1,
			     .repo = "spark",
			     .ref = "refs/heads/main",
			     .commit = COMMIT_A,
			     .origin = "push"};
	struct job_receipt r;

	assert_ok(s, job_enqueue(s->db, &w, &r, &s->e));
	w.commit = COMMIT_B;
	w.origin = "sweep";
	assert_ok(s, job_enqueue(s->db, &w, &r, &s->e));
	assert_true(r.joined);
	assert_int_equal(r.id, 1);
	w.ref = "refs/heads/other";
	assert_ok(s, job_enqueue(s->db, &w, &r, &s->e));
	assert_int_equal(r.superseded, 1);
}

static void built_then_queued_forgets_the_artifact(void **state)
{
	struct scratch *s = *state;
	own_job struct job j = {.id = 0};

	bring_to(s, JOB_BUILT);
	assert_ok(s, to_queued(s, 1, 1));
	assert_int_equal(job_get(s->db, 1, &j, &s->e), 1);
	assert_string_equal(j.digest, "");
	assert_int_equal(j.built_ms, 0);
	assert_int_equal(claim(s), 1);
	assert_ok(s, to_built(s, 1, 2));
}

static void built_without_digest(void **state)
{
	struct scratch *s = *state;

	enqueue(s, IMAGE_1, COMMIT_A);
	assert_int_equal(claim(s), 1);
	assert_refused(s, job_set_built(s->db, 1, 1, &bad, &s->e), ERR_US, "no digest");
	assert_state(s, 1, JOB_RUNNING);
}

int main(void)
{
#define IN_QUEUE(f) cmocka_unit_test_setup_teardown(f, scratch_open, scratch_end)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_change_from_every_state),
		cmocka_unit_test(commands_allowed_in_every_state),
		IN_QUEUE(wishes_join_or_supersede),
		IN_QUEUE(malformed_wishes),
		IN_QUEUE(latest_wins_while_one_runs),
		IN_QUEUE(requeued_or_superseded),
		IN_QUEUE(a_push_joins_the_running_job_of_a_sweep_that_saw_it_first),
		IN_QUEUE(asking_again_ends_the_backoff),
		IN_QUEUE(three_crashes_hold),
		IN_QUEUE(recovery),
		IN_QUEUE(order_of_claims),
		IN_QUEUE(jobs_that_may_not_begin_are_passed_over),
		IN_QUEUE(waiting_says_so_once),
		IN_QUEUE(built_then_failed_keeps_the_build),
		IN_QUEUE(the_newer_of_two_held_jobs_stays),
		IN_QUEUE(a_sweep_joins_what_waits),
		IN_QUEUE(built_then_queued_forgets_the_artifact),
		IN_QUEUE(built_without_digest),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
