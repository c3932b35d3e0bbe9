/* stdio: DIAGNOSTICS: as door/order.h, and ERR_OPERATOR if the keys file has no such name. */
#include "door/stdio.h"

#include "conf/way.h"
#include "lib/address.h"
#include "door/cost.h"
#include "door/limit.h"
#include "door/login.h"
#include "door/order.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SSH_PORT = 22, WHAT_MAX = 128, SIGNAL_BASE = 128 };

/* SSH_CONNECTION also ends in the port that the client used. */
static void way_here(char out[WAY_MAX], const struct conf *c)
{
	const char *connection = getenv("SSH_CONNECTION");
	const char *port = connection ? strrchr(connection, ' ') : NULL;

	way_make(out, c->door_name, getenv("LOGNAME"),
		 port ? (int)strtol(port, NULL, 10) : SSH_PORT);
}

/* A push on its way from the client to git. */
struct feed {
	int to; /* non-blocking, so that the cost is checked meanwhile */
	char data[64 * 1024];
	size_t at, len;
	uint64_t got;
};

/* Returns 0, or -1 if either end is finished. */
static int feed_on(struct feed *f)
{
	ssize_t n;

	if (f->at < f->len) {
		n = write(f->to, f->data + f->at, f->len - f->at);
		f->at += n > 0 ? (size_t)n : 0;
		return n < 0 && errno != EAGAIN && errno != EINTR ? -1 : 0;
	}
	n = read(STDIN_FILENO, f->data, sizeof(f->data));
	if (n <= 0)
		return n < 0 && errno == EINTR ? 0 : -1;
	f->at = 0;
	f->len = (size_t)n;
	f->got += (size_t)n;
	return 0;
}

/* Runs until git has ended. Returns true if its push cost too much. */
static bool watch(const struct child *child, int to)
{
	struct feed f = {.to = to};
	int64_t looked_ms = clock_mono_ms();
	bool dear = false;

	for (;;) {
		const bool held = f.at < f.len;
		struct pollfd fds[2] = {
			{.fd = child->pidfd, .events = POLLIN},
			{.fd = f.to < 0 ? -1
			       : held	? f.to
					: STDIN_FILENO,
			 .events = held ? POLLOUT : POLLIN},
		};
		int n = poll(fds, 2, COST_LOOK_MS);

		if (n > 0 && fds[0].revents)
			return dear;
		if (n > 0 && fds[1].revents && feed_on(&f) < 0)
			close(steal_fd(&f.to));
		if (clock_mono_ms() - looked_ms < COST_LOOK_MS)
			continue;
		looked_ms = clock_mono_ms();
		if (cost_watch(child->pid, f.got) && !dear) {
			dear = true;
			dprintf(STDERR_FILENO, "hornero: %s\n", COST_WORDS);
		}
	}
}

/* Returns the wait status, or -1 with e filled. */
static int execute(const struct conf *c, const struct key_entry *key, const char *command,
		   bool *dear, struct err *e)
{
	own_order struct order o = ORDER_INIT;
	struct spawn s = SPAWN_INIT(NULL);
	struct child child;
	char way[WAY_MAX], note[sizeof(o.line.repo) + 32], peer[ADDRESS_TEXT];
	int feed[2] = {-1, -1};
	bool writes;

	way_here(way, c);
	o.peer = address_of_ssh(getenv("SSH_CONNECTION"), peer);
	/* Set the limits before acting for the client: a push may start a program that creates its
	 * repository. */
	if (limit_self(c->door_memory_limit_bytes, e) < 0 ||
	    order_make(&o, c, key, way, command, getenv("GIT_PROTOCOL"), e) < 0 ||
	    order_enter(&o, e) < 0)
		return -1;
	if (order_note(&o, note, sizeof(note)))
		fprintf(stderr, "hornero: %s\n", note);
	writes = o.line.service && o.line.service->writes;
	if (writes && (pipe2(feed, O_CLOEXEC) < 0 || fcntl(feed[1], F_SETFL, O_NONBLOCK) < 0))
		return err_sys(e, ERR_NOBODY, "cannot start the push; try again later");
	s.argv = args_list(&o.args);
	s.envp = args_list(&o.env);
	s.in = writes ? feed[0] : STDIN_FILENO;
	s.out = STDOUT_FILENO;
	s.err = STDERR_FILENO;
	/* As in door/pump.c, a writer ends when its input ends. */
	s.death = writes ? SIGCONT : SIGKILL;
	if (spawn_start(&s, &child, e) < 0)
		return -1;
	/* Only the process may hold the client's output, so that the client sees its end. */
	close(STDOUT_FILENO);
	if (writes) {
		close(feed[0]);
		signal(SIGPIPE, SIG_IGN);
		*dear = watch(&child, feed[1]);
	}
	close(STDIN_FILENO);
	close(STDERR_FILENO);
	return spawn_wait(&child);
}

int stdio_serve(const struct conf *c, const char *name, struct err *e)
{
	const char *command = getenv("SSH_ORIGINAL_COMMAND");
	own_keyring struct keyring *ring = NULL;
	const struct key_entry *key;
	int64_t began_ms = clock_mono_ms();
	char buf[ADDRESS_TEXT], what[WHAT_MAX], quoted[WHAT_MAX + 8], text[64];
	const char *peer = address_of_ssh(getenv("SSH_CONNECTION"), buf);
	bool dear = false;
	int status;

	if (login_load(c->keys_file, &ring, e) < 0)
		return -1;
	key = keyring_named(ring, name);
	if (!key || key->problem)
		return err_set(
			e, ERR_OPERATOR,
			"%s has no usable line with the name %s, which authorized_keys passes",
			c->keys_file, name);
	snprintf(what, sizeof(what), "%s", command ? command : "(shell)");
	log_quote(quoted, sizeof(quoted), what);
	log_info("event=command peer=%s key=%s what=%s", peer, name, quoted);
	status = execute(c, key, command, &dear, e);
	if (dear)
		log_warn("event=push-too-dear peer=%s key=%s what=%s", peer, name, quoted);
	log_info("event=done peer=%s key=%s ms=%lld status=\"%s\" what=%s", peer, name,
		 (long long)(clock_mono_ms() - began_ms),
		 spawn_status_text(status < 0 ? err_exit(e->class) << 8 : status, text,
				   sizeof(text)),
		 quoted);
	if (status < 0)
		return -1;
	return WIFSIGNALED(status) ? SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status);
}

int stdio_refuse(const char *name, const struct err *e)
{
	char buf[ADDRESS_TEXT];

	order_report(e, address_of_ssh(getenv("SSH_CONNECTION"), buf), name);
	fprintf(stderr, "hornero: %s\n", e->msg);
	return err_exit(e->class);
}
