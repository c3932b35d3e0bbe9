/* turn: reads the queue and does what can be done now. Idempotent: an extra turn costs a few
 * microseconds. DIAGNOSTICS: if the queue is unusable, logs that and retries a second later. If it
 * made us wait, does the rest a second later. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/attempt.h"
#include "agent/hornerod/confirming.h"
#include "agent/hornerod/floors.h"
#include "agent/hornerod/looking.h"
#include "agent/hornerod/standstill.h"
#include "agent/hornerod/publication.h"
#include "agent/hornerod/slots.h"
#include "agent/hornerod/sweeping.h"

#include "db/job.h"
#include "lib/clock.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int64_t running(const struct agent *a)
{
	int64_t n = 0;

	for (const struct attempt_run *r = a->attempts; r; r = r->next)
		n += !r->ended && !r->confirms;
	return n;
}

/* For the queue, which decides by it what it claims. */
struct claiming {
	const struct agent *agent;
	struct slots slots;
};

static void claiming_end(struct claiming *c)
{
	slots_fini(&c->slots);
}
#define own_claiming __attribute__((cleanup(claiming_end)))

static bool may_line(const void *claiming, const char *builder)
{
	return slots_allow_builder(&((const struct claiming *)claiming)->slots, builder);
}

/* A row that went with a damaged queue no longer says that its attempt runs. */
static bool may_begin(const void *claiming, const char *image)
{
	const struct claiming *c = claiming;
	const struct agent *a = c->agent;

	for (const struct attempt_run *r = a->attempts; r; r = r->next)
		if (!r->ended && !r->confirms && strcmp(r->image, image) == 0)
			return false;
	return standstill_allows(a, image) && slots_allow_image(&c->slots, a, image);
}

/* Returns 1 if it claimed a job and tried to start it, 0 if there is none, -1 on error. */
static int claim_one(struct agent *a, int64_t now_ms, bool idle, struct err *e)
{
	own_claiming struct claiming c = {.agent = a, .slots = SLOTS_INIT};
	const struct job_terms terms = {
		.idle = idle,
		.per_repo = idle ? 0 : a->conf->workers_per_repo,
		.may_line = idle ? NULL : may_line,
		.may = may_begin,
		.arg = &c,
	};
	own_job struct job j = {0};
	int rc;

	if (!idle)
		slots_load(&c.slots, a);
	rc = job_claim(a->db, now_ms, &terms, &j, e);
	if (rc <= 0)
		return rc;
	/* Before it starts, so that confirmations take no processor from it. */
	if (!idle)
		confirming_yield(a);
	return attempt_start(a, &j, e) < 0 ? -1 : 1;
}

static bool may_claim(struct agent *a)
{
	return !a->pressure.high && !a->paused.node && !a->draining && !floors_pause_building(a);
}

static bool confirms(const struct agent *a)
{
	for (const struct attempt_run *r = a->attempts; r; r = r->next)
		if (r->confirms)
			return true;
	return false;
}

/* Confirms one artifact if nothing is built, published or claimable. */
static int claim_idle(struct agent *a, int64_t now_ms, struct err *e)
{
	if (!may_claim(a) || running(a) > 0 || publication_in_flight(a, NULL) || confirms(a))
		return 0;
	return claim_one(a, now_ms, true, e);
}

static int claim(struct agent *a, int64_t now_ms, struct err *e)
{
	int rc = 1;

	while (rc == 1 && may_claim(a) && running(a) < a->conf->workers)
		rc = claim_one(a, now_ms, false, e);
	if (rc < 0)
		return -1;
	if (a->draining)
		confirming_yield(a);
	return 0;
}

/* The jobs to publish are noted first: publishing writes, and a listing is a read under way. */
struct unpublished {
	struct agent *agent;
	int64_t now_ms;
	int64_t again_ms; /* time until the first paused one is due */
	int64_t jobs[64];
	size_t n;
};
enum { MOST_WAITING = sizeof(((struct unpublished *)0)->jobs) / sizeof(int64_t) };

static int note_built(void *arg, const struct job *j)
{
	struct unpublished *w = arg;
	int64_t until_ms;

	if (publication_in_flight(w->agent, j->image))
		return 0;
	until_ms = publication_paused(w->agent, j->image);
	if (until_ms > 0) {
		if (until_ms - w->now_ms < w->again_ms)
			w->again_ms = until_ms - w->now_ms;
		return 0;
	}
	w->jobs[w->n++] = j->id;
	return w->n == MOST_WAITING;
}

/* An error of one image does not stop publications of others. */
static void publish_one(struct agent *a, int64_t id)
{
	own_job struct job j = {0};
	struct err e = ERR_INIT;
	int rc = job_get(a->db, id, &j, &e);
	const char *pause = floors_pause_publishing(a);

	if (rc == 1 && pause && j.state == JOB_BUILT)
		rc = job_set_waiting(a->db, id, j.attempt, WAITING_DISK, pause, &e);
	else if (rc == 1 && j.state == JOB_BUILT && !publication_in_flight(a, j.image))
		publication_start(a, &j);
	if (rc < 0)
		log_error("event=publication-not-started job=%lld %s", (long long)id, e.msg);
}

static bool upkeep_runs(const struct agent *a)
{
	return a->sweep.child.pid > 0 || a->keep.child.pid > 0 || a->collect.child.pid > 0 ||
	       a->scrub.child.pid > 0 || a->looks.sweep.child.pid > 0;
}

/* Sets *again_ms to the time until waiting publications are due. */
static int publish(struct agent *a, int64_t *again_ms, struct err *e)
{
	int64_t start_ms = clock_mono_ms();
	struct unpublished w = {.agent = a, .now_ms = start_ms, .again_ms = INT64_MAX};

	if (job_each(a->db, JOB_SCOPE_BUILT, note_built, &w, e) < 0)
		return -1;
	for (size_t i = 0; i < w.n && !turn_exhausted(start_ms); i++)
		publish_one(a, w.jobs[i]);
	publication_drop_prepared(a);
	*again_ms = w.n > 0 && w.again_ms > AGENT_RETRY_MS ? AGENT_RETRY_MS : w.again_ms;
	return 0;
}

/* Kills the job's attempt; cancels at once a job that waits or went back to the queue. Returns
 * false if the queue is busy and the caller must retry. */
static bool cancel(struct agent *a, int64_t job)
{
	struct err e = ERR_INIT;

	for (struct attempt_run *r = a->attempts; r; r = r->next)
		if (r->job == job && !r->ended) {
			attempt_kill(r, CAUSE_CANCELLED);
			return true;
		}
	if (job_cancel(a->db, job, NULL, &e) >= 0)
		return true;
	log_info("event=not-cancelled job=%lld %s", (long long)job, e.msg);
	return e.class != ERR_NOBODY;
}

/* run_dir/cancel/JOB asks to cancel a running job. Returns true if some are left. */
static bool heed_cancels(struct agent *a)
{
	own_free char *path = fs_path("%s/cancel", a->conf->run_dir);
	own_dir DIR *d = opendir(path);
	int64_t start_ms = clock_mono_ms();
	struct dirent *entry;
	bool left = false;

	while (d && !turn_exhausted(start_ms) && (entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		if (cancel(a, strtoll(entry->d_name, NULL, 10)))
			FAILSTEP("cancel-unlink", unlinkat(dirfd(d), entry->d_name, 0));
		else
			left = true;
	}
	return left || turn_exhausted(start_ms);
}

static bool images_changed(const struct agent *a)
{
	struct stat st;

	return stat(a->conf->images_dir, &st) == 0 &&
	       (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec != a->images_mtime_ns;
}

/* Schedules the next turn without a bell: the end of a back-off, the next sweep, a publication to
 * retry. now_ms must be that of claim(), so that a back-off that ended since is not missed. */
static int rest(struct agent *a, int64_t now_ms, int64_t in_ms, struct err *e)
{
	int64_t due_ms = 0;
	/* While one runs, its end takes the next turn. */
	int64_t sweep_in_ms = a->sweep.child.pid > 0 ? INT64_MAX
						     : a->next_sweep_ms - clock_mono_ms();
	int64_t keep_in_ms = a->next_keep_ms - clock_mono_ms();
	int64_t collect_in_ms = a->next_collect_ms - clock_mono_ms();
	int64_t scrub_in_ms = a->next_scrub_ms - clock_mono_ms();
	int64_t look_in_ms = a->next_look_ms - clock_mono_ms();
	int64_t looking_ms = looking_in_ms(a);

	if (floors_pause_building(a) && in_ms > FLOORS_AGAIN_MS)
		in_ms = FLOORS_AGAIN_MS;
	if (looking_ms < in_ms)
		in_ms = looking_ms;
	if (keep_in_ms < in_ms)
		in_ms = keep_in_ms;
	if (collect_in_ms < in_ms)
		in_ms = collect_in_ms;
	if (scrub_in_ms < in_ms)
		in_ms = scrub_in_ms;
	/* Without work in progress and without pressure there is nothing to look at. */
	if ((a->attempts || a->publications || upkeep_runs(a) || a->earlier || a->stuck_written ||
	     a->holder > 0 || a->pressure.high) &&
	    look_in_ms < in_ms)
		in_ms = look_in_ms;
	if (job_next_due(a->db, now_ms, &due_ms, e) < 0)
		return -1;
	if (due_ms > 0 && due_ms - now_ms < in_ms)
		in_ms = due_ms - now_ms;
	agent_soon(a, sweep_in_ms < in_ms ? sweep_in_ms : in_ms);
	return 0;
}

static void retry(struct agent *a, const struct err *e)
{
	stuck_look_at_queue(a);
	log_error("event=turn-failed class=%s %s", err_class_name(e->class), e->msg);
	agent_soon(a, AGENT_RETRY_MS);
}

static void turn(struct agent *a)
{
	struct err e = ERR_INIT;
	int64_t now_ms = db_now_ms(a->db);
	int64_t again_ms;
	bool unsettled;

	unsettled = healing_look(a);
	stuck_look(a);
	unsettled = attempt_settle_ended(a) || unsettled;
	unsettled = heed_cancels(a) || unsettled;
	standstill_look(a);
	if (bell_was_missed(a->conf->run_dir))
		looking_add(a, "");
	looking_start(a);
	if (clock_mono_ms() >= a->next_sweep_ms)
		sweeping_start(a);
	if (clock_mono_ms() >= a->next_keep_ms)
		keeping_start(a);
	if (clock_mono_ms() >= a->next_collect_ms)
		collecting_start(a);
	if (clock_mono_ms() >= a->next_scrub_ms)
		scrubbing_start(a);
	floors_look(a);
	standstill_act(a);
	if (claim(a, now_ms, &e) < 0) {
		retry(a, &e);
		return;
	}
	failpoint("turn-claimed");
	if (publish(a, &again_ms, &e) < 0) {
		retry(a, &e);
		return;
	}
	if (claim_idle(a, now_ms, &e) < 0) {
		retry(a, &e);
		return;
	}
	/* After the jobs queued already: a rollback changes its image file and queues a job that a
	 * user waits for. */
	if (images_changed(a))
		sweeping_start(a);
	stuck_look_at_queue(a);
	if (rest(a, now_ms, unsettled && again_ms > AGENT_RETRY_MS ? AGENT_RETRY_MS : again_ms,
		 &e) < 0)
		retry(a, &e);
}

void agent_turn(struct agent *a)
{
	if (a->stopping)
		return;
	turn(a);
	yielding_act(a);
}
