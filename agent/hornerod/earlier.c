/* earlier: supervisors that survived a killed life of hornerod. The kernel sent each a SIGTERM
 * then, but a stopped one does not handle it and would hold its image's checkout lock forever.
 *
 * They are found by program and configuration. A pidfd is held during that check, so that a reused
 * pid is never killed. DIAGNOSTICS: a supervisor that survives SIGKILL is logged, reported
 * (stuck.c) and worked around. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/attempts.h"
#include "agent/hornerod/earlier.h"
#include "agent/hornerod/publications.h"

#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/process.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { END_MS = 2000, KILL_MS = 1000 };

static int send(int pidfd, int sig)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

static bool has_ended(const struct earlier *s, int wait_ms)
{
	struct pollfd p = {.fd = s->pidfd, .events = POLLIN};

	return poll(&p, 1, wait_ms) == 1;
}

static bool is_supervisor(const struct agent *a, pid_t pid)
{
	own_free char *conf = fs_path("--conf=%s", a->conf->path);
	char program[64];

	return process_program(pid, program, sizeof(program)) &&
	       strcmp(program, "hornero-build") == 0 && process_has_word(pid, conf);
}

static void hold(struct agent *a, pid_t pid, int pidfd)
{
	struct earlier *s = calloc(1, sizeof(*s));

	if (!s) {
		close(pidfd);
		return;
	}
	*s = (struct earlier){.next = a->earlier, .pid = pid, .pidfd = pidfd};
	a->earlier = s;
}

static int note(void *agent, pid_t pid)
{
	struct agent *a = agent;
	own_fd int pidfd = -1;

	if (!is_supervisor(a, pid))
		return 0;
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0 || !is_supervisor(a, pid))
		return 0;
	/* If it can, it ends its sandbox first and then itself. */
	(void)send(pidfd, SIGTERM);
	(void)send(pidfd, SIGCONT);
	hold(a, pid, steal_fd(&pidfd));
	log_warn("event=supervisor-of-earlier-life pid=%d an earlier hornerod left it; it is "
		 "killed", (int)pid);
	return 0;
}

void earlier_look(struct agent *a)
{
	struct earlier **at = &a->earlier;

	while (*at) {
		struct earlier *s = *at;

		if (!has_ended(s, 0)) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		(void)waitpid(s->pid, NULL, WNOHANG); /* it may be a child of ours */
		close(s->pidfd);
		free(s);
	}
}

static void await(struct agent *a, int64_t deadline_ms)
{
	for (const struct earlier *s = a->earlier; s; s = s->next) {
		int64_t left_ms = deadline_ms - clock_mono_ms();

		(void)has_ended(s, left_ms > 0 ? (int)left_ms : 0);
	}
	earlier_look(a);
}

static bool is_listed(const struct agent *a, pid_t pid)
{
	for (const struct attempt_run *r = a->attempts; r; r = r->next)
		if (r->supervisor.pid == pid)
			return true;
	for (const struct publication *p = a->publications; p; p = p->next)
		if (p->publisher.pid == pid)
			return true;
	return false;
}

void earlier_take_children(struct agent *a)
{
	own_file FILE *f = fopen("/proc/thread-self/children", "re");
	int pid;

	while (f && fscanf(f, "%d", &pid) == 1) {
		int pidfd = is_listed(a, pid) ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);

		if (pidfd >= 0)
			hold(a, pid, pidfd);
	}
}

void earlier_end_begin(struct agent *a)
{
	(void)process_each(note, a);
}

void earlier_end(struct agent *a)
{
	await(a, clock_mono_ms() + END_MS);
	for (const struct earlier *s = a->earlier; s; s = s->next)
		(void)send(s->pidfd, SIGKILL);
	await(a, clock_mono_ms() + KILL_MS);
	for (const struct earlier *s = a->earlier; s; s = s->next)
		log_error("event=hangs program=hornero-build pid=%d it does not die of SIGKILL; "
			  "its image is built in a new checkout",
			  (int)s->pid);
}

void earlier_forget(struct agent *a)
{
	while (a->earlier) {
		struct earlier *s = a->earlier;

		a->earlier = s->next;
		close(s->pidfd);
		free(s);
	}
}
