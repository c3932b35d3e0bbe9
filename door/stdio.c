/* stdio: DIAGNOSTICS: as door/order.h, and ERR_OPERATOR where the file of keys has no such name. */
#include "door/stdio.h"

#include "conf/way.h"
#include "door/address.h"
#include "door/limit.h"
#include "door/login.h"
#include "door/order.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/spawn.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SSH_PORT = 22, WHAT_MAX = 128, SIGNAL_BASE = 128 };

/* "192.0.2.1:4711", from what sshd says: its client's address and port, then its own. */
static const char *peer_of(const char *connection, char buf[ADDRESS_TEXT])
{
	char host[46], port[6];
	bool v6;

	if (!connection || sscanf(connection, "%45s %5s", host, port) != 2)
		return "unknown";
	v6 = strchr(host, ':');
	snprintf(buf, ADDRESS_TEXT, "%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "", port);
	return buf;
}

/* The same says what the client came to. */
static void way_here(char out[WAY_MAX], const struct conf *c)
{
	const char *connection = getenv("SSH_CONNECTION");
	const char *port = connection ? strrchr(connection, ' ') : NULL;

	way_make(out, c->door_name, getenv("LOGNAME"), port ? (int)strtol(port, NULL, 10) : SSH_PORT);
}

/* The wait status, or -1 with e filled. */
static int execute(const struct conf *c, const struct key_entry *key, const char *command, struct err *e)
{
	own_order struct order o = ORDER_INIT;
	struct spawn s = SPAWN_INIT(NULL);
	struct child child;
	char way[WAY_MAX], note[sizeof(o.line.repo) + 32];

	way_here(way, c);
	/* Before anything that the client wishes: a push may start a program that makes its repository. */
	if (limit_self(c->door_memory_limit_bytes, e) < 0 ||
	    order_make(&o, c, key, way, command, getenv("GIT_PROTOCOL"), e) < 0 || order_enter(&o, e) < 0)
		return -1;
	if (order_note(&o, note, sizeof(note)))
		fprintf(stderr, "hornero: %s\n", note);
	s.argv = args_list(&o.args);
	s.envp = args_list(&o.env);
	s.in = STDIN_FILENO;
	s.out = STDOUT_FILENO;
	s.err = STDERR_FILENO;
	/* As at the door itself: who writes ends when its input does. */
	s.death = o.line.service && o.line.service->writes ? SIGCONT : SIGKILL;
	if (spawn_start(&s, &child, e) < 0)
		return -1;
	/* Its end must be seen by the client, and by it alone. */
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
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
	const char *peer = peer_of(getenv("SSH_CONNECTION"), buf);
	int status;

	if (login_load(c->keys_file, &ring, e) < 0)
		return -1;
	key = keyring_named(ring, name);
	if (!key || key->problem)
		return err_set(e, ERR_OPERATOR, "the keys %s have no usable line with the name %s, which authorized_keys names",
			       c->keys_file, name);
	snprintf(what, sizeof(what), "%s", command ? command : "(shell)");
	log_quote(quoted, sizeof(quoted), what);
	log_info("event=command peer=%s key=%s what=%s", peer, name, quoted);
	status = execute(c, key, command, e);
	log_info("event=done peer=%s key=%s ms=%lld status=\"%s\" what=%s", peer, name, (long long)(clock_mono_ms() - began_ms),
		 spawn_status_text(status < 0 ? err_exit(e->class) << 8 : status, text, sizeof(text)), quoted);
	if (status < 0)
		return -1;
	return WIFSIGNALED(status) ? SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status);
}

int stdio_refuse(const char *name, const struct err *e)
{
	char buf[ADDRESS_TEXT];

	order_report(e, peer_of(getenv("SSH_CONNECTION"), buf), name);
	fprintf(stderr, "hornero: %s\n", e->msg);
	return err_exit(e->class);
}
