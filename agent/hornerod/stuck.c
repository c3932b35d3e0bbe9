/* stuck: processes that hang: stopped, or in the kernel. Kills such children of ours, and works
 * around a supervisor that survives that (attempt_abandon()). Also kills a stopped process that
 * holds the queue's ticket, if we may. Reports the rest in RUN_DIR/stuck (state/stuck.h), for
 * `hornero why` and `hornero doctor`.
 *
 * DIAGNOSTICS: nothing here fails; each kill is logged. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/attempt.h"
#include "agent/hornerod/earlier.h"
#include "agent/hornerod/publication.h"
#include "agent/hornerod/upkeep.h"

#include "lib/clock.h"
#include "lib/log.h"
#include "state/stuck.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

enum {
	LOOK_MS = 1000,
	STOPPED_MS = 10000,   /* only an operator stops our children, and may soon continue them */
	HANGS_MS = 120000,    /* a slow disk is no fault; the kernel's own limit for hung tasks */
	END_MS = 5000,        /* from a kill to the next step */
	END_ALONE_MS = 70000, /* the same for a supervisor that ends its sandbox itself (stage.c) */
};

#define HANGING                                                                                  \
	"it ends when the kernel releases it (cat /proc/%d/wchan names what it waits for), at "   \
	"the latest when the node restarts"

/* Returns true if the process must be killed. */
static bool look(struct process_still *s, pid_t pid, int64_t now_ms)
{
	int64_t still_ms = process_still_ms(s, pid, now_ms);

	if (still_ms == 0)
		return false;
	return still_ms >= (process_is_stopped(s->state) ? STOPPED_MS : HANGS_MS);
}

/* Returns true if it has been still long enough to report. */
static bool is_reportable(const struct process_still *s, int64_t now_ms)
{
	return s->since_ms > 0 &&
	       now_ms - s->since_ms >= (process_is_stopped(s->state) ? LOOK_MS : STOPPED_MS);
}

static void say_killed(char *buf, size_t size, const char *program, int pid,
		       const struct process_still *s, int64_t now_ms)
{
	snprintf(buf, size, "%s (process %d) %s for %lld s and was killed", program, pid,
		 process_is_stopped(s->state) ? "was stopped (state T)"
					      : "hung in the kernel (state D)",
		 (long long)(now_ms - s->since_ms) / 1000);
}

static void look_at_attempt(struct attempt_run *r, int64_t now_ms, char *text)
{
	const int pid = (int)r->supervisor.pid;
	const int member = r->settled && r->has_leaf ? (int)cg_leaf_member(r->agent->cg, &r->leaf)
						     : 0;
	const int64_t end_ms = r->has_leaf ? END_MS : END_ALONE_MS;

	if (r->ended && pid > 0)
		stuck_add(text, r->image,
			  "hornero-build (process %d) of job %lld does not die of SIGKILL: the "
			  "image is built in a new checkout; " HANGING,
			  pid, (long long)r->job, pid);
	else if (r->ended && member > 0)
		stuck_add(text, strcmp(r->image, "-") == 0 ? NULL : r->image,
			  "process %d of job %lld does not die of SIGKILL: the image is built in a "
			  "new checkout; " HANGING,
			  member, (long long)r->job, member);
	if (r->ended)
		return;
	if (r->killed_ms == 0 && look(&r->still, pid, now_ms)) {
		say_killed(r->hung, sizeof(r->hung), "hornero-build", pid, &r->still, now_ms);
		log_error("event=hangs program=hornero-build job=%lld pid=%d state=%c it is killed",
			  (long long)r->job, pid, r->still.state);
		attempt_kill(r, CAUSE_NONE);
	} else if (r->killed_ms > 0 && now_ms - r->killed_ms >= 2 * end_ms) {
		attempt_abandon(r);
	} else if (r->killed_ms > 0 && now_ms - r->killed_ms >= end_ms) {
		kill(r->supervisor.pid, SIGKILL);
	}
	if (is_reportable(&r->still, now_ms))
		stuck_add(text, r->image,
			  "hornero-build (process %d) of job %lld %s: if that lasts, hornerod "
			  "kills it and starts the job again",
			  pid, (long long)r->job, process_state_words(r->still.state));
}

#define ANOTHER \
	"another one publishes the image, after Nova's lock is free if this one holds it; "

static bool is_publisher(pid_t pid)
{
	struct process p;

	return process_look(pid, &p) && p.state != 'Z' && strcmp(p.name, "hornero-publish") == 0;
}

static void tell_publication(const struct publication *p, char *text)
{
	const int pid = (int)p->process;
	const char *next = p->given_up ? "" : "if that lasts, ";

	if (p->publisher.pid <= 0)
		stuck_add(text, p->image,
			  "hornero-publish (process %d, of hornero-publish@.service) of job %lld "
			  "%s: %s" ANOTHER "hornerod may not kill it; root may: kill -9 %d",
			  pid, (long long)p->job, process_state_words(p->still.state), next, pid);
	else if (p->given_up)
		stuck_add(
			text, p->image,
			"hornero-publish (process %d) of job %lld does not die of SIGKILL: " ANOTHER
				HANGING,
			pid, (long long)p->job, pid);
	else
		stuck_add(text, p->image,
			  "hornero-publish (process %d) of job %lld %s: if that lasts, hornerod "
			  "kills it, and " ANOTHER HANGING,
			  pid, (long long)p->job, process_state_words(p->still.state), pid);
}

/* Behind a socket unit the publisher runs as another user, and we cannot kill it. */
static void look_at_publication(struct publication *p, int64_t now_ms, char *text)
{
	const bool is_child = p->publisher.pid > 0;
	const int pid = (int)p->process;
	bool is_due;

	if (pid <= 0 || (!is_child && !is_publisher(pid))) {
		if (p->given_up)
			publication_forget(p);
		return;
	}
	is_due = look(&p->still, pid, now_ms);
	if (p->given_up || is_reportable(&p->still, now_ms))
		tell_publication(p, text);
	if (p->given_up)
		return;
	if (is_due && is_child && p->killed_ms == 0) {
		log_error(
			"event=hangs program=hornero-publish job=%lld pid=%d state=%c it is killed",
			(long long)p->job, pid, p->still.state);
		say_killed(p->hung, sizeof(p->hung), "hornero-publish", pid, &p->still, now_ms);
		kill(pid, SIGKILL);
		p->killed_ms = now_ms;
	} else if (is_child ? p->killed_ms > 0 && now_ms - p->killed_ms >= END_MS : is_due) {
		publication_give_up(p);
	}
}

static void look_at_upkeep(struct upkeep *u, int64_t now_ms, char *text)
{
	const int pid = (int)u->child.pid;

	if (pid <= 0)
		return;
	if (look(&u->still, pid, now_ms)) {
		log_error("event=hangs program=%s pid=%d state=%c it is killed", u->name, pid,
			  u->still.state);
		kill(pid, SIGKILL);
	}
	if (is_reportable(&u->still, now_ms))
		stuck_add(text, NULL,
			  "%s (process %d) %s: if that lasts, hornerod kills it; " HANGING,
			  u->name, pid, process_state_words(u->still.state), pid);
}

static void look_at_earlier(struct agent *a, char *text)
{
	earlier_look(a);
	for (const struct earlier *s = a->earlier; s; s = s->next)
		stuck_add(text, NULL,
			  "hornero-build (process %d) that an earlier hornerod started does not "
			  "die of SIGKILL: its image is built in a new checkout; " HANGING,
			  (int)s->pid, (int)s->pid);
}

/* Returns true if it is one of our programs: hooks and commands survive a kill at any moment. */
static bool is_ours(pid_t pid)
{
	char program[64];

	return process_program(pid, program, sizeof(program)) &&
	       (strncmp(program, "hornero-", 8) == 0 || strcmp(program, "hornero") == 0);
}

static void kill_holder(const struct process_still *s, pid_t pid, const char *name)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (pidfd < 0)
		return;
	if (is_ours(pid) && syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) == 0)
		log_error("event=hangs program=%s pid=%d state=%c it held the queue and is killed",
			  name, (int)pid, s->state);
	close(pidfd);
}

/* A hook may run as the user git, whose processes we may kill only as root. Not reported here:
 * commands that explain read the lock themselves (stuck_holder()). */
static void look_at_queue(struct agent *a, int64_t now_ms)
{
	/* The kernel shows its locks only after a grace period. */
	pid_t pid = process_with_flock(a->conf->queue_dir);
	char name[64];
	struct process p;

	if (pid != a->holder) {
		a->holder = pid;
		a->holder_still = (struct process_still){0};
	}
	if (pid <= 0 || pid == getpid() || !process_look(pid, &p))
		return;
	if (!process_program(pid, name, sizeof(name)))
		snprintf(name, sizeof(name), "%s", p.name);
	if (look(&a->holder_still, pid, now_ms))
		kill_holder(&a->holder_still, pid, name);
}

static void tell(struct agent *a, const char *text)
{
	struct err e = ERR_INIT;
	bool is_some = *text != '\0';

	if (!is_some && !a->stuck_written)
		return;
	if (stuck_write(a->conf->run_dir, text, &e) < 0)
		log_warn("event=stuck-unwritten %s", e.msg);
	else
		a->stuck_written = is_some;
}

void stuck_look(struct agent *a)
{
	int64_t now_ms = clock_mono_ms();
	char text[STUCK_TEXT] = "";

	if (now_ms < a->next_stuck_ms)
		return;
	a->next_stuck_ms = now_ms + LOOK_MS;
	for (struct attempt_run *r = a->attempts, *next; r; r = next) {
		next = r->next;
		look_at_attempt(r, now_ms, text);
	}
	for (struct publication *p = a->publications, *next; p; p = next) {
		next = p->next;
		look_at_publication(p, now_ms, text);
	}
	look_at_upkeep(&a->sweep, now_ms, text);
	look_at_upkeep(&a->keep, now_ms, text);
	look_at_upkeep(&a->collect, now_ms, text);
	look_at_upkeep(&a->scrub, now_ms, text);
	look_at_upkeep(&a->looks.sweep, now_ms, text);
	look_at_earlier(a, text);
	tell(a, text);
}

void stuck_look_at_queue(struct agent *a)
{
	int64_t now_ms = clock_mono_ms();

	if (now_ms < a->next_holder_ms)
		return;
	a->next_holder_ms = now_ms + LOOK_MS;
	look_at_queue(a, now_ms);
}

void stuck_stop(struct agent *a)
{
	a->stuck_written = true;
	tell(a, "");
	earlier_forget(a);
}
