/* attempt: starts an attempt in its group, or takes one over from the previous life. DIAGNOSTICS:
 * an attempt that cannot be started is requeued with the reason. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/attempt.h"
#include "agent/hornerod/publication.h"

#include "agent/common/fence.h"
#include "lib/args.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"

#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>

enum { STAGED_FD = 9, FIRST_JOIN_FD = 10, FAILURES = 8 };

static int on_end(sd_event_source *src, int fd, uint32_t events, void *arg)
{
	struct attempt_run *r = arg;
	struct agent *a = r->agent;

	(void)src;
	(void)fd;
	(void)events;
	if (r->ended)
		attempt_reap(r);
	else
		attempt_finish(r);
	agent_soon(a, 0);
	return 0;
}

static int on_staged(sd_event_source *src, int fd, uint32_t events, void *arg)
{
	struct attempt_run *r = arg;

	(void)fd;
	(void)events;
	sd_event_source_set_enabled(src, SD_EVENT_OFF);
	publication_prepare(r->agent, r);
	return 0;
}

/* An eventfd, since no end of it can be closed before the other. Without it nothing is prepared. */
static void await_staged(struct agent *a, struct attempt_run *r)
{
	if (r->confirms)
		return;
	r->staged = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->staged >= 0)
		(void)sd_event_add_io(a->loop, &r->staged_watch, r->staged, EPOLLIN, on_staged, r);
}

static int make_leaf(struct agent *a, struct attempt_run *r, struct err *e)
{
	own_free char *path = NULL;

	if (!a->cg)
		return 0;
	path = fs_path("%s/%lld.%lld", r->group, (long long)r->job, (long long)r->number);
	if (cg_leaf_make(a->cg, a->conf, r->group, path, &r->leaf, e) < 0)
		return -1;
	r->has_leaf = true;
	return 0;
}

/* A user who asks for a build gets one; a push or a sweep of content that failed does not. */
static void add_failures(const struct agent *a, const struct job *j, struct args *words)
{
	struct job_failure list[FAILURES];
	struct err e = ERR_INIT;
	bool counts = strcmp(j->origin, "push") == 0 || strcmp(j->origin, "sweep") == 0;
	int n = counts && !j->force && !j->clean
			? job_failures(a->db, j->image, list, FAILURES, &e)
			: 0;

	if (n < 0)
		log_warn("event=failures-unread job=%lld %s", (long long)j->id, e.msg);
	for (int i = 0; i < n; i++)
		args_addf(words, "--failed=%lld:%s", (long long)list[i].job, list[i].key);
}

static int start_supervisor(struct agent *a, struct attempt_run *r, const struct job *j,
			    struct err *e)
{
	own_args struct args words = ARGS_INIT;
	struct spawn_fd fds[CG_MAX_HIERARCHIES + 1];
	struct spawn s = SPAWN_INIT(NULL);
	struct limits all = a->cg ? cg_limits(a->cg) : (struct limits){0};

	args_addf(&words, "%s/hornero-build", a->conf->libexec_dir);
	args_addf(&words, "--conf=%s", a->conf->path);
	args_addf(&words, "--image=%s", r->image);
	args_addf(&words, "--job=%lld", (long long)r->job);
	args_addf(&words, "--attempt=%lld", (long long)r->number);
	args_addf(&words, "--join=%zu", r->leaf.njoin);
	if (a->cg)
		args_addf(&words, "--limits=%lld:%lld:%lld", (long long)all.core_percent,
			  (long long)all.mem_mb, (long long)all.pids);
	if (r->confirms)
		args_add(&words, "--confirm");
	if (j->force)
		args_add(&words, "--force");
	if (j->clean)
		args_add(&words, "--clean");
	add_failures(a, j, &words);
	for (size_t i = 0; i < r->leaf.njoin; i++)
		fds[s.nfds++] = (struct spawn_fd){r->leaf.join[i], FIRST_JOIN_FD + (int)i};
	await_staged(a, r);
	if (r->staged >= 0) {
		fds[s.nfds++] = (struct spawn_fd){r->staged, STAGED_FD};
		args_addf(&words, "--staged=%d", STAGED_FD);
	}
	s.argv = args_list(&words);
	s.fds = fds;
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

/* Concludes the attempt without supervisor, cgroup and sandbox if its artifact is known. */
static bool take_known(struct agent *a, struct attempt_run *r, const struct job *j)
{
	if (!attempt_known(a, j, &r->verdict))
		return false;
	attempt_log_end(r);
	attempt_conclude(r);
	return true;
}

static enum cause ended_by_of(const char *text)
{
	enum cause c = cause_parse(text);

	return c == CAUSE_CANCELLED || c == CAUSE_STOPPED || c == CAUSE_YIELDED ? c : CAUSE_NONE;
}

static int resume_supervisor(struct agent *a, struct attempt_run *r, int pid, struct err *e)
{
	if (pid == 0) {
		attempt_read_verdict(r, 0); /* it includes the usage */
		r->ended = true;
		return 0;
	}
	if (spawn_adopt(pid, &r->supervisor, e) < 0)
		return err_wrap(e, "cannot take over the supervisor");
	return watch(a, r, e);
}

/* Attempts that run at the same time may take resources from each other. */
static void mark_concurrent(struct agent *a, struct attempt_run *r)
{
	for (struct attempt_run *other = a->attempts; other; other = other->next)
		if (other != r)
			other->ran_concurrently = r->ran_concurrently = true;
}

static bool is_confirm(const struct agent *a, int64_t id)
{
	own_job struct job j = {.id = 0};
	struct err ignored = ERR_INIT;

	return job_get(a->db, id, &j, &ignored) == 1 && job_is_confirm(j.origin);
}

int attempt_resume(struct agent *a, const struct attempt_past *past, struct err *e)
{
	struct attempt_run *r = attempt_add(a, past->job, past->number, past->image, e);

	if (!r)
		return -1;
	r->ended_by = ended_by_of(past->ended_by);
	r->confirms = is_confirm(a, past->job);
	attempt_group(a, r->image, r->group);
	r->frozen = RUN_UNKNOWN;
	if (a->cg && strcmp(past->leaf, "-") != 0) {
		r->leaf = (struct cg_leaf){.path = fs_path("%s", past->leaf),
					   .limits.mem_mb = past->mem_mb};
		r->has_leaf = true;
		r->ran_concurrently = true; /* assume so: the handover does not say */
		cg_leaf_adopt(a->cg, &r->leaf);
	}
	return resume_supervisor(a, r, past->pid, e);
}

int attempt_start(struct agent *a, const struct job *j, struct err *e)
{
	struct attempt_run *r = attempt_add(a, j->id, j->attempt, j->image, e);
	struct fence fence;
	char quoted[2 * ERR_MSG_MAX];
	int rc;

	if (!r)
		return -1;
	/* A publication in flight keeps its fence: pushes must not starve it. */
	r->confirms = job_is_confirm(j->origin);
	rc = r->confirms || publication_in_flight(a, j->image) ? 0 :
	     fence_set(a->conf, j->image, j->id, j->attempt, &fence, e);
	if (rc == 0 && !r->confirms && take_known(a, r, j))
		return 0;
	attempt_group(a, r->image, r->group);
	mark_concurrent(a, r);
	if (rc == 0 && make_leaf(a, r, e) == 0 && start_supervisor(a, r, j, e) == 0 &&
	    watch(a, r, e) == 0) {
		log_info("event=attempt-started job=%lld attempt=%lld image=%s", (long long)r->job,
			 (long long)r->number, r->image);
		return 0;
	}
	r->verdict = (struct verdict){.made.job = r->job, .made.attempt = r->number};
	memcpy(r->verdict.made.image, r->image, sizeof(r->image));
	verdict_say(&r->verdict, e->class, CAUSE_START, "%s", e->msg);
	attempt_note(r);
	log_error("event=attempt-not-started job=%lld reason=%s", (long long)r->job,
		  log_quote(quoted, sizeof(quoted), r->verdict.reason));
	attempt_conclude(r);
	return 0;
}
