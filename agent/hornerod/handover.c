/* handover: a reload executes hornerod again in the same process, with the same cgroup and
 * children, perhaps in a newer version. The next life gets the state as lines in a nameless file,
 * and reads everything else as a start does.
 *
 * DIAGNOSTICS: before let_go(), an impossible reload is refused and changes nothing. After it, if
 * the next program cannot be executed, the running program executes itself. An error in the next
 * life ends hornerod as a crash does: its children end too, and the next start queues their jobs
 * again. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/attempt.h"
#include "agent/hornerod/earlier.h"
#include "agent/hornerod/handover.h"
#include "agent/hornerod/publication.h"
#include "agent/hornerod/sweeping.h"

#include "lib/bell.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <systemd/sd-daemon.h>

/* Version of these lines. A program of another version takes nothing over. */
#define FORMAT "hornerod-handover 1"

enum { CHECK_MS = 10000, TERMS_MAX = 8192, STATE_MAX = 1 << 20 };

char *handover_terms(const struct conf *c)
{
	return fs_path(FORMAT "\nstate_dir %s\ncgroup_top %s\ncpu_dedicated_set %s\nisolation %d\n",
		       c->state_dir, c->cgroup_top,
		       c->cpu_dedicated_set ? c->cpu_dedicated_set : "", (int)c->isolation);
}

/* The loop does not run during a handover, and its last watchdog message may be old. */
static void say_alive(void)
{
	sd_notify(0, "WATCHDOG=1");
}

/* Checks that the installed program can use the configuration, and agrees on the settings that only
 * a start can change. */
static int check_next(const struct agent *a, struct err *e)
{
	const char *argv[] = {a->program, "-c", a->conf_path, "--check", NULL};
	struct spawn s = SPAWN_INIT(argv);
	own_free char *ours = handover_terms(a->conf);
	own_free char *theirs = NULL;
	size_t len;
	int status;

	s.err = STDERR_FILENO;
	say_alive();
	status = spawn_capture(&s, CHECK_MS, TERMS_MAX, &theirs, &len, e);
	say_alive();
	if (status < 0)
		return -1;
	if (status != 0)
		return err_set(e, ERR_OPERATOR,
			       "%s cannot use the configuration: the line above says why",
			       a->program);
	if (strncmp(theirs, FORMAT "\n", strlen(FORMAT "\n")) != 0)
		return err_set(e, ERR_OPERATOR,
			       "%s is of a version that cannot take running builds over; `hornero "
			       "drain`, then restart hornerod",
			       a->program);
	if (strcmp(ours, theirs) != 0)
		return err_set(e, ERR_OPERATOR,
			       "state_dir, cgroup_top, cpu_dedicated_set and isolation need a "
			       "restart of hornerod");
	return 0;
}

static int write_attempt(int fd, const struct attempt_run *r)
{
	return dprintf(fd, "attempt %" PRId64 " %" PRId64 " %s %d %s %" PRId64 " %s\n", r->job,
		       r->number, r->image, r->ended ? 0 : (int)r->supervisor.pid,
		       r->has_leaf ? r->leaf.path : "-", r->leaf.limits.mem_mb,
		       r->ended_by ? cause_name(r->ended_by) : "-");
}

static int write_publication(int fd, const struct publication *p)
{
	return dprintf(fd, "publication %" PRId64 " %" PRId64 " %s %d %d %" PRId64 " %d\n", p->job,
		       p->attempt, p->image, p->socket, (int)p->publisher.pid, p->start_ms,
		       (int)p->process);
}

/* Returns a descriptor of the state, positioned at its start. */
static int write_state(const struct agent *a, struct err *e)
{
	own_fd int fd = memfd_create("hornerod", MFD_CLOEXEC);
	bool whole = fd >= 0 && dprintf(fd, FORMAT "\nlock %d\n", a->lock) > 0;

	for (const struct attempt_run *r = a->attempts; r; r = r->next)
		whole = whole && write_attempt(fd, r) > 0;
	for (const struct publication *p = a->publications; p; p = p->next)
		whole = whole && (p->prepares || write_publication(fd, p) > 0);
	if (!whole || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, ERR_NOBODY, "cannot write the state for the next program");
	return steal_fd(&fd);
}

/* The state, the lock and the sockets survive the exec, which closes everything else. */
static void let_go(struct agent *a, int state)
{
	fcntl(state, F_SETFD, 0);
	sweeping_stop(a); /* they start again, which costs nothing */
	fcntl(a->lock, F_SETFD, 0);
	/* A publisher that only prepares ends when its socket is closed. */
	for (struct publication *p = a->publications; p; p = p->next)
		if (!p->prepares)
			fcntl(p->socket, F_SETFD, 0);
	db_close(a->db);
	a->db = NULL;
}

/* After let_go() we cannot back out; if the new program is gone, executes ourselves. */
static void execute(const struct agent *a, const char *resume)
{
	char *argv[] = {(char *)(uintptr_t)a->program, (char *)(uintptr_t) "-c",
			(char *)(uintptr_t)a->conf_path, (char *)(uintptr_t)resume, NULL};

	say_alive();
	execv(a->program, argv);
	log_error("event=handover-failed %s: %s; this hornerod goes on with its old program",
		  a->program, strerror(errno));
	execv("/proc/self/exe", argv);
	log_error("event=handover-failed /proc/self/exe: %s", strerror(errno));
}

int handover(struct agent *a, struct err *e)
{
	own_free char *resume = NULL;
	int state;

	if (check_next(a, e) < 0)
		return -1;
	state = write_state(a, e);
	if (state < 0)
		return -1;
	resume = fs_path("--resume=%d", state);
	log_info("event=handover program=%s", a->program);
	let_go(a, state);
	execute(a, resume);
	_exit(err_exit(ERR_US));
}

/* ---- the next life ---- */

/* Takes a descriptor of the old life, and keeps it from our children. */
static int take_fd(int fd, struct err *e)
{
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return err_sys(e, ERR_US, "cannot take over descriptor %d", fd);
	return fd;
}

static int unreadable(const char *line, struct err *e)
{
	return err_set(e, ERR_US, "cannot read this line of the handed-over state: \"%s\"", line);
}

static int take_attempt(struct agent *a, const char *line, struct err *e)
{
	struct attempt_past past = {0};

	if (sscanf(line, "attempt %" SCNd64 " %" SCNd64 " %36s %d %127s %" SCNd64 " %15s",
		   &past.job, &past.number, past.image, &past.pid, past.leaf, &past.mem_mb,
		   past.ended_by) != 7)
		return unreadable(line, e);
	return attempt_resume(a, &past, e);
}

static int take_publication(struct agent *a, const char *line, struct err *e)
{
	struct publication_past past = {0};

	if (sscanf(line, "publication %" SCNd64 " %" SCNd64 " %36s %d %d %" SCNd64 " %d", &past.job,
		   &past.attempt, past.image, &past.socket, &past.pid, &past.start_ms,
		   &past.process) < 6) /* the last is missing where an older version wrote it */
		return unreadable(line, e);
	if (past.socket >= 0 && take_fd(past.socket, e) < 0)
		return -1;
	return publication_resume(a, &past, e);
}

static int take_line(struct agent *a, const char *line, struct err *e)
{
	if (strncmp(line, "attempt ", 8) == 0)
		return take_attempt(a, line, e);
	if (strncmp(line, "publication ", 12) == 0)
		return take_publication(a, line, e);
	return unreadable(line, e);
}

int handover_take_lock(struct agent *a, int state, struct err *e)
{
	int lock;
	size_t len;

	if (take_fd(state, e) < 0 ||
	    fs_read_fd(state, "the handed-over state", STATE_MAX, &a->past, &len, e) < 0)
		return -1;
	close(state);
	if (sscanf(a->past, FORMAT " lock %d", &lock) != 1)
		return err_set(e, ERR_US, "the handed-over state is of another version");
	a->lock = take_fd(lock, e);
	if (a->lock < 0)
		return -1;
	bell_note_agent(a->lock); /* the one before may have had no such note */
	return 0;
}

int handover_take_rest(struct agent *a, struct err *e)
{
	own_free char *past = steal_ptr(&a->past);
	char *save = NULL;
	int n = 0;

	for (char *line = strtok_r(past, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (n++ >= 2 && take_line(a, line, e) < 0) /* after the format and the lock */
			return -1;
	earlier_take_children(a);
	a->stuck_written = true; /* the previous life's report stands until our first look */
	log_info("event=resumed-builds lines=%d", n - 2);
	return 0;
}
