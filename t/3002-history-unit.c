/* job: its attempts and events, the listings, and statements that the schema refuses. */
#include "t/lib/job-unit.h"

static int keep_attempt(void *arg, const struct attempt *a)
{
	assert_int_equal(a->attempt, ++*(int *)arg);
	if (a->attempt == 1) {
		assert_string_equal(a->result.cause, "crash");
		assert_string_equal(a->result.digest, "");
	} else {
		assert_string_equal(a->result.class, "none");
		assert_string_equal(a->result.digest, DIGEST_1);
		assert_int_equal(a->result.size_bytes, 1048576);
		assert_int_equal(a->result.build_ms, 400);
		assert_int_equal(a->result.mem_peak_bytes, 9000000);
	}
	assert_true(a->ended_ms > 0);
	return 0;
}

static int keep_event(void *arg, const struct event *ev)
{
	static const char *const expected[] = {"queued",  "running", "requeued",
					       "running", "built",   "published"};
	int *n = arg;

	assert_true(*n < 6);
	assert_string_equal(ev->event, expected[*n]);
	assert_string_equal(ev->image, IMAGE_1);
	assert_string_equal(ev->who, *n == 0 ? "alice" : "");
	++*n;
	return 0;
}

static void history_of_a_job(void **state)
{
	struct scratch *s = *state;
	own_job struct job j = {.id = 0};
	int n = 0, events = 0;

	enqueue(s, IMAGE_1, COMMIT_A);
	assert_int_equal(claim(s), 1);
	assert_ok(s, job_set_requeued(s->db, 1, 1, &broken, 0, true, &s->e));
	assert_int_equal(claim(s), 1);
	assert_ok(s, job_set_built(s->db, 1, 2, &good, &s->e));
	assert_ok(s, job_set_published(s->db, 1, 2, "abc", 7, NULL, &s->e));
	assert_ok(s, attempt_each(s->db, 1, keep_attempt, &n, &s->e));
	assert_int_equal(n, 2);
	assert_ok(s, event_each(s->db, 1, keep_event, &events, &s->e));
	assert_int_equal(events, 6);
	assert_int_equal(job_get(s->db, 1, &j, &s->e), 1);
	assert_string_equal(j.digest, DIGEST_1);
	assert_string_equal(j.tree, COMMIT_B);
	assert_string_equal(j.builder, "make");
	assert_string_equal(j.pushed_by, "alice");
	assert_string_equal(j.reason, "");
	assert_true(j.created_ms > 0 && j.started_ms == 1000 && j.built_ms > 0 && j.ended_ms > 0);
	assert_int_equal(job_get(s->db, 2, &j, &s->e), 0);
}

static void the_log_only_grows(void **state)
{
	struct scratch *s = *state;

	enqueue(s, IMAGE_1, COMMIT_A);
	assert_int_equal(raw(s, "UPDATE events SET detail = 'never'") & 0xff, SQLITE_CONSTRAINT);
	assert_int_equal(raw(s, "DELETE FROM events") & 0xff, SQLITE_CONSTRAINT);
	assert_int_equal(raw(s, "INSERT OR REPLACE INTO events (id, at_ms, job, attempt, event) "
				"VALUES (1, 1, 1, 1, 'x')") &
				 0xff,
			 SQLITE_CONSTRAINT);
	assert_int_equal(number_of(s, "SELECT count(*) FROM events WHERE event = 'queued'"), 1);
}

/* The schema itself refuses these statements, from any writer. */
static void the_schema_refuses(void **state)
{
	struct scratch *s = *state;
	static const char *const statements[] = {
		("INSERT INTO jobs (image, repo, ref, \"commit\", origin, state, created_ms) "
		 "SELECT image, repo, ref, "
		 "\"commit\", origin, 'queued', 1 FROM jobs"),
		"UPDATE jobs SET image = 'x'",
		"UPDATE jobs SET \"commit\" = 'HEAD'",
		"UPDATE jobs SET state = 'done'",
		"UPDATE jobs SET state = 'published', ended_ms = 1, attempt = 1",
		"UPDATE jobs SET state = 'running'",
		"UPDATE jobs SET state = 'superseded', ended_ms = 1",
		"UPDATE jobs SET state = 'failed', attempt = 1",
		"UPDATE jobs SET attempt = 'one'",
		"INSERT INTO attempts (job, attempt, started_ms) VALUES (77, 1, 1)",
		"INSERT INTO publications (job, attempt, image, digest, name, published_ms, "
		"publish_ms) VALUES (1, 1, 'x', 'y', 'z', 1, 1)",
	};

	enqueue(s, IMAGE_1, COMMIT_A);
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
		if ((raw(s, statements[i]) & 0xff) != SQLITE_CONSTRAINT) {
			print_error("accepted: %s\n", statements[i]);
			fail();
		}
}

struct seen {
	int64_t ids[64];
	int n;
	int stop_at;
};

static int see(void *arg, const struct job *j)
{
	struct seen *seen = arg;

	assert_true(seen->n < 64);
	seen->ids[seen->n++] = j->id;
	return seen->n == seen->stop_at;
}

static void assert_listed(struct scratch *s, enum job_scope scope, const int64_t *ids, int n)
{
	struct seen seen = {.n = 0};

	assert_ok(s, job_each(s->db, scope, see, &seen, &s->e));
	assert_int_equal(seen.n, n);
	assert_memory_equal(seen.ids, ids, (size_t)n * sizeof(*ids));
}

static void listings(void **state)
{
	struct scratch *s = *state;
	struct seen seen = {.n = 0, .stop_at = 2};
	struct job_wish w;
	struct job_receipt r;
	char image[UUID_LEN + 1];

	bring_to(s, JOB_BUILT);                                  /* 1 built */
	enqueue(s, IMAGE_2, COMMIT_A);                           /* 2 running */
	assert_int_equal(claim(s), 2);
	for (int i = 3; i <= 30; i++) {                          /* 3 … 30 failed */
		snprintf(image, sizeof(image), "00000000-0000-4000-8000-0000000001%02d", i);
		enqueue(s, image, COMMIT_A);
		assert_int_equal(claim(s), i);
		assert_ok(s, job_set_failed(s->db, i, 1, &bad, &s->e));
	}
	enqueue(s, "00000000-0000-4000-8000-000000000300", COMMIT_A); /* 31 held */
	assert_int_equal(claim(s), 31);
	assert_ok(s, job_set_held(s->db, 31, 1, &broken, &s->e));
	w = wish_of("00000000-0000-4000-8000-000000000301", COMMIT_A);
	w.origin = "sweep";
	assert_ok(s, job_enqueue(s->db, &w, &r, &s->e));              /* 32 queued, of the sweep */
	enqueue(s, "00000000-0000-4000-8000-000000000302", COMMIT_A); /* 33 queued */

	assert_listed(s, JOB_SCOPE_OPEN, (const int64_t[]){2, 1, 32, 33, 31}, 5);
	assert_listed(s, JOB_SCOPE_BUILT, (const int64_t[]){1}, 1);
	assert_listed(s, JOB_SCOPE_RECENT,
		      (const int64_t[]){2,  1,  32, 33, 31, 30, 29, 28, 27, 26, 25, 24, 23,
					22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11},
		      25);
	assert_listed(s, JOB_SCOPE_ALL,
		      (const int64_t[]){2,  1,  32, 33, 31, 30, 29, 28, 27, 26, 25,
					24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14,
					13, 12, 11, 10, 9,  8,  7,  6,  5,  4,  3},
		      33);
	assert_ok(s, job_each(s->db, JOB_SCOPE_ALL, see, &seen, &s->e));
	assert_int_equal(seen.n, 2);
}

static int64_t newest(struct scratch *s, const char *image)
{
	own_job struct job j = {.id = 0};
	int r = job_newest(s->db, image, &j, &s->e);

	assert_true(r >= 0);
	return r ? j.id : 0;
}

static void newest_of_an_image(void **state)
{
	struct scratch *s = *state;

	assert_int_equal(newest(s, IMAGE_1), 0);
	bring_to(s, JOB_PUBLISHED);
	assert_int_equal(newest(s, IMAGE_1), 1);
	enqueue(s, IMAGE_1, COMMIT_B);
	assert_int_equal(newest(s, IMAGE_1), 2);
	assert_int_equal(claim(s), 2);
	assert_int_equal(newest(s, IMAGE_1), 2);
	assert_ok(s, job_set_built(s->db, 2, 1, &good, &s->e));
	assert_int_equal(newest(s, IMAGE_1), 2);
	enqueue(s, IMAGE_1, COMMIT_A);
	assert_int_equal(job_cancel(s->db, 3, "bob", &s->e), 1);
	assert_int_equal(newest(s, IMAGE_1), 3);
	enqueue(s, IMAGE_1, COMMIT_A);
	assert_int_equal(claim(s), 4);
	assert_ok(s, job_set_held(s->db, 4, 1, &broken, &s->e));
	assert_int_equal(newest(s, IMAGE_1), 4);
	assert_int_equal(newest(s, IMAGE_2), 0);
}

int main(void)
{
#define IN_QUEUE(f) cmocka_unit_test_setup_teardown(f, scratch_open, scratch_end)
	const struct CMUnitTest tests[] = {
		IN_QUEUE(history_of_a_job),
		IN_QUEUE(the_log_only_grows),
		IN_QUEUE(the_schema_refuses),
		IN_QUEUE(listings),
		IN_QUEUE(newest_of_an_image),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
