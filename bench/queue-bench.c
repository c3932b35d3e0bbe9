/* queue-bench: measures the queue, with no finished jobs and with a million.
 *
 *     queue-bench [DIR [FINISHED]]     DIR: on the file system in question; /var/tmp
 *
 * Prints lines "name value unit goal X". Measures both queues in turn, so that noise affects
 * both alike. DIAGNOSTICS: the message on standard error, the exit code of its class. */
#include "db/inner.h"
#include "lib/clock.h"
#include "lib/dirs.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 20, PER_ROUND = 50, SAMPLES = ROUNDS * PER_ROUND };
enum { QUEUED = 100000, LISTINGS = 7, CLAIMS = 100 };

struct series {
	double us[SAMPLES];
	int n;
};

struct queue {
	struct db *db;
	char *dir;
	struct series enqueue, claim;
	unsigned int images;
};

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double quantile(struct series *s, double q)
{
	qsort(s->us, (size_t)s->n, sizeof(s->us[0]), by_value);
	return s->us[(int)(q * (s->n - 1))];
}

static void line(const char *name, double value, const char *unit, const char *goal)
{
	printf("%s %.2f %s goal %s\n", name, value, unit, goal);
	fflush(stdout);
}

static int raw(struct queue *q, const char *text, struct err *e)
{
	return sqlite3_exec(q->db->sql, text, NULL, NULL, NULL) == SQLITE_OK
		       ? 0
		       : db_fail(q->db->sql, q->dir, "fill", e);
}

/* Finished jobs as the agent leaves them: one attempt and four events each, 1000 images.
 */
static int fill_finished(struct queue *q, long n, struct err *e)
{
	char text[2048];

	sqlite3_snprintf(
		sizeof(text), text,
		"PRAGMA synchronous = OFF; BEGIN IMMEDIATE;WITH RECURSIVE c(i) AS (SELECT 1 UNION "
		"ALL SELECT i + 1 FROM c WHERE i < %ld) INSERT INTO jobs (id, image, repo, ref, "
		"\"commit\", origin, pushed_by, state, attempt, key, digest, tree, inputs, "
		"builder, built_commit, created_ms, started_ms, built_ms, ended_ms) SELECT i, "
		"printf('00000000-0000-4000-8000-%%012x', i * 7919 %% 1000), 'hello', "
		"'refs/heads/main', printf('%%040x', i), 'push', 'alice', 'published', 1, "
		"printf('%%064x', i), printf('%%064x', i), printf('%%040x', i), printf('%%064x', "
		"1), 'make', printf('%%040x', i), i, i, i, i FROM c;INSERT INTO attempts (job, "
		"attempt, started_ms, ended_ms, class, cause, \"commit\", tree, key, inputs, "
		"builder, digest) SELECT id, 1, 1, 2, 'none', 'exit', \"commit\", tree, key, "
		"inputs, builder, digest FROM jobs;INSERT INTO events (at_ms, job, attempt, image, "
		"event) SELECT created_ms, id, 1, image, e.column1 FROM jobs, (VALUES ('queued'), "
		"('running'), ('built'), ('published')) AS e;UPDATE sqlite_sequence SET seq = (%ld "
		"+ 99) / 100 * 100 WHERE name = 'jobs'; COMMIT; PRAGMA "
		"wal_checkpoint(TRUNCATE);PRAGMA synchronous = FULL",
		n, n);
	return raw(q, text, e);
}

static int fill_queued(struct queue *q, int repos, struct err *e)
{
	char text[1024];

	sqlite3_snprintf(
		sizeof(text), text,
		"BEGIN IMMEDIATE; DELETE FROM attempts; DELETE FROM jobs;WITH RECURSIVE c(i) AS "
		"(SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < %d) INSERT INTO jobs (image, "
		"repo, ref, \"commit\", origin, pushed_by, state, created_ms, likely_ms, "
		"likely_cpu_ms) SELECT printf('00000001-0000-4000-8000-%%012x', i), "
		"printf('team/%%d', i %% %d), 'refs/heads/main', printf('%%040x', i), 'push', "
		"'alice', 'queued', i, 900 + i %% 7919, 100 + i %% 7919 FROM c; COMMIT",
		QUEUED, repos);
	return raw(q, text, e);
}

static int enqueue_some(struct queue *q, struct err *e)
{
	char image[UUID_LEN + 1];
	const struct job_wish w = {.image = image,
				   .repo = "hello",
				   .ref = "refs/heads/main",
				   .origin = "push",
				   .commit = "1111111111111111111111111111111111111111",
				   .pushed_by = "alice"};
	struct job_receipt r;

	for (int i = 0; i < PER_ROUND; i++) {
		double start;

		snprintf(image, sizeof(image), "00000002-0000-4000-8000-%012x",
			 q->images++ * 2654435761u);
		start = now_us();
		if (job_enqueue(q->db, &w, &r, e) < 0)
			return -1;
		q->enqueue.us[q->enqueue.n++] = now_us() - start;
	}
	return 0;
}

static int claim_some(struct queue *q, struct err *e)
{
	const struct attempt_result failed = {.class = "pusher", .cause = "exit", .reason = "no"};
	const struct job_terms any = {.idle = false};

	for (int i = 0; i < PER_ROUND; i++) {
		own_job struct job j = {.id = 0};
		double start = now_us();

		if (job_claim(q->db, clock_wall_ms(), &any, &j, e) < 0)
			return -1;
		q->claim.us[q->claim.n++] = now_us() - start;
		if (job_set_failed(q->db, j.id, j.attempt, &failed, e) < 0)
			return -1;
	}
	return 0;
}

static int open_queue(struct queue *q, const char *dir, const char *name, struct err *e)
{
	q->dir = fs_path("%s/%s", dir, name);
	if (fs_mkdir_p(q->dir, 0770, e) < 0)
		return -1;
	return db_open(&q->db, &(struct db_queue){.queue_dir = q->dir}, DB_CREATE, 60000, e);
}

static int count(void *arg, const struct job *j)
{
	*(int64_t *)arg += j->id > 0;
	return 0;
}

/* Each claim ends at once, so that the next one is by another repository. */
static int claim_of_many(struct queue *q, const char *name, const struct job_terms *terms,
			 const char *goal, struct err *e)
{
	const struct attempt_result failed = {.class = "pusher", .cause = "exit", .reason = "no",
					      .cpu_ms = 3000};
	struct series s = {.n = 0};

	while (s.n < CLAIMS) {
		own_job struct job j = {.id = 0};
		double start = now_us();
		int found = job_claim(q->db, clock_wall_ms(), terms, &j, e);

		s.us[s.n++] = now_us() - start;
		if (found < 0 || (found > 0 && job_set_failed(q->db, j.id, 1, &failed, e) < 0))
			return -1;
	}
	line(name, quantile(&s, .5) / 1e3, "ms", goal);
	return 0;
}

static bool is_full(const void *arg, const char *builder)
{
	(void)arg;
	return !strcmp(builder, "no other");
}

/* 100,000 queued jobs of one repository, of a hundred, and of as many as there are jobs. */
static int measure_fair(struct queue *q, struct err *e)
{
	const struct job_terms any = {.per_repo = 2}, full = {.may_line = is_full};

	if (fill_queued(q, 1, e) < 0 ||
	    claim_of_many(q, "queue_claim_100k_of_1_repo_p50", &any, "1", e) < 0 ||
	    claim_of_many(q, "queue_claim_100k_of_a_full_group_p50", &full, "1", e) < 0 ||
	    fill_queued(q, 100, e) < 0 ||
	    claim_of_many(q, "queue_claim_100k_of_100_repos_p50", &any, "1", e) < 0 ||
	    fill_queued(q, QUEUED, e) < 0)
		return -1;
	return claim_of_many(q, "queue_claim_100k_of_100k_repos_p50", &any, "1", e);
}

static int measure_forecast(struct queue *q, struct err *e)
{
	const struct job_filter f = {.workers = 2};
	struct series all = {.n = 0}, one = {.n = 0};
	own_job struct job j = {.id = 0};

	for (int i = 0; i < LISTINGS; i++) {
		int64_t n = 0;
		double start = now_us();

		if (job_each_open(q->db, &f, count, &n, e) < 0)
			return -1;
		all.us[all.n++] = now_us() - start;
		j.state = JOB_QUEUED;
		start = now_us();
		if (job_foresee(q->db, 2, &j, e) < 0)
			return -1;
		one.us[one.n++] = now_us() - start;
	}
	line("queue_forecast_100k_p50", quantile(&one, .5) / 1e3, "ms", "100");
	line("queue_list_expected_100k_p50", quantile(&all, .5) / 1e3, "ms", "-");
	return 0;
}

static int measure_listing(struct queue *q, struct err *e)
{
	struct series s = {.n = 0};

	if (fill_queued(q, 100, e) < 0)
		return -1;
	for (int i = 0; i < LISTINGS; i++) {
		int64_t n = 0;
		double start = now_us();

		if (job_each(q->db, JOB_SCOPE_OPEN, count, &n, e) < 0)
			return -1;
		s.us[s.n++] = now_us() - start;
		if (n != QUEUED)
			return err_set(e, ERR_US, "listed %" PRId64 " jobs", n);
	}
	line("queue_list_100k_p50", quantile(&s, .5) / 1e3, "ms", "100");
	return measure_forecast(q, e) < 0 ? -1 : measure_fair(q, e);
}

/* The hook's cost: open, one durable insert, close, while the agent has the queue open. */
static int measure_hook(struct queue *q, struct err *e)
{
	struct series s = {.n = 0};

	for (int i = 0; i < 200; i++) {
		own_db struct db *db = NULL;
		struct queue hook = {.dir = q->dir,
				     .images = 1000000 + (unsigned int)i * PER_ROUND};
		char image[UUID_LEN + 1];
		const struct job_wish w = {.image = image,
					   .repo = "hello",
					   .ref = "refs/heads/main",
					   .origin = "push",
					   .commit = "2222222222222222222222222222222222222222"};
		struct job_receipt r;
		double start = now_us();

		snprintf(image, sizeof(image), "00000003-0000-4000-8000-%012x", hook.images);
		if (db_open(&db, &(struct db_queue){.queue_dir = q->dir}, DB_WRITE, 200, e) < 0 ||
		    job_enqueue(db, &w, &r, e) < 0)
			return -1;
		db_close(db);
		db = NULL;
		s.us[s.n++] = now_us() - start;
	}
	line("queue_open_enqueue_close_p50", quantile(&s, .5), "us", "-");
	line("queue_open_enqueue_close_p99", quantile(&s, .99), "us", "-");
	return 0;
}

static void report(const char *name, struct series *none, struct series *many, const char *goal_us)
{
	char text[64];

	snprintf(text, sizeof(text), "queue_%s_0_p50", name);
	line(text, quantile(none, .5), "us", goal_us);
	snprintf(text, sizeof(text), "queue_%s_0_p99", name);
	line(text, quantile(none, .99), "us", "-");
	snprintf(text, sizeof(text), "queue_%s_1M_p50", name);
	line(text, quantile(many, .5), "us", "-");
	snprintf(text, sizeof(text), "queue_%s_1M_p99", name);
	line(text, quantile(many, .99), "us", "-");
	snprintf(text, sizeof(text), "queue_%s_1M_ratio", name);
	line(text, quantile(many, .5) / quantile(none, .5), "x", "1.3");
}

static int measure(struct queue *none, struct queue *many, const char *dir, long finished,
		   struct err *e)
{
	if (open_queue(none, dir, "none", e) < 0 || open_queue(many, dir, "many", e) < 0 ||
	    fill_finished(many, finished, e) < 0)
		return -1;
	for (int i = 0; i < ROUNDS; i++) {
		if (enqueue_some(none, e) < 0 || enqueue_some(many, e) < 0)
			return -1;
		if (claim_some(none, e) < 0 || claim_some(many, e) < 0)
			return -1;
	}
	report("enqueue", &none->enqueue, &many->enqueue, "600");
	report("claim", &none->claim, &many->claim, "-");
	return measure_hook(none, e) < 0 ? -1 : measure_listing(none, e);
}

static void end(struct queue *q)
{
	db_close(q->db);
	free(q->dir);
}

int main(int argc, char **argv)
{
	struct queue none = {.db = NULL}, many = {.db = NULL};
	own_free char *dir = fs_path("%s/hornero-bench.XXXXXX", argc > 1 ? argv[1] : "/var/tmp");
	struct err e = ERR_INIT;
	int r;

	if (!mkdtemp(dir)) {
		perror(dir);
		return 78;
	}
	r = measure(&none, &many, dir, argc > 2 ? atol(argv[2]) : 1000000, &e);
	end(&none);
	end(&many);
	fs_remove_tree(AT_FDCWD, dir, &(struct err)ERR_INIT);
	if (r == 0)
		return 0;
	fprintf(stderr, "queue-bench: %s\n", e.msg);
	return err_exit(e.class);
}
