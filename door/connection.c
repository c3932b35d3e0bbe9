/* connection: DIAGNOSTICS: what a client does wrong ends its connection and is logged with its name, never an error
 * here; errors are the node's: no host keys, no key file, no memory. */
#include "door/connection.h"

#include "conf/way.h"
#include "door/address.h"
#include "door/guard.h"
#include "door/limit.h"
#include "door/login.h"
#include "door/offer.h"
#include "door/order.h"
#include "door/pump.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/own.h"

#include <fcntl.h>
#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

enum { CHANNELS = 8, LINGER_MS = 30000, END_MS = 5000, COMMAND_MS = 200, COMMANDS_AHEAD = 100, TURN_MS = 1000, ANSWER_MS = 5000, BYE_MS = 1000, MMAP_MIN = 64 * 1024 };

struct connection {
	const struct conf *conf;
	struct login login;
	ssh_session session;
	ssh_event event;
	int fd, report, signals;
	bool spoke;      /* the client has sent something */
	bool left;       /* the client has closed its side */
	bool hung_up;    /* we have enough of it */
	bool failed;     /* libssh says that it is over */
	bool stopping;   /* no new commands: we are asked to end */
	int64_t end_ms;  /* and what is left is killed then; 0: not yet */
	bool busy;       /* there are commands, as far as was reported */
	const char *bye; /* why we hang up, in words for the client */
	int64_t active_ms;
	int64_t paid_ms; /* its commands are paid for up to then, at COMMAND_MS each */
	char peer[ADDRESS_TEXT];
	char way[WAY_MAX]; /* how the client came here */
	char *chunk;
	struct pump pumps[CHANNELS];
};

static void remember_way(struct connection *k, const char *user)
{
	struct sockaddr_storage here = {0};
	socklen_t len = sizeof(here);

	getsockname(k->fd, (struct sockaddr *)&here, &len);
	way_make(k->way, k->conf->door_name, user, address_port((struct sockaddr *)&here));
}

/* Who listens counts the connections of a key. */
static bool may_stay(struct connection *k)
{
	const char *name = k->login.key->name;
	struct pollfd wait = {.fd = k->report, .events = POLLIN};
	char answer = CONNECTION_FULL;

	if (send(k->report, name, strlen(name), 0) < 0 || poll(&wait, 1, ANSWER_MS) <= 0 || recv(k->report, &answer, 1, MSG_DONTWAIT) <= 0)
		k->bye = "hornero-door: it is about to end";
	else if (answer != CONNECTION_IN)
		k->bye = "hornero-door: this key has all the connections that one key may have (door_connections_per_key), each at work";
	return !k->bye;
}

static int on_pubkey(ssh_session session, const char *user, ssh_key offered, char state, void *arg)
{
	struct connection *k = arg;

	(void)session;
	if (k->login.key || !login_offer(&k->login, offered, state)) {
		k->hung_up = k->hung_up || k->login.key || k->login.offers > LOGIN_OFFERS_MAX;
		return SSH_AUTH_DENIED;
	}
	if (!k->login.key)
		return SSH_AUTH_SUCCESS; /* "that one would do": now it signs */
	remember_way(k, user);
	k->active_ms = clock_mono_ms();
	if (!may_stay(k)) {
		/* "No" would sound as if the key were wrong. */
		k->hung_up = true;
		return SSH_AUTH_SUCCESS;
	}
	log_info("event=login peer=%s key=%s type=%s", k->peer, k->login.key->name, k->login.key->type);
	return SSH_AUTH_SUCCESS;
}

/* libssh would ask Kerberos otherwise, before anybody has logged in. */
static ssh_string on_gssapi(ssh_session session, const char *user, int n, ssh_string *oids, void *arg)
{
	(void)session, (void)user, (void)n, (void)oids, (void)arg;
	return NULL;
}

static struct pump *pump_of(struct connection *k, ssh_channel channel)
{
	for (size_t i = 0; i < CHANNELS; i++)
		if (k->pumps[i].used && k->pumps[i].channel == channel)
			return &k->pumps[i];
	return NULL;
}

static void report_busy(struct connection *k, bool busy)
{
	const char now = busy ? CONNECTION_BUSY : CONNECTION_IDLE;

	if (busy != k->busy)
		(void)!send(k->report, &now, 1, 0);
	k->busy = busy;
}

/* A key that was taken away ends what it had open, too. */
static int renew_key(struct connection *k, struct err *e)
{
	int rc = login_renew(&k->login, k->conf->keys_file, e);

	if (rc == 0) {
		k->bye = "hornero-door: this key may come in no longer";
		return err_set(e, ERR_PUSHER, "the key %s may come in no longer", k->login.key->name);
	}
	return rc < 0 ? -1 : 0;
}

static void command(struct connection *k, struct pump *p, const char *text)
{
	own_order struct order o = ORDER_INIT;
	struct err e = ERR_INIT;
	char quoted[sizeof(p->what) + 8];

	p->commanded = true;
	report_busy(k, true);
	k->paid_ms = (k->paid_ms > clock_mono_ms() ? k->paid_ms : clock_mono_ms()) + COMMAND_MS;
	snprintf(p->what, sizeof(p->what), "%s", text ? text : "(shell)");
	log_info("event=command peer=%s key=%s what=%s", k->peer, k->login.key->name, log_quote(quoted, sizeof(quoted), p->what));
	if (renew_key(k, &e) < 0 ||
	    order_make(&o, k->conf, k->login.key, k->way, text, *p->protocol ? p->protocol : NULL, &e) < 0 || pump_start(p, &o, &e) < 0) {
		order_report(&e, k->peer, k->login.key->name);
		pump_say(p, e.msg, err_exit(e.class));
	}
}

static int on_exec(ssh_session session, ssh_channel channel, const char *text, void *arg)
{
	struct connection *k = arg;
	struct pump *p = pump_of(k, channel);

	(void)session;
	if (!p || p->commanded || k->stopping || k->bye)
		return 1;
	command(k, p, text);
	return 0;
}

static int on_shell(ssh_session session, ssh_channel channel, void *arg)
{
	return on_exec(session, channel, NULL, arg);
}

static int on_env(ssh_session session, ssh_channel channel, const char *name, const char *value, void *arg)
{
	struct pump *p = pump_of(arg, channel);

	(void)session;
	if (!p || p->commanded || !order_takes_env(name, value))
		return 1;
	snprintf(p->protocol, sizeof(p->protocol), "%s", value);
	return 0;
}

static struct ssh_channel_callbacks_struct requests = {
	.channel_exec_request_function = on_exec,
	.channel_shell_request_function = on_shell,
	.channel_env_request_function = on_env,
};

static ssh_channel on_channel(ssh_session session, void *arg)
{
	struct connection *k = arg;
	ssh_channel channel;

	/* Not before: most of the memory of a connection that is only held open would be this. */
	if (!k->chunk && k->login.key)
		k->chunk = malloc(PUMP_CHUNK);
	for (size_t i = 0; k->chunk && k->login.key && !k->stopping && !k->bye && i < CHANNELS; i++) {
		if (k->pumps[i].used)
			continue;
		channel = pump_open(&k->pumps[i], session, k->chunk);
		if (channel)
			ssh_add_channel_callbacks(channel, &requests);
		return channel;
	}
	return NULL;
}

static struct ssh_server_callbacks_struct server = {
	.auth_pubkey_function = on_pubkey,
	.gssapi_select_oid_function = on_gssapi,
	.channel_open_request_session_function = on_channel,
};

/* libssh closes fd from here on. */
static int adopt(struct connection *k, struct err *e)
{
	k->event = ssh_event_new();
	if (!k->event)
		return err_set(e, ERR_NOBODY, "out of memory for a connection");
	if (offer_session(k->conf, k->fd, &k->session, e) < 0)
		return -1;
	server.userdata = k;
	requests.userdata = k;
	ssh_callbacks_init(&server);
	ssh_callbacks_init(&requests);
	ssh_set_server_callbacks(k->session, &server);
	return 0;
}

static void look_at_socket(struct connection *k)
{
	struct sockaddr_storage peer = {0};
	socklen_t len = sizeof(peer);
	const int on = 1, idle_s = 60, probe_s = 15, probes = 4;

	getpeername(k->fd, (struct sockaddr *)&peer, &len);
	address_text((struct sockaddr *)&peer, k->peer);
	setsockopt(k->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(k->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(k->fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	setsockopt(k->fd, IPPROTO_TCP, TCP_KEEPINTVL, &probe_s, sizeof(probe_s));
	setsockopt(k->fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

/* The kernel forgets it again and again. Clients wait with their next small packet for the answer to the last one. */
static void answer_at_once(const struct connection *k)
{
	const int on = 1;

	setsockopt(k->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

static void look_whether_it_speaks(struct connection *k)
{
	char byte;

	k->spoke = k->spoke || recv(k->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static bool lost(const struct connection *k)
{
	return k->hung_up || k->failed || ssh_get_status(k->session) & (SSH_CLOSED | SSH_CLOSED_ERROR);
}

/* A client may give COMMANDS_AHEAD at once, and then one each COMMAND_MS: its lines must not drown those of others. How long
 * nothing more is read from it. */
static int rest_ms(const struct connection *k)
{
	int64_t ahead_ms = k->paid_ms - clock_mono_ms() - COMMANDS_AHEAD * COMMAND_MS;

	return ahead_ms <= 0 ? 0 : ahead_ms < TURN_MS ? (int)ahead_ms : TURN_MS;
}

/* The first time: nothing new, what only shows and tells ends, git may end by itself. The second time: git too is asked to
 * end, which takes its locks along then. */
static void look_at_signals(struct connection *k)
{
	struct signalfd_siginfo info;

	if (read(k->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (k->stopping && !k->end_ms)
		k->end_ms = clock_mono_ms() + END_MS;
	k->stopping = true;
	for (size_t i = 0; i < CHANNELS; i++)
		if (k->pumps[i].used && (k->end_ms || !k->pumps[i].git))
			pump_ask(&k->pumps[i], "hornero-door is being stopped and ends this; try again in a moment");
}

/* One wait, and all that came of it. alone: there is no client any more. */
static void turn(struct connection *k, bool alone)
{
	struct pollfd fds[2 + CHANNELS * PUMP_POLLS];
	size_t at[CHANNELS + 1];
	int flags = ssh_get_poll_flags(k->session), rest = rest_ms(k);

	guard_renew();
	/* Who does not take our answers is not asked for more: what libssh holds for him stays as it is. */
	fds[0] = (struct pollfd){.fd = k->fd, .events = flags & SSH_WRITE_PENDING ? POLLOUT | POLLRDHUP : POLLIN | POLLRDHUP};
	if (alone || (rest && !(flags & SSH_WRITE_PENDING)))
		fds[0].fd = -1;
	fds[1] = (struct pollfd){.fd = k->signals, .events = POLLIN};
	at[0] = 2;
	for (size_t i = 0; i < CHANNELS; i++)
		at[i + 1] = at[i] + (k->pumps[i].used ? pump_poll(&k->pumps[i], fds + at[i]) : 0);
	if (poll(fds, at[CHANNELS], rest ? rest : TURN_MS) < 0)
		return;
	if (fds[1].revents)
		look_at_signals(k);
	if (!alone && fds[0].revents) {
		look_whether_it_speaks(k);
		k->left = k->left || fds[0].revents & (POLLRDHUP | POLLHUP | POLLERR);
		if (ssh_event_dopoll(k->event, 0) == SSH_ERROR)
			k->failed = true;
		if (!lost(k))
			answer_at_once(k);
	}
	for (size_t i = 0; i < CHANNELS && (alone || !lost(k)); i++)
		if (k->pumps[i].used)
			pump_turn(&k->pumps[i], fds + at[i], at[i + 1] - at[i], clock_mono_ms());
}

static void log_end(const struct connection *k, const struct pump *p)
{
	char quoted[sizeof(p->what) + 8], status[64];

	log_info("event=done peer=%s key=%s received=%llu sent=%llu ms=%lld status=\"%s\" what=%s", k->peer, k->login.key->name,
		 (unsigned long long)p->got, (unsigned long long)p->sent, (long long)(clock_mono_ms() - p->began_ms),
		 spawn_status_text(p->status, status, sizeof(status)), log_quote(quoted, sizeof(quoted), p->what));
}

/* Ends what is over; says how many commands there still are. A channel without one is nothing. */
static size_t tidy(struct connection *k)
{
	int64_t now_ms = clock_mono_ms();
	size_t channels = 0, n = 0;

	for (size_t i = 0; i < CHANNELS; i++) {
		struct pump *p = &k->pumps[i];

		if (!p->used)
			continue;
		k->hung_up = k->hung_up || p->broken;
		if (p->moved_ms > k->active_ms)
			k->active_ms = p->moved_ms;
		if (pump_over(p, now_ms)) {
			if (p->commanded)
				log_end(k, p);
			pump_end(p);
			k->active_ms = now_ms;
		}
		channels += p->used;
		n += p->commanded;
	}
	if (channels == 0)
		free(steal_ptr(&k->chunk));
	report_busy(k, n > 0);
	return n;
}

/* Who asks for nothing takes a place from others for no longer than who does not log in. */
static bool idle_too_long(const struct connection *k, size_t open)
{
	const struct conf *c = k->conf;
	int64_t most_s = c->door_idle_timeout_s;

	if (open == 0 && most_s > c->door_login_timeout_s)
		most_s = c->door_login_timeout_s;
	return k->login.key && clock_mono_ms() - k->active_ms > most_s * 1000;
}

/* Until the client is known to be a client of SSH; then until its end. Says why that came. */
static const char *serve(struct connection *k)
{
	int rc;

	look_whether_it_speaks(k);
	rc = ssh_handle_key_exchange(k->session);
	/* Before that call the session has nothing yet that could be waited for. */
	if (ssh_event_add_session(k->event, k->session) != SSH_OK)
		return "no event";
	while (rc == SSH_AGAIN && !lost(k) && !k->stopping) {
		turn(k, false);
		rc = ssh_handle_key_exchange(k->session);
	}
	if (k->stopping)
		return "stopped";
	if (rc != SSH_OK)
		return "no key exchange";
	for (;;) {
		size_t open = tidy(k);

		if (lost(k))
			return k->bye ? k->bye : k->hung_up ? "cut off" : "closed";
		if (k->bye && open == 0)
			return k->bye;
		if (k->stopping && (open == 0 || (k->end_ms && k->end_ms <= clock_mono_ms())))
			return "stopped";
		if (idle_too_long(k, open))
			return "idle";
		turn(k, false);
	}
}

/* What was said is lost where the socket is closed while something stands in it unread. */
static void say_bye(struct connection *k, const char *why)
{
	int64_t deadline_ms = clock_mono_ms() + BYE_MS;
	own_fd int fd = fcntl(k->fd, F_DUPFD_CLOEXEC, 0);
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	char unread[4096];

	/* libssh writes at once only where it has seen that it can. */
	ssh_event_dopoll(k->event, 0);
	ssh_session_set_disconnect_message(k->session, why);
	ssh_disconnect(k->session);
	shutdown(fd, SHUT_WR);
	while (clock_mono_ms() < deadline_ms && poll(&wait, 1, BYE_MS) > 0 && recv(fd, unread, sizeof(unread), MSG_DONTWAIT) > 0)
		;
}

static bool at_work(const struct connection *k)
{
	for (size_t i = 0; i < CHANNELS; i++)
		if (k->pumps[i].used && k->pumps[i].child.pid)
			return true;
	return false;
}

/* Nobody listens any more. Who writes may end by itself, then is asked, then killed. */
static void end_commands(struct connection *k)
{
	int64_t deadline_ms = clock_mono_ms() + LINGER_MS;

	for (size_t i = 0; i < CHANNELS; i++)
		if (k->pumps[i].used)
			pump_hang_up(&k->pumps[i]);
	while (at_work(k) && !k->end_ms && clock_mono_ms() < deadline_ms)
		turn(k, true);
	for (size_t i = 0; i < CHANNELS; i++)
		pump_ask(&k->pumps[i], NULL);
	deadline_ms = k->end_ms ? k->end_ms : clock_mono_ms() + END_MS;
	while (at_work(k) && clock_mono_ms() < deadline_ms)
		turn(k, true);
	for (size_t i = 0; i < CHANNELS; i++)
		pump_kill(&k->pumps[i]);
}

static void finish(struct connection *k, const char *why)
{
	char quoted[300];
	const char *error;

	end_commands(k);
	for (size_t i = 0; i < CHANNELS; i++) {
		struct pump *p = &k->pumps[i];

		if (!p->used)
			continue;
		if (p->commanded)
			log_end(k, p);
		pump_end(p);
	}
	/* This frees what channels there still were. */
	if (k->bye || (k->login.key && !lost(k)))
		say_bye(k, k->bye ? k->bye : why);
	error = ssh_get_error(k->session);
	log_info("event=left peer=%s key=%s why=\"%s\"%s said=%s", k->peer, k->login.key ? k->login.key->name : "-", why,
		 strstr(error, "no match for method") ? " hint=\"hornero-door(8): BEHIND OPENSSH\"" : "",
		 log_quote(quoted, sizeof(quoted), error));
}

static int watch_signals(struct connection *k, struct err *e)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	k->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return k->signals < 0 ? err_sys(e, ERR_NOBODY, "cannot watch for signals") : 0;
}

static int verdict(const struct connection *k)
{
	const struct key_entry *first;

	/* Where there are no keys it is not the client's fault that his is unknown. */
	if (k->login.key || (k->login.denied && keyring_entries(k->login.ring, &first) == 0))
		return CONNECTION_SERVED;
	if (k->login.denied)
		return CONNECTION_DENIED;
	/* It took too long: a person who is asked for a passphrase does, and a socket that nobody speaks on. */
	if (k->stopping)
		return ssh_get_clientbanner(k->session) ? CONNECTION_GONE : CONNECTION_STRANGE;
	if (k->spoke && !ssh_get_clientbanner(k->session))
		return CONNECTION_STRANGE;
	return k->left ? CONNECTION_GONE : CONNECTION_STRANGE;
}

int connection_serve(const struct conf *c, int fd, int report, struct err *e)
{
	struct connection k = {.conf = c, .fd = fd, .report = report, .active_ms = clock_mono_ms()};
	int code;

	if (watch_signals(&k, e) < 0 || login_load(c->keys_file, &k.login.ring, e) < 0)
		return -1;
	limit_memory(PUMP_MEMORY);
	/* What is large goes back to the kernel when it is freed: the C library raises this by itself. */
	mallopt(M_MMAP_THRESHOLD, MMAP_MIN);
	look_at_socket(&k);
	if (adopt(&k, e) < 0)
		return -1;
	finish(&k, serve(&k));
	code = verdict(&k);
	ssh_event_remove_session(k.event, k.session);
	ssh_free(k.session);
	ssh_event_free(k.event);
	keyring_free(k.login.ring);
	free(k.chunk);
	close(k.signals);
	return code;
}
