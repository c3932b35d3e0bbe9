/* attempt_end: how an attempt ended, whose fault it was, and the job's next state. DIAGNOSTICS: a
 * group that does not become empty, or a queue that refuses a state change, is logged and retried
 * in the next turn. The next start recovers the rest. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/attempt.h"
#include "agent/hornerod/confirming.h"
#include "agent/hornerod/leftover.h"

#include "agent/common/pin_leave.h"
#include "agent/common/workdir.h"
#include "conf/image.h"
#include "lib/clock.h"
#include "lib/failpoint.h"
#include "lib/log.h"
#include "lib/own.h"

#include <string.h>
#include <sys/wait.h>
#include <time.h>

enum {
	BACKOFF_FIRST_MS = 5000,
	BACKOFF_MOST_MS = 600000,
	GROUP_MS = 10000,
	STOP_MS = 5000,
	KILLED_MOST = 3
};

static int64_t backoff_ms(int64_t attempt)
{
	int64_t ms = BACKOFF_FIRST_MS;

	while (--attempt > 0 && ms < BACKOFF_MOST_MS)
		ms *= 2;
	return ms < BACKOFF_MOST_MS ? ms : BACKOFF_MOST_MS;
}

static struct attempt_result result_of(const struct verdict *v)
{
	return (struct attempt_result){
		.class = err_class_name(v->class),
		.cause = v->cause,
		.reason = v->reason,
		.commit = v->made.commit,
		.tree = v->made.tree,
		.key = v->made.key,
		.inputs = v->made.inputs,
		.builder = v->made.builder,
		.digest = v->made.digest,
		.how_built = v->built,
		.reused = v->reused,
		.size_bytes = v->size_bytes,
		.checkout_ms = v->checkout_ms,
		.build_ms = v->build_ms,
		.check_ms = v->check_ms,
		.boot_ms = v->boot_ms,
		.store_ms = v->store_ms,
		.cpu_ms = v->cpu_ms,
		.mem_peak_bytes = v->mem_peak_bytes,
	};
}

/* Writes the job's next state, which depends on whose fault it was. */
static int settle(const struct attempt_run *r, struct err *e)
{
	const struct agent *a = r->agent;
	const struct verdict *v = &r->verdict;
	struct attempt_result res = result_of(v);
	enum cause cause = verdict_cause(v);
	int64_t again_ms = db_now_ms(a->db) + backoff_ms(r->number);

	/* Spread crowded attempts, so that they do not run together again. */
	if (cause == CAUSE_CROWDED)
		again_ms += backoff_ms(r->number) * (r->job % 7) / 7;

	if (r->confirms)
		return confirming_settle(r, &res, again_ms, e);
	if (r->ended_by == CAUSE_CANCELLED)
		return job_set_cancelled(a->db, r->job, r->number, &res, e);
	if (r->ended_by)
		return job_set_requeued(a->db, r->job, r->number, &res, 0, false, e);
	switch (v->class) {
	case ERR_NONE: return job_set_built(a->db, r->job, r->number, &res, e);
	case ERR_PUSHER: return job_set_failed(a->db, r->job, r->number, &res, e);
	case ERR_OPERATOR:
	case ERR_USAGE: return job_set_held(a->db, r->job, r->number, &res, e);
	case ERR_NOBODY:
		return job_set_requeued(a->db, r->job, r->number, &res, again_ms,
					cause_entry(cause)->is_crash, e);
	case ERR_US: break;
	}
	return job_set_requeued(a->db, r->job, r->number, &res, again_ms, true, e);
}

/* Returns the file or setting that sets the limit. */
static const char *set_by(const struct agent *a, int64_t limit, int64_t of_all, const char *setting)
{
	return limit < of_all ? a->conf->groups_dir : setting;
}

/* The kernel may also kill our checkout or check: then the pushed data was too big. */
static void blame_own(const struct agent *a, const struct limits *l, const struct cg_usage *usage,
		      struct verdict *v)
{
	struct limits all = cg_limits(a->cg);
	enum cause cause = verdict_cause(v);

	if (usage->oom_kills > 0 && (v->class == ERR_PUSHER || cause == CAUSE_SIGNAL ||
				     cause == CAUSE_KILLED || cause == CAUSE_BOOT))
		verdict_end(v, CAUSE_OOM,
			    "out of memory: the build reached %lld MB and was killed; its limit is "
			    "%lld MB (%s)",
			    (long long)usage->mem_peak_bytes / 1000000, (long long)l->mem_mb,
			    set_by(a, l->mem_mb, all.mem_mb, "compile_mem_limit"));
	else if (usage->refused_forks > 0 && (cause == CAUSE_EXIT || cause == CAUSE_FETCH))
		verdict_end(v, CAUSE_PIDS,
			    "%s, after it was refused a process; its limit is %lld (%s)", v->reason,
			    (long long)l->pids, set_by(a, l->pids, all.pids, "compile_pids_limit"));
}

/* Neither the attempt's fault nor a crash: it is retried, later each time. */
static void blame_others(const struct limits *l, const struct cg_usage *usage, struct verdict *v)
{
	if (v->class == ERR_OPERATOR || v->class == ERR_USAGE)
		return;
	if (usage->oom_kills > 0)
		verdict_end(v, CAUSE_CROWDED,
			    "other builds left too little memory: it had %lld MB of %lld MB",
			    (long long)usage->mem_peak_bytes / 1000000, (long long)l->mem_mb);
	else if (usage->refused_forks > 0 && usage->pids_peak > 0)
		verdict_end(v, CAUSE_CROWDED,
			    "other builds left too few processes: it had %lld of %lld",
			    (long long)usage->pids_peak, (long long)l->pids);
	else if (usage->refused_forks > 0)
		verdict_end(v, CAUSE_CROWDED, "other builds left too few processes of %lld",
			    (long long)l->pids);
}

/* Blames the limit that a failed build reached. By default an attempt may use as much as all builds
 * together, so other builds can exhaust the limit; if it ran alone, only the attempt itself can. */
static void blame_limits(const struct attempt_run *r, const struct cg_usage *usage,
			 struct verdict *v)
{
	bool is_own = usage->oom_kills > 0 ? usage->is_memory_full : usage->is_pids_full;

	if (v->class == ERR_NONE || r->ended_by)
		return;
	if (is_own || !r->ran_concurrently)
		blame_own(r->agent, &r->leaf.limits, usage, v);
	else
		blame_others(&r->leaf.limits, usage, v);
}

static int count_killed(void *arg, const struct attempt *at)
{
	int64_t *n = arg;

	*n += cause_parse(at->result.cause) == CAUSE_KILLED;
	return 0;
}

/* The kernel does not say what sent a SIGKILL: an operator, or a command of the build that kills
 * its own parent. The former may happen once or twice to the same content, the latter happens each
 * time. The group counts processes killed for want of memory. Without a group that may be the cause
 * too: then the third such end holds the job. */
static void blame_killed(const struct attempt_run *r, struct verdict *v)
{
	struct err e = ERR_INIT;
	int64_t n = 1; /* this one */

	if (verdict_cause(v) != CAUSE_KILLED || !r->has_leaf || r->ended_by)
		return;
	if (attempt_each(r->agent->db, r->job, count_killed, &n, &e) < 0)
		log_warn("event=attempts-unread job=%lld %s", (long long)r->job, e.msg);
	else if (n >= KILLED_MOST)
		verdict_say(v, ERR_PUSHER, CAUSE_KILLED,
			    "its builder was killed by signal 9 in each of %lld attempts, and not "
			    "for want of memory: a command of the build kills its own parent",
			    (long long)n);
}

/* Adds what the cgroup counted, and whether it killed a process. */
static void add_usage(struct attempt_run *r)
{
	struct cg_usage usage = {0};

	if (!r->has_leaf)
		return;
	cg_leaf_usage(r->agent->cg, &r->leaf, &usage);
	r->verdict.cpu_ms = usage.cpu_ms;
	r->verdict.mem_peak_bytes = usage.mem_peak_bytes;
	blame_limits(r, &usage, &r->verdict);
	blame_killed(r, &r->verdict);
}

/* If the supervisor could not write its verdict, its exit code says whose fault it is: ERR_NOBODY
 * for a full disk, ERR_OPERATOR for a broken configuration, ERR_US for everything else. */
static enum err_class blame_for(int status)
{
	enum err_class class = WIFEXITED(status) ? err_class_of_exit(WEXITSTATUS(status)) : ERR_US;

	return class == ERR_NOBODY || class == ERR_OPERATOR ? class : ERR_US;
}

void attempt_read_verdict(struct attempt_run *r, int status)
{
	struct verdict *v = &r->verdict;
	struct err e = ERR_INIT;
	char how[64];
	int rc = verdict_read(r->agent->conf->log_dir, r->job, r->number, v, &e);

	if (rc == 1 && strcmp(v->made.image, r->image) == 0 && !r->ended_by)
		return;
	*v = (struct verdict){.made.job = r->job, .made.attempt = r->number};
	memcpy(v->made.image, r->image, sizeof(v->made.image));
	if (r->ended_by)
		verdict_end(v, r->ended_by, "%s", cause_name(r->ended_by));
	else if (*r->hung)
		verdict_end(v, CAUSE_HANGS, "%s", r->hung);
	else if (rc < 0)
		verdict_say(v, e.class, CAUSE_CRASH, "%s", e.msg);
	else
		verdict_say(v, blame_for(status), CAUSE_CRASH,
			    "the supervisor ended without a verdict (%s); the log of hornerod may "
			    "say why",
			    spawn_status_text(status, how, sizeof(how)));
}

/* Leaves the pin if the attempt was for another commit than the pin. Call it after the row is
 * written: otherwise a sweep would take the changed image file for a new request. */
static void leave_pin(const struct agent *a, const struct verdict *v)
{
	own_image struct image img = {0};
	struct err e = ERR_INIT;

	if (v->made.commit[0] && image_load(a->conf->images_dir, v->made.image, &img, &e) == 0)
		pin_leave(a->conf, &img, v->made.commit);
}

/* A process of the attempt may still write to its checkout, so the next attempt gets another one.
 * For a group of an earlier hornerod, the image comes from the row. */
static void set_aside(struct attempt_run *r)
{
	own_job struct job j = {0};
	struct err e = ERR_INIT;

	if (strcmp(r->image, "-") == 0 && job_get(r->agent->db, r->job, &j, &e) == 1 &&
	    uuid_valid(j.image))
		memcpy(r->image, j.image, sizeof(r->image));
	if (!uuid_valid(r->image))
		return;
	if (workdir_set_aside(r->agent->conf->repo_base, r->image, &e) < 0)
		log_error("event=checkout-stays job=%lld %s", (long long)r->job, e.msg);
	else
		log_warn("event=checkout-set-aside job=%lld image=%s", (long long)r->job, r->image);
}

/* Returns true if its group is empty and removed, or if it has none. */
static bool end_group(struct attempt_run *r)
{
	struct agent *a = r->agent;
	struct err e = ERR_INIT;

	if (r->has_leaf && cg_leaf_end(a->cg, &r->leaf, &e) < 0) {
		if (!r->logged)
			log_error("event=cgroup-stays job=%lld %s", (long long)r->job, e.msg);
		r->logged = true;
		return false;
	}
	if (r->logged)
		log_info("event=cgroup-gone job=%lld attempt=%lld", (long long)r->job,
			 (long long)r->number);
	r->has_leaf = r->logged = false;
	return true;
}

/* Returns false if the row must be written later. A row that has moved on, or was lost with the
 * database, counts as written. */
static bool settle_row(struct attempt_run *r)
{
	struct err e = ERR_INIT;

	if (r->ended_by || *r->hung || verdict_cause(&r->verdict) == CAUSE_CRASH)
		leftover_clear_attempt(r->agent->conf, r->job, r->number,
				       r->confirms ? "-" : r->image);
	if (settle(r, &e) < 0 && e.sys != ESTALE) {
		log_error("event=state-unwritten job=%lld %s", (long long)r->job, e.msg);
		return false;
	}
	leave_pin(r->agent, &r->verdict);
	return true;
}

/* Waits up to GROUP_MS for the group before it writes the row. Forgets the attempt only once the
 * group is gone, the row is written and the supervisor is reaped. */
void attempt_conclude(struct attempt_run *r)
{
	bool is_gone;

	r->ended = true;
	is_gone = end_group(r);
	if (!is_gone && clock_mono_ms() - r->leaf.ending_ms < GROUP_MS)
		return;
	if (!r->settled) {
		if (!is_gone || r->supervisor.pid > 0) {
			set_aside(r);
			failpoint("attempt-set-aside");
		}
		r->settled = settle_row(r);
	}
	if (is_gone && r->settled && r->supervisor.pid <= 0)
		attempt_forget(r);
}

bool attempt_settle_ended(struct agent *a)
{
	int64_t start_ms = clock_mono_ms();
	struct attempt_run *next;
	bool left = false;

	for (struct attempt_run *r = a->attempts; r && !turn_exhausted(start_ms); r = next) {
		next = r->next;
		if (r->ended)
			attempt_conclude(r);
	}
	for (struct attempt_run *r = a->attempts; r; r = r->next)
		left = left || r->ended;
	return left;
}

void attempt_log_end(const struct attempt_run *r)
{
	const struct verdict *v = &r->verdict;
	char quoted[2 * ERR_MSG_MAX];

	log_info("event=attempt-ended job=%lld attempt=%lld image=%s class=%s cause=%s cpu_ms=%lld "
		 "reused=%d reason=%s",
		 (long long)r->job, (long long)r->number, r->image, err_class_name(v->class),
		 v->cause, (long long)v->cpu_ms, v->reused,
		 log_quote(quoted, sizeof(quoted), v->reason));
}

void attempt_note(struct attempt_run *r)
{
	const char *log_dir = r->agent->conf->log_dir;
	struct err e = ERR_INIT;

	if (verdict_write(log_dir, &r->verdict, &e) == 0)
		return;
	log_warn("event=verdict-unwritten job=%lld %s", (long long)r->job, e.msg);
	/* The same error kept the supervisor from writing. A full disk may clear by itself, missing
	 * permissions do not. */
	if (verdict_cause(&r->verdict) != CAUSE_CRASH)
		return;
	if (e.sys == ENOSPC || e.sys == EDQUOT)
		verdict_say(&r->verdict, ERR_NOBODY, CAUSE_CRASH,
			    "nothing can be written in %s: %s; the operator must make room there",
			    log_dir, e.msg);
	else
		verdict_say(
			&r->verdict, ERR_OPERATOR, CAUSE_CRASH,
			"nothing can be written in %s: %s; `hornero doctor` says what to do",
			log_dir, e.msg);
}

void attempt_finish(struct attempt_run *r)
{
	int status = spawn_wait(&r->supervisor);

	r->watch = sd_event_source_disable_unref(r->watch);
	attempt_read_verdict(r, status);
	add_usage(r);
	attempt_note(r);
	attempt_log_end(r);
	attempt_conclude(r);
}

void attempt_abandon(struct attempt_run *r)
{
	log_error("event=supervisor-given-up job=%lld pid=%d it does not die of SIGKILL",
		  (long long)r->job, (int)r->supervisor.pid);
	attempt_read_verdict(r, 0);
	add_usage(r);
	attempt_note(r);
	attempt_log_end(r);
	attempt_conclude(r);
}

void attempt_reap(struct attempt_run *r)
{
	spawn_wait(&r->supervisor);
	r->watch = sd_event_source_disable_unref(r->watch);
	log_info("event=supervisor-ended job=%lld attempt=%lld", (long long)r->job,
		 (long long)r->number);
	attempt_conclude(r);
}

static bool has_unsettled(const struct agent *a)
{
	const struct attempt_run *r = a->attempts;

	while (r && r->settled)
		r = r->next;
	return r != NULL;
}

/* Groups may take their time to get empty; past GROUP_MS their rows are written all the same. */
static void settle_rest(struct agent *a)
{
	const struct timespec nap = {.tv_nsec = 20000000};
	const int64_t deadline_ms = clock_mono_ms() + GROUP_MS + STOP_MS;

	while (has_unsettled(a) && clock_mono_ms() < deadline_ms) {
		nanosleep(&nap, NULL);
		(void)attempt_settle_ended(a);
	}
}

void attempt_stop_all(struct agent *a)
{
	struct attempt_run *next;

	for (struct attempt_run *r = a->attempts; r; r = r->next)
		attempt_kill(r, CAUSE_STOPPED);
	for (struct attempt_run *r = a->attempts; r; r = next) {
		next = r->next;
		if (r->ended)
			continue;
		if (spawn_ends_within(&r->supervisor, r->has_leaf ? STOP_MS : 12 * STOP_MS)) {
			attempt_finish(r);
			continue;
		}
		log_error("event=hangs program=hornero-build job=%lld pid=%d", (long long)r->job,
			  (int)r->supervisor.pid);
		attempt_forget(r);
	}
	settle_rest(a);
	/* The next start recovers attempts that cannot be settled now. */
	while (a->attempts)
		attempt_forget(a->attempts);
}
