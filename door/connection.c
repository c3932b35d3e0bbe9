/* connection: DIAGNOSTICS: a client's mistake ends its connection and is logged with its name.
 * Errors are the node's only: no host keys, no key file, no memory. */
#include "door/connection.h"

#include "lib/address.h"
#include "door/cost.h"
#include "door/greeting.h"
#include "door/guard.h"
#include "door/inner.h"
#include "door/limit.h"
#include "door/offer.h"
#include "door/refusal.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/stopsignal.h"

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

enum { LINGER_MS = 30000, END_MS = 5000, TURN_MS = 1000, BYE_MS = 5000, MMAP_MIN = 64 * 1024 };

/* libssh owns fd from here on. */
static int adopt(struct connection *k, const struct offer *o, struct err *e)
{
	k->event = ssh_event_new();
	if (!k->event)
		return err_set(e, ERR_NOBODY, "out of memory for a connection");
	if (offer_session(k->conf, k->fd, o, &k->session, e) < 0 ||
	    greeting_hand_over(k->session, k->fd, e) < 0)
		return -1;
	request_listen(k);
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

/* The kernel resets this option repeatedly. Clients delay their next small packet until the last
 * one is acknowledged. */
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
	return k->hung_up || k->failed ||
	       ssh_get_status(k->session) & (SSH_CLOSED | SSH_CLOSED_ERROR);
}

/* git removes its locks on SIGTERM. */
static void look_at_signals(struct connection *k)
{
	struct signalfd_siginfo info;

	while (read(k->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		k->stopping = true;
		if (info.ssi_signo == CONNECTION_END && !k->end_ms)
			k->end_ms = clock_mono_ms() + END_MS;
	}
	for (size_t i = 0; i < CHANNELS; i++)
		if (k->pumps[i].used && (k->end_ms || !k->pumps[i].git))
			pump_ask(&k->pumps[i], "hornero-door is being stopped and ends this; try "
					       "again in a moment");
}

static int wait_ms(const struct connection *k)
{
	int ms = TURN_MS;

	for (size_t i = 0; i < CHANNELS; i++)
		if (k->pumps[i].used && pump_is_watched(&k->pumps[i]) && ms > COST_LOOK_MS)
			ms = COST_LOOK_MS;
	return ms;
}

/* Waits once and handles every event. alone: the client is gone. */
static void turn(struct connection *k, bool alone)
{
	struct pollfd fds[2 + CHANNELS * PUMP_POLLS];
	size_t at[CHANNELS + 1];
	int flags = ssh_get_poll_flags(k->session);

	guard_renew();
	/* Do not read from a client that does not take our answers: libssh keeps its input. */
	fds[0] = (struct pollfd){.fd = k->fd,
				 .events = flags & SSH_WRITE_PENDING ? POLLOUT | POLLRDHUP
								     : POLLIN | POLLRDHUP};
	if (alone)
		fds[0].fd = -1;
	fds[1] = (struct pollfd){.fd = k->signals, .events = POLLIN};
	at[0] = 2;
	for (size_t i = 0; i < CHANNELS; i++)
		at[i + 1] = at[i] + (k->pumps[i].used ? pump_poll(&k->pumps[i], fds + at[i]) : 0);
	if (poll(fds, at[CHANNELS], wait_ms(k)) < 0)
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

	if (p->too_dear)
		log_warn("event=push-too-dear peer=%s key=%s received=%llu cpu_ms=%lld what=%s",
			 k->peer, k->login.key->name, (unsigned long long)p->got,
			 (long long)p->cpu_ms, log_quote(quoted, sizeof(quoted), p->what));
	log_info("event=done peer=%s key=%s received=%llu sent=%llu ms=%lld cpu_ms=%lld "
		 "status=\"%s\" what=%s",
		 k->peer, k->login.key->name, (unsigned long long)p->got,
		 (unsigned long long)p->sent, (long long)(clock_mono_ms() - p->began_ms),
		 (long long)p->cpu_ms, spawn_status_text(p->status, status, sizeof(status)),
		 log_quote(quoted, sizeof(quoted), p->what));
}

/* Ends finished commands. Returns how many are left. A channel without a command does not count. */
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
	request_report(k, n > 0);
	return n;
}

/* A client that requests nothing keeps its slot no longer than one that does not log in. */
static bool idle_too_long(const struct connection *k, size_t open)
{
	const struct conf *c = k->conf;
	int64_t most_s = c->door_idle_timeout_s;

	if (open == 0 && most_s > c->door_login_timeout_s)
		most_s = c->door_login_timeout_s;
	return k->login.key && clock_mono_ms() - k->active_ms > most_s * 1000;
}

/* Exchanges keys, then serves the client to its end. Returns why it ended. */
static const char *serve(struct connection *k)
{
	int rc;

	look_whether_it_speaks(k);
	rc = ssh_handle_key_exchange(k->session);
	/* Before that call the session has nothing to poll. */
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
	k->keyed = true;
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

/* libssh buffers a packet unless it has seen the socket writable since its last write, and
 * ssh_disconnect() discards the buffer. Hence: until a round that writes nothing. */
static void flush(struct connection *k)
{
	struct ssh_counter_struct count = {0};
	int64_t deadline_ms = clock_mono_ms() + BYE_MS;
	uint64_t before;
	bool pending = false;

	ssh_set_counters(k->session, &count, NULL);
	do {
		before = count.out_bytes;
		if (ssh_event_dopoll(k->event, pending ? TURN_MS : 0) == SSH_ERROR)
			break;
		pending = ssh_get_poll_flags(k->session) & SSH_WRITE_PENDING;
	} while ((pending || count.out_bytes != before) && clock_mono_ms() < deadline_ms);
	ssh_set_counters(k->session, NULL, NULL);
}

/* Drains the socket: closing it with unread input would discard our last words. */
static void say_bye(struct connection *k, const char *why)
{
	own_fd int fd = fcntl(k->fd, F_DUPFD_CLOEXEC, 0);

	flush(k);
	ssh_session_set_disconnect_message(k->session, why);
	ssh_disconnect(k->session);
	refusal_drain(fd, BYE_MS);
}

static bool at_work(const struct connection *k)
{
	for (size_t i = 0; i < CHANNELS; i++)
		if (k->pumps[i].used && k->pumps[i].child.pid)
			return true;
	return false;
}

/* The client is gone. A push may finish; then ask it to end, then kill it. */
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
	bool unlike;

	end_commands(k);
	for (size_t i = 0; i < CHANNELS; i++) {
		struct pump *p = &k->pumps[i];

		if (!p->used)
			continue;
		if (p->commanded)
			log_end(k, p);
		pump_end(p);
	}
	/* This frees the remaining channels. */
	if (k->bye || (k->login.key && !lost(k)))
		say_bye(k, k->bye ? k->bye : why);
	/* A client that shares no algorithm with us hangs up, often before libssh reports "no
	 * match". */
	unlike = !k->keyed && !k->stopping && ssh_get_clientbanner(k->session);
	log_info("event=left peer=%s key=%s why=\"%s\"%s said=%s", k->peer,
		 k->login.key ? k->login.key->name : "-", why,
		 unlike ? " hint=\"hornero-door(8): BEHIND OPENSSH\"" : "",
		 log_quote(quoted, sizeof(quoted), ssh_get_error(k->session)));
}

static int watch_signals(struct connection *k, struct err *e)
{
	static const int signals[] = {CONNECTION_STOP, CONNECTION_END, 0};

	signal(SIGPIPE, SIG_IGN);
	k->signals = stopsignal_open(signals, e);
	return k->signals < 0 ? -1 : 0;
}

static int verdict(const struct connection *k)
{
	const struct key_entry *first;

	/* If the node has no keys, an unknown one is not the client's fault. */
	if (k->login.key || (k->login.denied && keyring_entries(k->login.ring, &first) == 0))
		return CONNECTION_SERVED;
	if (k->login.denied)
		return CONNECTION_DENIED;
	/* It took too long: a user who types a passphrase, or a socket without a speaker. */
	if (k->stopping)
		return k->identified ? CONNECTION_GONE : CONNECTION_STRANGE;
	if (k->spoke && !k->identified)
		return CONNECTION_STRANGE;
	return k->left ? CONNECTION_GONE : CONNECTION_STRANGE;
}

int connection_serve(const struct conf *c, int fd, int report, struct err *e)
{
	struct connection k = {.conf = c, .fd = fd, .report = report, .active_ms = clock_mono_ms()};
	struct offer o;
	int code;

	if (watch_signals(&k, e) < 0 || login_load(c->keys_file, &k.login.ring, e) < 0)
		return -1;
	limit_memory(PUMP_MEMORY);
	/* Return large blocks to the kernel when freed: otherwise the C library raises this
	 * threshold. */
	mallopt(M_MMAP_THRESHOLD, MMAP_MIN);
	look_at_socket(&k);
	if (!agree_on(&k, &o)) {
		keyring_free(k.login.ring);
		return CONNECTION_GONE;
	}
	if (adopt(&k, &o, e) < 0)
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
