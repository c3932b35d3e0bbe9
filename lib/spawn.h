/*
 * spawn: the only place that forks. An exec always follows.
 *
 *     struct spawn s = SPAWN_INIT(argv);
 *     s.out = log_fd;
 *     if (spawn_start(&s, &child, e) < 0) return -1;
 *     … poll child.pidfd …
 *     int status = spawn_wait(&child);
 *
 * The child resets its signal mask and dispositions, joins the given cgroups, closes every
 * descriptor that is not named, and then drops its ids. It gets a signal (`death`) when this thread
 * ends. If exec fails, spawn_start returns that as an error of the parent, not as an exit code.
 */
#ifndef HORNERO_LIB_SPAWN_H
#define HORNERO_LIB_SPAWN_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct spawn_fd {
	int from; /* descriptor here; borrowed */
	int to;   /* its number in the child, >= 3 */
};

struct spawn_limit {
	int resource; /* RLIMIT_… */
	unsigned long soft, hard;
};

struct spawn {
	const char *const *argv; /* looked up in PATH unless argv[0] has a slash */
	const char *const *envp; /* NULL: our environment */
	int in, out, err;        /* -1: /dev/null */
	const struct spawn_fd *fds;
	size_t nfds;
	/* Open directories of cgroups, borrowed. The child is in all of them before exec. */
	const int *join;
	size_t njoin;
	bool set_ids; /* setgroups(0), setgid, setuid; uid 0 and -1 are refused */
	uid_t uid;
	gid_t gid;
	const char *cwd;      /* NULL: ours */
	const struct spawn_limit *limits; /* soft and hard; a lower existing limit stays */
	size_t nlimits;
	int death;            /* signal that the child gets when this thread ends; 0: SIGKILL */
};

#define SPAWN_INIT(a) {.argv = (a), .in = -1, .out = -1, .err = -1}

struct child {
	pid_t pid;
	int pidfd; /* readable once the child has ended; owned, closed by spawn_wait */
};

/* Starts the program. On success the caller must call spawn_wait. Returns 0, or -1 with e
 * filled. */
int spawn_start(const struct spawn *s, struct child *out, struct err *e);

/* Adopts a child that this process started before its last exec. It is still ours, and until we
 * reap it no other process gets its PID. */
int spawn_adopt(pid_t pid, struct child *out, struct err *e);

/* Reaps the child and closes the pidfd. Returns the wait status of waitpid. */
int spawn_wait(struct child *c);

/* Sends SIGKILL, then reaps. */
void spawn_kill(struct child *c);

/* Whether the child ends by itself within ms. Does not reap it. */
bool spawn_ends_within(const struct child *c, int ms);

/* Waits up to ms for the child to end; then sends SIGKILL and waits up to ms again. Returns true
 * once the child is reaped, false if it hangs in the kernel. */
bool spawn_end(struct child *c, int ms);

/* Runs the program to its end and captures standard output in *out, a new NUL-terminated string of
 * at most max bytes; more output is an error. Kills the program after timeout_ms (then e->sys is
 * ETIMEDOUT). Ignores s->out. Returns the wait status, or -1 with e filled. */
int spawn_capture(const struct spawn *s, int timeout_ms, size_t max, char **out, size_t *len,
		  struct err *e);

/* Writes "exit 3" or "signal 9 (Killed)" into buf. Returns buf. */
const char *spawn_status_text(int status, char *buf, size_t size);

#endif
