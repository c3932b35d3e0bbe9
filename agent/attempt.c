/* attempt: start one, and turn its end into the job's next state. DIAGNOSTICS: what cannot be
 * started is requeued with the reason; a queue that refuses a state change is logged and the
 * change is left to the next start's recovery. */
#include "agent/agent.h"

#include "agent/pin.h"
#include "lib/args.h"
#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "conf/builder.h"
#include "conf/image.h"
#include "store/warm.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

enum { FIRST_JOIN_FD = 10, BACKOFF_FIRST_MS = 5000, BACKOFF_MOST_MS = 600000 };

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
		.class = err_class_name(v->class), .cause = v->cause, .reason = v->reason,
		.commit = v->commit, .tree = v->tree, .key = v->key, .inputs = v->inputs, .builder = v->builder,
		.digest = v->digest, .reused = v->reused, .size_bytes = v->size_bytes,
		.checkout_ms = v->checkout_ms, .build_ms = v->build_ms, .check_ms = v->check_ms, .boot_ms = v->boot_ms,
		.store_ms = v->store_ms,
		.cpu_ms = v->cpu_ms, .mem_peak_bytes = v->mem_peak_bytes,
	};
}

/* Nobody's fault, but one that may come back: the third holds the job. */
static bool is_crash(const struct verdict *v)
{
	return strcmp(v->cause, "killed") == 0 || strcmp(v->cause, "sandbox") == 0;
}

/* The job's next state, by whose fault it was. */
static int settle(struct agent *a, const struct attempt_run *r, const struct verdict *v, struct err *e)
{
	struct attempt_result res = result_of(v);
	int64_t again_ms = clock_wall_ms() + backoff_ms(r->number);

	if (r->ended_by && strcmp(r->ended_by, "cancelled") == 0)
		return job_set_cancelled(a->db, r->job, r->number, &res, e);
	if (r->ended_by)
		return job_set_requeued(a->db, r->job, r->number, &res, 0, false, e);
	switch (v->class) {
	case ERR_NONE: return job_set_built(a->db, r->job, r->number, &res, e);
	case ERR_PUSHER: return job_set_failed(a->db, r->job, r->number, &res, e);
	case ERR_OPERATOR:
	case ERR_USAGE: return job_set_held(a->db, r->job, r->number, &res, e);
	case ERR_NOBODY:
		return job_set_requeued(a->db, r->job, r->number, &res, again_ms, is_crash(v), e);
	case ERR_US: break;
	}
	return job_set_requeued(a->db, r->job, r->number, &res, again_ms, true, e);
}

/* What a limit kept from a failed build, and which file sets that limit. */
static const char *set_by(const struct conf *c, int64_t limit, int64_t of_all, const char *key)
{
	return limit < of_all ? c->groups_dir : key;
}

/* oom_kills: also where our own checkout or check was the victim: the pushed data was too big. */
static void blame_limits(const struct conf *c, const struct limits *l, const struct cg_usage *usage, struct verdict *v)
{
	if (usage->oom_kills > 0 && (v->class == ERR_PUSHER || strcmp(v->cause, "signal") == 0 || strcmp(v->cause, "killed") == 0 ||
				     strcmp(v->cause, "boot") == 0))
		verdict_say(v, ERR_PUSHER, "oom", "out of memory: the build reached %lld MB and was killed; its limit is %lld MB (%s)",
			    (long long)usage->mem_peak_bytes / 1000000, (long long)l->mem_mb,
			    set_by(c, l->mem_mb, c->compile_mem_limit, "compile_mem_limit"));
	else if (usage->refused_forks > 0 && strcmp(v->cause, "exit") == 0)
		verdict_say(v, ERR_PUSHER, "pids", "%s, after it was refused a process; its limit is %lld (%s)", v->reason,
			    (long long)l->pids, set_by(c, l->pids, c->compile_pids_limit, "compile_pids_limit"));
}

/* What the cgroup saw, and whether it killed somebody. */
static void add_usage(struct agent *a, struct attempt_run *r, struct verdict *v)
{
	struct cg_usage usage = {0};

	if (!r->has_leaf)
		return;
	cg_leaf_usage(a->cg, &r->leaf, &usage);
	v->cpu_ms = usage.cpu_ms;
	v->mem_peak_bytes = usage.mem_peak_bytes;
	blame_limits(a->conf, &r->leaf.limits, &usage, v);
}

/* A supervisor that could not even write its verdict says whose fault it is by its exit code: a full disk
 * is waited for, a broken configuration is the operator's, all else is ours. */
static enum err_class blame_for(int status)
{
	enum err_class class = WIFEXITED(status) ? err_class_of_exit(WEXITSTATUS(status)) : ERR_US;

	return class == ERR_NOBODY || class == ERR_OPERATOR ? class : ERR_US;
}

static void read_verdict(struct agent *a, const struct attempt_run *r, int status, struct verdict *v)
{
	struct err e = ERR_INIT;
	char how[64];
	int rc = verdict_read(a->conf->log_dir, r->job, r->number, v, &e);

	if (rc == 1 && strcmp(v->image, r->image) == 0 && !r->ended_by)
		return;
	*v = (struct verdict){.job = r->job, .attempt = r->number};
	memcpy(v->image, r->image, sizeof(v->image));
	if (r->ended_by)
		verdict_say(v, ERR_NOBODY, r->ended_by, "%s", r->ended_by);
	else if (rc < 0)
		verdict_say(v, e.class, "crash", "%s", e.msg);
	else
		verdict_say(v, blame_for(status), "crash", "the supervisor left no verdict (%s); the agent's log has its words",
			    spawn_status_text(status, how, sizeof(how)));
}

static void forget(struct agent *a, struct attempt_run *r)
{
	struct attempt_run **at = &a->attempts;

	while (*at && *at != r)
		at = &(*at)->next;
	if (*at)
		*at = r->next;
	sd_event_source_disable_unref(r->watch);
	free(r->leaf.path); /* at a stop, of a group that does not get empty */
	free(r);
}

/* Another commit was looked at than the one that the pin was for. Not before the row is written: a sweep would take
 * the changed file for a new wish. */
static void leave_pin(const struct agent *a, const struct verdict *v)
{
	own_image struct image img = {0};
	struct err e = ERR_INIT;

	if (v->commit[0] && image_load(a->conf->images_dir, v->image, &img, &e) == 0)
		pin_leave(a->conf, &img, v->commit);
}

/* Group gone and row written: then, and only then, it is forgotten. A row that has moved on (or went with the
 * whole database) needs nothing from us. */
static void conclude(struct agent *a, struct attempt_run *r)
{
	struct err e = ERR_INIT;

	if (r->has_leaf && cg_leaf_end(a->cg, &r->leaf, &e) < 0) {
		log_error("event=cgroup-stays job=%lld %s", (long long)r->job, e.msg);
		return;
	}
	r->has_leaf = false;
	if (r->ended_by || strcmp(r->verdict.cause, "crash") == 0)
		leftover_clear_attempt(a->conf, r->job, r->number);
	if (settle(a, r, &r->verdict, &e) < 0 && e.sys != ESTALE) {
		log_error("event=state-unwritten job=%lld %s", (long long)r->job, e.msg);
		return;
	}
	leave_pin(a, &r->verdict);
	forget(a, r);
}

bool attempt_settle_ended(struct agent *a)
{
	struct attempt_run *next;
	bool left = false;

	for (struct attempt_run *r = a->attempts; r; r = next) {
		next = r->next;
		if (r->ended)
			conclude(a, r);
	}
	for (struct attempt_run *r = a->attempts; r; r = r->next)
		left = left || r->ended;
	return left;
}

static void log_end(const struct attempt_run *r)
{
	const struct verdict *v = &r->verdict;
	char quoted[2 * ERR_MSG_MAX];

	log_info("event=attempt-ended job=%lld attempt=%lld image=%s class=%s cause=%s cpu_ms=%lld reused=%d reason=%s",
		 (long long)r->job, (long long)r->number, r->image, err_class_name(v->class), v->cause, (long long)v->cpu_ms,
		 v->reused, log_quote(quoted, sizeof(quoted), v->reason));
}

/* The supervisor has ended: reap it, find out how, conclude. */
static void finish(struct agent *a, struct attempt_run *r)
{
	int status = spawn_wait(&r->supervisor);
	struct verdict *v = &r->verdict;
	struct err e = ERR_INIT;

	sd_event_source_disable_unref(r->watch);
	r->watch = NULL;
	read_verdict(a, r, status, v);
	add_usage(a, r, v);
	if (v->class != ERR_NONE && verdict_write(a->conf->log_dir, v, &e) < 0)
		log_warn("event=verdict-unwritten job=%lld %s", (long long)r->job, e.msg);
	log_end(r);
	r->ended = true;
	conclude(a, r);
}

static int on_end(sd_event_source *src, int fd, uint32_t events, void *arg)
{
	struct attempt_run *r = arg;
	struct agent *a = r->agent;

	(void)src;
	(void)fd;
	(void)events;
	finish(a, r);
	agent_turn(a);
	return 0;
}

/* The builder's group: the image file's builder, else the one that built it last. A first build whose
 * builder only the checkout will choose runs in the group "new". */
static void group_of(const struct agent *a, const char *uuid, char group[64])
{
	own_image struct image img = {0};
	own_builders struct builders *list = NULL;
	const struct builder *b = NULL;
	struct warm w = {0};
	struct err e = ERR_INIT;

	snprintf(group, 64, "new");
	if (image_load(a->conf->images_dir, uuid, &img, &e) < 0 || builders_load(a->conf->builders_dir, &list, &e) < 0)
		return;
	if (img.builder)
		b = builder_find(list, img.builder);
	else if (warm_load(a->conf->store_dir, uuid, &w, &e) == 1)
		b = builder_find(list, w.builder);
	if (b)
		snprintf(group, 64, "%s", b->group);
}

static int make_leaf(struct agent *a, struct attempt_run *r, struct err *e)
{
	char group[64];
	char name[64];

	if (!a->cg)
		return 0;
	group_of(a, r->image, group);
	snprintf(name, sizeof(name), "%lld.%lld", (long long)r->job, (long long)r->number);
	if (cg_leaf_make(a->cg, a->conf, group, name, &r->leaf, e) < 0)
		return -1;
	r->has_leaf = true;
	return 0;
}

static int start_supervisor(struct agent *a, struct attempt_run *r, const struct job *j, struct err *e)
{
	own_args struct args words = ARGS_INIT;
	struct spawn_fd fds[CG_MAX_HIERARCHIES];
	struct spawn s = SPAWN_INIT(NULL);

	args_addf(&words, "%s/hornero-build", a->conf->libexec_dir);
	args_addf(&words, "--conf=%s", a->conf->path);
	args_addf(&words, "--image=%s", r->image);
	args_addf(&words, "--job=%lld", (long long)r->job);
	args_addf(&words, "--attempt=%lld", (long long)r->number);
	args_addf(&words, "--join=%zu", r->leaf.njoin);
	if (j->force)
		args_add(&words, "--force");
	if (j->clean)
		args_add(&words, "--clean");
	for (size_t i = 0; i < r->leaf.njoin; i++)
		fds[i] = (struct spawn_fd){r->leaf.join[i], FIRST_JOIN_FD + (int)i};
	s.argv = args_list(&words);
	s.fds = fds;
	s.nfds = r->leaf.njoin;
	s.err = STDERR_FILENO;
	s.death = SIGTERM; /* time to end its sandbox */
	return spawn_start(&s, &r->supervisor, e);
}

static int watch(struct agent *a, struct attempt_run *r, struct err *e)
{
	int rc = sd_event_add_io(a->loop, &r->watch, r->supervisor.pidfd, EPOLLIN, on_end, r);

	if (rc >= 0)
		return 0;
	errno = -rc;
	err_sys(e, ERR_US, "cannot watch a supervisor");
	spawn_kill(&r->supervisor);
	return -1;
}

/* No supervisor, no cgroup, no sandbox: the verdict is there. */
static bool take_known(struct agent *a, struct attempt_run *r, const struct job *j)
{
	if (!attempt_known(a, j, &r->verdict))
		return false;
	log_end(r);
	r->ended = true;
	conclude(a, r);
	return true;
}

static const char *ended_by_of(const char *text)
{
	return strcmp(text, "cancelled") == 0 ? "cancelled" : strcmp(text, "stopped") == 0 ? "stopped" : NULL;
}

static int resume_supervisor(struct agent *a, struct attempt_run *r, int pid, struct err *e)
{
	if (pid == 0) {
		read_verdict(a, r, 0, &r->verdict);
		r->ended = true;
		return 0;
	}
	if (spawn_adopt(pid, &r->supervisor, e) < 0)
		return err_wrap(e, "the supervisor was not handed over");
	return watch(a, r, e);
}

int attempt_resume(struct agent *a, const struct attempt_past *past, struct err *e)
{
	struct attempt_run *r = calloc(1, sizeof(*r));

	if (!r)
		return err_set(e, ERR_NOBODY, "out of memory for an attempt");
	r->agent = a;
	r->job = past->job;
	r->number = past->number;
	memcpy(r->image, past->image, sizeof(r->image));
	r->ended_by = ended_by_of(past->ended_by);
	r->next = a->attempts;
	a->attempts = r;
	if (a->cg && strcmp(past->leaf, "-") != 0) {
		r->leaf = (struct cg_leaf){.path = fs_path("%s", past->leaf), .limits.mem_mb = past->mem_mb};
		r->has_leaf = true;
	}
	return resume_supervisor(a, r, past->pid, e);
}

int attempt_start(struct agent *a, const struct job *j, struct err *e)
{
	struct attempt_run *r = calloc(1, sizeof(*r));
	char token[FENCE_TOKEN + 1];
	char quoted[2 * ERR_MSG_MAX];
	int rc;

	if (!r)
		return err_set(e, ERR_NOBODY, "out of memory for an attempt");
	r->agent = a;
	r->job = j->id;
	r->number = j->attempt;
	memcpy(r->image, j->image, sizeof(r->image));
	r->next = a->attempts;
	a->attempts = r;
	/* A publication in flight keeps its fence: pushes must not starve it. */
	rc = publication_of(a, j->image) ? 0 : fence_set(a->conf, j->image, j->id, j->attempt, token, e);
	if (rc == 0 && take_known(a, r, j))
		return 0;
	if (rc == 0 && make_leaf(a, r, e) == 0 && start_supervisor(a, r, j, e) == 0 && watch(a, r, e) == 0) {
		log_info("event=attempt-started job=%lld attempt=%lld image=%s", (long long)r->job, (long long)r->number, r->image);
		return 0;
	}
	verdict_say(&r->verdict, e->class, "start", "%s", e->msg);
	log_error("event=attempt-not-started job=%lld reason=%s", (long long)r->job,
		  log_quote(quoted, sizeof(quoted), r->verdict.reason));
	r->ended = true;
	conclude(a, r);
	return 0;
}

void attempt_kill(struct attempt_run *r, const char *why)
{
	if (r->ended)
		return;
	r->ended_by = why;
	/* What it leaves ends with the group; without one it must see to that itself. */
	kill(r->supervisor.pid, r->has_leaf ? SIGKILL : SIGTERM);
}

void attempt_stop_all(struct agent *a)
{
	for (struct attempt_run *r = a->attempts; r; r = r->next)
		attempt_kill(r, "stopped");
	/* What cannot be settled now is recovered by the next start. */
	while (a->attempts) {
		struct attempt_run *r = a->attempts;

		if (!r->ended)
			finish(a, r);
		if (a->attempts == r)
			forget(a, r);
	}
}
