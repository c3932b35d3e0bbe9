/*
 * spawn: the one place that forks. fork is followed by exec, always.
 *
 *     struct spawn s = SPAWN_INIT(argv);
 *     s.out = log_fd;
 *     if (spawn_start(&s, &child, e) < 0) return -1;
 *     … poll child.pidfd …
 *     int status = spawn_wait(&child);
 *
 * In the child: signal mask and dispositions as new, every descriptor but those
 * named closed, joins the given cgroups before anything else, then drops ids; killed when this thread ends. An
 * exec that fails is reported here, as the parent's error, not as an exit code.
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
	const char *const *argv; /* argv[0] is searched in PATH unless it has a slash */
	const char *const *envp; /* NULL: this process's environment */
	int in, out, err;        /* -1: /dev/null */
	const struct spawn_fd *fds;
	size_t nfds;
	const int *join; /* open directories of cgroups: the child is in each of them before it is executed */
	size_t njoin;
	bool set_ids; /* setgroups(0), setgid, setuid; refused for uid 0 and for -1 */
	uid_t uid;
	gid_t gid;
	const char *cwd;      /* NULL: ours */
	const struct spawn_limit *limits; /* soft and hard; one that is lower already stays */
	size_t nlimits;
	int death;            /* signal when this thread ends; 0: SIGKILL */
};

#define SPAWN_INIT(a) {.argv = (a), .in = -1, .out = -1, .err = -1}

struct child {
	pid_t pid;
	int pidfd; /* readable once the child has ended; owned, closed by spawn_wait */
};

/* Start it. On success the caller owes a spawn_wait. */
int spawn_start(const struct spawn *s, struct child *out, struct err *e);

/* A child that a life of this process before an exec started: ours still, and its number nobody else's. */
int spawn_adopt(pid_t pid, struct child *out, struct err *e);

/* Reap it and close the pidfd. Returns the wait status (as waitpid gives it). */
int spawn_wait(struct child *c);

/* SIGKILL, then reap. */
void spawn_kill(struct child *c);

/* Whether it ends by itself within ms; it is not reaped. */
bool spawn_ends_within(const struct child *c, int ms);

/* Wait for its end by itself, at most ms; then SIGKILL, and as long again. False: it hangs in the kernel and was not reaped. */
bool spawn_end(struct child *c, int ms);

/* Run to the end with standard output into *out (fresh, NUL-terminated, at most max bytes, more is
 * an error), killed after timeout_ms. Returns the wait status, or -1 with e filled. s->out is ignored. */
int spawn_capture(const struct spawn *s, int timeout_ms, size_t max, char **out, size_t *len, struct err *e);

/* "exit 3" or "signal 9 (Killed)" into buf; returns buf. */
const char *spawn_status_text(int status, char *buf, size_t size);

#endif
