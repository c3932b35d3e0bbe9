/* hornero-scrub: reads every artifact of the store and every file of ours in Nova's cache again,
 * slowly, while nothing is built or published. hornerod starts it now and then; it ends at once if
 * nothing is due.
 *
 * Exits with 1 if it found changed bytes: a sweep would queue the repair.
 *
 * DIAGNOSTICS: a file that cannot be read is logged and passed over. The exit code is the class of
 * the error that ends the pass; the next start continues there. */
#include "conf/good.h"
#include "db/job.h"
#include "lib/clock.h"
#include "lib/failpoint.h"
#include "lib/log.h"
#include "lib/options.h"
#include "lib/own.h"
#include "lib/steady.h"
#include "store/cached.h"
#include "store/changed.h"
#include "store/inventory.h"
#include "store/scrubbed.h"
#include "store/verify.h"

#include <linux/ioprio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { DB_WAIT_MS = 2000, LOOK_MS = 1000, HOLE_COST = 1 << 18 };

struct scrub {
	const struct conf *conf;
	struct scrubbed state;
	struct steady clock;
	int64_t end_ms;          /* monotonic: begin no file after that */
	int64_t looked_ms;       /* monotonic: last look at the queue */
	int64_t from_ms, bytes;  /* start and amount of reading, for the rate */
	bool found;
};

static void sleep_ms(int64_t ms)
{
	const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

/* A deferred publication may wait for days: it does not count as work. */
static int is_work(void *arg, const struct job *j)
{
	bool *works = arg;

	*works = j->state == JOB_RUNNING || (j->state == JOB_BUILT && !*j->waiting_for);
	return *works;
}

/* If the queue cannot be read, assumes idle and relies on the idle classes of processor and disk.
 */
static bool is_busy(const struct scrub *s)
{
	own_db struct db *db = NULL;
	struct err ignored = ERR_INIT;
	bool works = false;

	if (db_open(&db, &(struct db_queue){.queue_dir = s->conf->queue_dir}, DB_READ, DB_WAIT_MS,
		    &ignored) == 0)
		(void)job_each(db, JOB_SCOPE_OPEN, is_work, &works, &ignored);
	return works;
}

static int is_over(const struct scrub *s, struct err *e)
{
	return clock_mono_ms() < s->end_ms
		       ? 0
		       : err_set(e, ERR_NOBODY, "its time is up; the next run continues there");
}

/* Waits while something is built or published, and as long as the rate demands. A started file is
 * read to its end, however long that takes: otherwise a large one would never be finished. */
static int pace(void *arg, int64_t bytes, struct err *e)
{
	struct scrub *s = arg;
	int64_t now_ms = clock_mono_ms();

	(void)e;
	if (now_ms - s->looked_ms >= LOOK_MS) {
		scrubbed_beat(s->conf->store_dir);
		while (is_busy(s)) {
			sleep_ms(LOOK_MS);
			scrubbed_beat(s->conf->store_dir);
		}
		s->looked_ms = s->from_ms = now_ms = clock_mono_ms();
		s->bytes = 0;
	}
	/* A hole costs no reading, but its digest costs processor time. */
	s->bytes += bytes > 0 ? bytes : HOLE_COST;
	if (s->conf->scrub_rate > 0) {
		int64_t wait_ms = s->from_ms + s->bytes * 1000 / (s->conf->scrub_rate << 20) -
				  now_ms;

		if (wait_ms > 0)
			sleep_ms(wait_ms);
	}
	return 0;
}

static void tell_refused(void *arg, const char *digest, const char *why)
{
	struct scrub *s = arg;
	char quoted[2 * ERR_MSG_MAX];

	s->found = true;
	s->state.changed++;
	log_warn("event=artifact-refused digest=%.12s reason=%s", digest,
		 log_quote(quoted, sizeof(quoted), why));
}

/* An artifact may be removed while it is read, and a file may be unreadable: neither ends the pass.
 */
static void pass_over(const char *what, const struct err *why)
{
	char quoted[2 * ERR_MSG_MAX];

	log_warn("event=scrub-passed-over file=%s reason=%s", what,
		 log_quote(quoted, sizeof(quoted), why->msg));
}

static void look_at_artifact(struct scrub *s, const char *digest)
{
	struct verify_count n = {0};
	struct err why = ERR_INIT;

	if (store_verify_one(s->conf->store_dir, digest, pace, s, tell_refused, s, &n, &why) < 0)
		pass_over(digest, &why);
}

static int look_at_cached(struct scrub *s, const struct warm *w, const struct warm *twin,
			  struct err *e)
{
	char found[SHA256_HEX + 1] = "";
	struct err why = ERR_INIT;
	int state = CACHED_CHANGED;

	/* A file with two names is read once. */
	if (twin && !changed_stands(s->conf->store_dir, twin))
		return 0;
	if (!twin)
		state = cached_verify(s->conf->cache_dir, w, pace, s, found, &why);
	if (state < 0)
		pass_over(w->name, &why);
	if (state != CACHED_CHANGED)
		return 0;
	failpoint("scrub-found");
	s->found = true;
	s->state.changed++;
	log_warn("event=cache-changed image=%s name=%s digest=%.12s found=%.12s", w->made.image,
		 w->name, w->made.digest, found);
	return changed_note(s->conf->store_dir, w, found, e);
}

/* Returns true if this pass has read the file already. Artifacts come before files of the cache. */
static bool is_done(const struct scrub *s, char kind, const char *name)
{
	return s->state.at[0] > kind ||
	       (s->state.at[0] == kind && strcmp(name, s->state.at + 2) <= 0);
}

static int step(struct scrub *s, char kind, const char *name, struct err *e)
{
	snprintf(s->state.at, sizeof(s->state.at), "%c-%s", kind, name);
	s->state.looked++;
	if (scrubbed_save(s->conf->store_dir, &s->state, e) < 0)
		return -1;
	failpoint("scrub-stepped");
	return is_over(s, e);
}

static int by_digest(const void *a, const void *b)
{
	const struct stored *x = a, *y = b;

	return strcmp(x->digest, y->digest);
}

static int scrub_store(struct scrub *s, struct err *e)
{
	own_inventory struct inventory all = {0};

	if (inventory_load(&all, s->conf->store_dir, e) < 0)
		return -1;
	if (all.n > 0)
		qsort(all.list, all.n, sizeof(*all.list), by_digest);
	for (size_t i = 0; i < all.n; i++) {
		if (is_done(s, 'a', all.list[i].digest))
			continue;
		look_at_artifact(s, all.list[i].digest);
		if (step(s, 'a', all.list[i].digest, e) < 0)
			return -1;
	}
	return 0;
}

static int scrub_cache(struct scrub *s, struct err *e)
{
	struct warm *list = NULL;
	size_t n = 0;
	int rc = cached_load(s->conf->store_dir, &list, &n, e);

	for (size_t i = 0; rc == 0 && i < n; i++)
		if (!is_done(s, 'c', list[i].name))
			rc = look_at_cached(s, &list[i], cached_twin(list, i), e) < 0
				     ? -1
				     : step(s, 'c', list[i].name, e);
	free(list);
	return rc;
}

static int scrub(struct scrub *s, struct err *e)
{
	const char *store_dir = s->conf->store_dir;

	if (scrubbed_load(store_dir, &s->state, e) < 0)
		return -1;
	if (!scrubbed_is_due(&s->state, s->conf->scrub_interval_s, steady_now_ms(&s->clock)))
		return 0;
	if (!*s->state.at) {
		s->state.started_ms = steady_now_ms(&s->clock);
		s->state.looked = s->state.changed = 0;
	}
	/* The file that scrubbed_beat() touches. */
	if (scrubbed_save(store_dir, &s->state, e) < 0)
		return -1;
	if (scrub_store(s, e) < 0 || store_verify_note(store_dir, e) < 0 || scrub_cache(s, e) < 0)
		return -1;
	s->state.at[0] = '\0';
	s->state.finished_ms = steady_now_ms(&s->clock);
	log_info("event=scrubbed files=%lld changed=%lld", (long long)s->state.looked,
		 (long long)s->state.changed);
	return scrubbed_save(store_dir, &s->state, e);
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		NULL, NULL, NULL,
		"Reads artifacts and files in Nova's cache again, and notes changed bytes.",
		NULL, NULL, NULL};
	const char *conf_option = NULL;
	own_conf struct conf *c = NULL;
	struct scrub s = {0};
	struct err e = ERR_INIT;

	log_open("hornero-scrub", LOG_LEVEL_INFO);
	options_parse(&argp, argc, argv, NULL, &conf_option);
	(void)setpriority(PRIO_PROCESS, 0, 19);
	(void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
		      IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
	if (conf_load_service(&c, conf_find(conf_option), &e) == 0) {
		s.conf = c;
		steady_load(&s.clock, c->queue_dir);
		s.end_ms = clock_mono_ms() + c->upkeep_timeout_s * 750;
		if (scrub(&s, &e) == 0 || clock_mono_ms() >= s.end_ms)
			return s.found;
	}
	log_error("%s", e.msg);
	return err_exit(e.class);
}
