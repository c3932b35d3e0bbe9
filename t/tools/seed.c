/* seed: jobs in every state, by the functions that the programs use.
 *
 *     t/tools/seed CONF [WORD…]
 *
 * With no word: one job each that is queued, running, built, published, failed, held, superseded,
 * cancelled and one in its back-off. WORDs act on single jobs, for tests that let a job move:
 * `queue IMAGE COMMIT`, `claim`, `publish JOB ATTEMPT`, `fail JOB ATTEMPT REASON`, `requeue JOB
 * ATTEMPT REASON`, `wait JOB ATTEMPT TEXT`, `warm IMAGE COMMIT` (a cache file and its record).
 */
#include "conf/conf.h"
#include "db/job.h"
#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/nova.h"
#include "store/warm.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static struct err e;

static void must(int result, const char *what)
{
	if (result >= 0)
		return;
	fprintf(stderr, "7100-seed: %s: %s\n", what, e.msg);
	exit(1);
}

#define HEX64 "00000000000000000000000000000000000000000000000000000000000000ff"

static const struct attempt_result good = {
	.class = "none",
	.cause = "exit",
	.reason = "",
	.commit = "1111111111111111111111111111111111111111",
	.tree = "2222222222222222222222222222222222222222",
	.key = HEX64,
	.inputs = HEX64,
	.builder = "make",
	.digest = HEX64,
	.size_bytes = 1 << 20,
	.checkout_ms = 12,
	.build_ms = 3456,
	.check_ms = 78,
	.store_ms = 9,
	.cpu_ms = 2900,
	.mem_peak_bytes = 123 << 20,
};

static int64_t enqueue(struct db *db, const char *image, const char *commit)
{
	struct job_receipt r = {0};

	must(job_enqueue(db,
			 &(struct job_wish){.image = image,
					    .repo = "team/hello",
					    .ref = "refs/heads/main",
					    .commit = commit,
					    .origin = "push",
					    .pushed_by = "eve\033[31m\xff"},
			 &r, &e),
	     "enqueue");
	return r.id;
}

static int64_t claim(struct db *db)
{
	own_job struct job j = {0};
	int found = job_claim(db, clock_wall_ms(), &(struct job_terms){.idle = false}, &j, &e);

	must(found, "claim");
	if (found == 0) {
		fprintf(stderr, "7100-seed: nothing to claim\n");
		exit(1);
	}
	return j.id;
}

static struct attempt_result bad(const char *class, const char *cause, const char *reason)
{
	struct attempt_result r = good;

	r.class = class;
	r.cause = cause;
	r.reason = reason;
	return r;
}

static void seed_all(struct db *db)
{
	static const char commit[] = "1111111111111111111111111111111111111111";
	struct attempt_result r;
	char image[UUID_LEN + 1];
	int64_t id;
	int n = 0;

#define NEXT_IMAGE (snprintf(image, sizeof(image), "00000000-0000-4000-8000-%012d", ++n), image)
	enqueue(db, NEXT_IMAGE, commit);
	id = claim(db);
	must(job_set_built(db, id, 1, &good, &e), "built");
	must(job_set_published(db, id, 1, "0123456789012345678901234567890123456789", 5, NULL, &e),
	     "published");
	enqueue(db, NEXT_IMAGE, commit);
	id = claim(db);
	r = bad("pusher", "exit", "the builder exited 2: \033[31mno rule to make target\n");
	must(job_set_failed(db, id, 1, &r, &e), "failed");
	enqueue(db, NEXT_IMAGE, commit);
	id = claim(db);
	r = bad("operator", "exit", "capstan is not installed");
	must(job_set_held(db, id, 1, &r, &e), "held");
	enqueue(db, NEXT_IMAGE, commit);
	id = claim(db);
	r = bad("nobody", "exit", "the disk is full");
	must(job_set_requeued(db, id, 1, &r, clock_wall_ms() + 600000, false, &e), "requeued");
	id = enqueue(db, NEXT_IMAGE, commit);
	must(job_cancel(db, id, "somebody", &e), "cancel");
	enqueue(db, NEXT_IMAGE, commit);
	id = claim(db);
	must(job_set_built(db, id, 1, &good, &e), "built");
	must(job_set_waiting(db, id, 1, WAITING_INSTANCE,
			     "instance 7c9e6679 stands on the old bytes", &e),
	     "waiting");
	enqueue(db, NEXT_IMAGE, commit);
	claim(db);
	enqueue(db, NEXT_IMAGE, commit);
	enqueue(db, image, "3333333333333333333333333333333333333333");
}

static void seed_warm(const struct conf *c, const char *image, const char *commit)
{
	struct warm w = {.size_bytes = 4096,
			 .made.digest = HEX64,
			 .made.key = HEX64,
			 .made.inputs = HEX64,
			 .made.builder = "make",
			 .made.job = 1,
			 .made.attempt = 1,
			 .published_ms = clock_wall_ms()};
	own_free char *path = NULL;
	own_fd int fd = -1;
	struct stat st;

	must(nova_cache_name(image, w.name, &e), "name");
	path = fs_path("%s/%s", c->cache_dir, w.name);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || ftruncate(fd, 4096) < 0 || fstat(fd, &st) < 0)
		must(err_sys(&e, ERR_OPERATOR, "cannot make %s", path), "warm");
	w.ino = st.st_ino;
	snprintf(w.made.image, sizeof(w.made.image), "%s", image);
	snprintf(w.made.commit, sizeof(w.made.commit), "%s", commit);
	snprintf(w.made.tree, sizeof(w.made.tree), "%s", good.tree);
	must(warm_save(c->store_dir, &w, &e), "warm_save");
}

static void act(const struct conf *c, struct db *db, int n, char **w)
{
	int64_t id = n > 1 ? strtoll(w[1], NULL, 10) : 0,
		attempt = n > 2 ? strtoll(w[2], NULL, 10) : 0;
	struct attempt_result r = bad("pusher", "exit", n > 3 ? w[3] : "");

	if (strcmp(w[0], "queue") == 0 && n == 3)
		printf("%lld\n", (long long)enqueue(db, w[1], w[2]));
	else if (strcmp(w[0], "claim") == 0)
		printf("%lld\n", (long long)claim(db));
	else if (strcmp(w[0], "publish") == 0 && n == 3) {
		must(job_set_built(db, id, attempt, &good, &e), "built");
		must(job_set_published(db, id, attempt, "0123456789012345678901234567890123456789",
				       5, NULL, &e),
		     "published");
	} else if (strcmp(w[0], "fail") == 0 && n == 4)
		must(job_set_failed(db, id, attempt, &r, &e), "failed");
	else if (strcmp(w[0], "requeue") == 0 && n == 4)
		must(job_set_requeued(db, id, attempt, &r, 0, false, &e), "requeued");
	else if (strcmp(w[0], "wait") == 0 && n == 4) {
		must(job_set_built(db, id, attempt, &good, &e), "built");
		must(job_set_waiting(db, id, attempt, WAITING_INSTANCE, w[3], &e), "waiting");
	} else if (strcmp(w[0], "warm") == 0 && n == 3)
		seed_warm(c, w[1], w[2]);
	else
		must(err_set(&e, ERR_USAGE, "what is %s?", w[0]), "usage");
}

int main(int argc, char **argv)
{
	own_conf struct conf *c = NULL;
	own_db struct db *db = NULL;

	if (argc < 2)
		return 64;
	must(conf_load(&c, argv[1], &e), "conf");
	must(db_open(&db, &(struct db_queue){.queue_dir = c->queue_dir}, DB_CREATE, 5000, &e),
	     "db");
	if (argc == 2)
		seed_all(db);
	else
		act(c, db, argc - 2, argv + 2);
	return 0;
}
