/* job-unit.h: jobs in a scratch queue, and what their attempts came to, for unit tests of db/. */
#ifndef HORNERO_T_LIB_JOB_UNIT_H
#define HORNERO_T_LIB_JOB_UNIT_H

#include "t/lib/queue-unit.h"

static const struct attempt_result good = {
	.class = "none",
	.cause = "exit",
	.commit = COMMIT_A,
	.tree = COMMIT_B,
	.key = DIGEST_2,
	.inputs = DIGEST_2,
	.builder = "make",
	.digest = DIGEST_1,
	.size_bytes = 1048576,
	.checkout_ms = 3,
	.build_ms = 400,
	.check_ms = 20,
	.boot_ms = 30,
	.store_ms = 5,
	.cpu_ms = 390,
	.mem_peak_bytes = 9000000,
};
static const struct attempt_result bad = {
	.class = "pusher", .cause = "exit", .reason = "make said no"};
static const struct attempt_result broken = {
	.class = "nobody", .cause = "crash", .reason = "it crashed"};

static inline int64_t claim(struct scratch *s)
{
	own_job struct job j = {.id = 0};
	int r = job_claim(s->db, 1000, &(struct job_terms){.idle = false}, &j, &s->e);

	assert_true(r >= 0);
	return r ? j.id : 0;
}

static inline void assert_event(struct scratch *s, int64_t job, const char *event, int64_t times)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "SELECT count(*) FROM events WHERE job = %lld AND event = '%s'", (long long)job,
		 event);
	if (number_of(s, text) != times)
		print_error("job %lld: not %lld times %s\n", (long long)job, (long long)times,
			    event);
	assert_int_equal(number_of(s, text), times);
}

/* A job of IMAGE_1 in that state, by the words of job.h alone. */
static inline int64_t bring_to(struct scratch *s, enum job_state state)
{
	int64_t id = enqueue(s, IMAGE_1, COMMIT_A).id;

	if (state == JOB_SUPERSEDED)
		enqueue(s, IMAGE_1, COMMIT_B);
	if (state == JOB_CANCELLED)
		assert_int_equal(job_cancel(s->db, id, "bob", &s->e), 1);
	if (state == JOB_QUEUED || state == JOB_SUPERSEDED || state == JOB_CANCELLED)
		return id;
	assert_int_equal(claim(s), id);
	if (state == JOB_FAILED)
		assert_ok(s, job_set_failed(s->db, id, 1, &bad, &s->e));
	if (state == JOB_HELD)
		assert_ok(s, job_set_held(s->db, id, 1, &broken, &s->e));
	if (state == JOB_BUILT || state == JOB_PUBLISHED)
		assert_ok(s, job_set_built(s->db, id, 1, &good, &s->e));
	if (state == JOB_PUBLISHED)
		assert_ok(s, job_set_published(s->db, id, 1, "abc", 7, NULL, &s->e));
	return id;
}

#endif
