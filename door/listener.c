/* listener: DIAGNOSTICS: ERR_OPERATOR if an address is unavailable. An error of one connection is
 * logged and ends that connection. */
#include "door/listener.h"

#include "lib/address.h"
#include "door/connection.h"
#include "door/gate.h"
#include "door/limit.h"
#include "lib/listen.h"
#include "door/refusal.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/spawn.h"
#include "lib/stopsignal.h"
#include "lib/systemd.h"
#include "state/doorcounts.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { POLLS_FIXED = 2 + LISTEN_MAX, QUIET_MS = 1000, REST_MS = 100, LATE_MS = 5000 };

struct place {
	struct child child;  /* pid 0: free */
	int report;          /* the process's reports (door/connection.h); -1: closed */
	int64_t deadline_ms; /* deadline of the login; 0 once logged in */
	bool late;           /* missed it and was asked to end */
	char peer[ADDRESS_TEXT];
};

struct listener {
	const struct conf *conf;
	struct gate *gate;
	int signals;
	int sockets[LISTEN_MAX];
	size_t nsockets;
	int64_t rest_ms;    /* accept nobody before */
	int64_t stop_ms;    /* ask the remaining ones again then; 0: not stopping */
	int64_t end_ms;     /* kill them then; 0: not asked again yet */
	int64_t refused_ms; /* when a refusal was last logged */
	int refused;        /* refusals since then */
	struct refusals refusals;
	struct door_counts counts; /* open and logged_in only for an answer */
	int counts_fd;      /* who asks for them; -1: nobody can */
	struct place *places;
	struct pollfd *polls;
	struct systemd systemd;
};

/* Logs at most one line per QUIET_MS: a flood of clients must not flood the log. */
static void log_refusal(struct listener *l, const char *peer, const char *why,
			const struct gate_verdict *v, int64_t now_ms)
{
	l->refused++;
	if (now_ms - l->refused_ms < QUIET_MS)
		return;
	log_warn("event=refused peer=%s why=%s wait_ms=%lld since_last=%d", peer, why,
		 (long long)v->wait_ms, l->refused);
	l->refused_ms = now_ms;
	l->refused = 0;
}

/* Takes fd. */
static void refuse(struct listener *l, int fd, const char *peer, const struct gate_verdict *v)
{
	static const struct {
		enum door_refused why;
		const char *words;
	} whys[] = {
		[GATE_PENALTY] = {DOOR_PENALTY, "penalty of this address"},
		[GATE_ADDRESS_FULL] = {DOOR_ADDRESS_FULL, "this address has all the connections "
							  "that one address may have"},
		[GATE_FULL] = {DOOR_FULL, "all connections are taken"},
	};
	int64_t now_ms = clock_mono_ms();
	char text[REFUSAL_TEXT_MAX];

	l->counts.refused[whys[v->answer].why]++;
	log_refusal(l, peer, door_refused_name(whys[v->answer].why), v, now_ms);
	snprintf(text, sizeof(text), "hornero-door: not now (%s); again in %lld s",
		 whys[v->answer].words,
		 (long long)(v->wait_ms + 999) / 1000 + (v->answer != GATE_PENALTY));
	refusal_send(&l->refusals, fd, text, now_ms);
}

/* Reaps the process of a place and frees the place. Returns its wait status. */
static int clear(struct listener *l, size_t slot)
{
	struct place *p = &l->places[slot];
	int status = spawn_wait(&p->child);

	if (p->report >= 0)
		close(p->report);
	*p = (struct place){.report = -1};
	return status;
}

static void cut_off(struct listener *l, size_t slot)
{
	kill(l->places[slot].child.pid, SIGKILL);
	clear(l, slot);
}

static void start(struct listener *l, size_t slot, int fd, const char *peer)
{
	const char *const argv[] = {"/proc/self/exe", "--connection", "-c", l->conf->path, NULL};
	struct place *p = &l->places[slot];
	struct spawn s = SPAWN_INIT(argv);
	struct err e = ERR_INIT;
	own_fd int theirs = -1;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		log_error("event=no-connection peer=%s why=\"%s\"", peer, strerror(errno));
		gate_leave(l->gate, slot, GATE_GONE, clock_mono_ms());
		return;
	}
	p->report = pair[0];
	theirs = pair[1];
	s.in = fd;
	s.err = STDERR_FILENO;
	s.fds = &(struct spawn_fd){.from = theirs, .to = CONNECTION_REPORT_FD};
	s.nfds = 1;
	if (spawn_start(&s, &p->child, &e) < 0) {
		log_error("event=no-connection peer=%s why=\"%s\"", peer, e.msg);
		close(steal_fd(&p->report));
		gate_leave(l->gate, slot, GATE_GONE, clock_mono_ms());
		return;
	}
	snprintf(p->peer, sizeof(p->peer), "%s", peer);
	p->deadline_ms = clock_mono_ms() + l->conf->door_login_timeout_s * 1000;
}

static void admit(struct listener *l, int socket)
{
	struct sockaddr_storage sa = {0};
	socklen_t len = sizeof(sa);
	own_fd int fd = accept4(socket, (struct sockaddr *)&sa, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct address from;
	struct gate_verdict v;
	char peer[ADDRESS_TEXT];

	/* The client stays in the backlog, so poll would report it again in a busy loop. */
	if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
		l->rest_ms = clock_mono_ms() + REST_MS;
	if (fd < 0)
		return;
	from = address_of((struct sockaddr *)&sa);
	address_text((struct sockaddr *)&sa, peer);
	v = gate_admit(l->gate, &from, clock_mono_ms());
	if (v.answer != GATE_IN) {
		refuse(l, steal_fd(&fd), peer, &v);
		return;
	}
	if (v.evicts && l->places[v.slot].child.pid) {
		log_line(l->places[v.slot].deadline_ms ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO,
			 "event=pushed-out peer=%s by=%s", l->places[v.slot].peer, peer);
		cut_off(l, v.slot);
	}
	start(l, v.slot, fd, peer);
}

/* A process that has not begun yet dies of a stop: not the client is slow, but the node. */
static enum gate_end judge(const char *peer, int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	if (WIFSIGNALED(status) && WTERMSIG(status) == CONNECTION_STOP)
		return GATE_GONE;
	if (code == CONNECTION_DENIED || code == CONNECTION_STRANGE)
		return GATE_DENIED;
	if (code == CONNECTION_GONE)
		return GATE_LEFT;
	if (code == -1) {
		log_error("event=connection-died peer=%s signal=%d%s", peer, WTERMSIG(status),
			  WTERMSIG(status) == SIGPROF ? " why=\"it used too much processor time\""
						      : "");
		return GATE_CRASH;
	}
	/* The connection has logged errors of the node itself. */
	return GATE_GONE;
}

static void on_end(struct listener *l, size_t slot)
{
	bool late = l->places[slot].late; /* counted already */
	char peer[ADDRESS_TEXT];
	enum gate_end end;

	memcpy(peer, l->places[slot].peer, sizeof(peer));
	end = judge(peer, clear(l, slot));
	if ((end == GATE_DENIED || end == GATE_CRASH) && !late)
		l->counts.refused[end == GATE_DENIED ? DOOR_DENIED : DOOR_CRASHED]++;
	gate_leave(l->gate, slot, end, clock_mono_ms());
}

/* Answers the connection whether it may stay. */
static void on_login(struct listener *l, size_t slot, const char *key)
{
	struct place *p = &l->places[slot];
	struct gate_verdict v = gate_logged_in(l->gate, slot, key, clock_mono_ms());
	const char answer = v.answer == GATE_IN ? CONNECTION_IN : CONNECTION_FULL;

	if (v.answer == GATE_IN && v.evicts && l->places[v.slot].child.pid) {
		log_info("event=pushed-out peer=%s key=%s by=%s", l->places[v.slot].peer, key,
			 p->peer);
		cut_off(l, v.slot);
	}
	if (v.answer == GATE_IN)
		l->counts.logins++;
	else
		l->counts.refused[DOOR_KEY_FULL]++;
	p->deadline_ms = 0;
	(void)!send(p->report, &answer, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void on_report(struct listener *l, size_t slot)
{
	struct place *p = &l->places[slot];
	char said[KEY_NAME_MAX + 1] = "";
	ssize_t n = recv(p->report, said, sizeof(said) - 1, MSG_DONTWAIT);

	if (n <= 0)
		close(steal_fd(&p->report));
	else if (p->deadline_ms)
		on_login(l, slot, said);
	else
		gate_busy(l->gate, slot, *said == CONNECTION_BUSY);
}

/* A stop makes the process report its client's offence, if any; kill it if it does not end. */
static void on_deadline(struct listener *l, size_t slot)
{
	struct place *p = &l->places[slot];

	if (!p->late) {
		log_info("event=login-timeout peer=%s", p->peer);
		l->counts.refused[DOOR_TIMEOUT]++;
		p->late = true;
		p->deadline_ms = clock_mono_ms() + LATE_MS;
		kill(p->child.pid, CONNECTION_STOP);
		return;
	}
	gate_leave(l->gate, slot, GATE_CRASH, clock_mono_ms());
	cut_off(l, slot);
}

static size_t ask_all(const struct listener *l, int signal)
{
	size_t n = 0;

	for (int64_t i = 0; i < l->conf->door_connections; i++)
		if (l->places[i].child.pid) {
			kill(l->places[i].child.pid, signal);
			n++;
		}
	return n;
}

static void begin_stop(struct listener *l)
{
	if (!stopsignal_read(l->signals))
		return;
	if (l->stop_ms) {
		l->stop_ms = clock_mono_ms();
		return;
	}
	l->stop_ms = clock_mono_ms() + LISTENER_STOP_MS;
	for (size_t i = 0; i < l->nsockets; i++)
		close(l->sockets[i]);
	l->nsockets = 0;
	ask_all(l, CONNECTION_STOP);
	log_info("event=stopping");
}

static int64_t earliest(const struct listener *l, size_t *open)
{
	int64_t first = l->end_ms ? l->end_ms : l->stop_ms ? l->stop_ms : INT64_MAX;

	if (l->rest_ms && l->rest_ms < first)
		first = l->rest_ms;
	if (refusal_next(&l->refusals) < first)
		first = refusal_next(&l->refusals);
	*open = 0;
	for (int64_t i = 0; i < l->conf->door_connections; i++) {
		const struct place *p = &l->places[i];

		*open += p->child.pid > 0;
		if (p->child.pid && p->deadline_ms && p->deadline_ms < first)
			first = p->deadline_ms;
	}
	return first;
}

static size_t fill_polls(struct listener *l)
{
	size_t n = 0;

	if (l->rest_ms <= clock_mono_ms())
		l->rest_ms = 0;
	l->polls[n++] = (struct pollfd){.fd = l->signals, .events = POLLIN};
	l->polls[n++] = (struct pollfd){.fd = l->counts_fd, .events = POLLIN};
	for (size_t i = 0; i < LISTEN_MAX; i++)
		l->polls[n++] =
			(struct pollfd){.fd = i < l->nsockets && !l->rest_ms ? l->sockets[i] : -1,
					.events = POLLIN};
	for (int64_t i = 0; i < l->conf->door_connections; i++) {
		const struct place *p = &l->places[i];

		l->polls[n++] =
			(struct pollfd){.fd = p->child.pid ? p->child.pidfd : -1, .events = POLLIN};
		l->polls[n++] = (struct pollfd){.fd = p->report, .events = POLLIN};
	}
	return n;
}

static void answer_counts(struct listener *l)
{
	l->counts.open = l->counts.logged_in = 0;
	for (int64_t i = 0; i < l->conf->door_connections; i++) {
		l->counts.open += l->places[i].child.pid > 0;
		l->counts.logged_in += l->places[i].child.pid > 0 && !l->places[i].deadline_ms;
	}
	doorcounts_answer(l->counts_fd, &l->counts);
}

/* Handles reports and ends before newcomers, since they make room. */
static void turn(struct listener *l, int64_t first_ms)
{
	size_t n = fill_polls(l);
	int64_t now_ms = clock_mono_ms();
	int64_t wait_ms = first_ms == INT64_MAX ? -1 : first_ms > now_ms ? first_ms - now_ms : 0;

	if (poll(l->polls, n, systemd_ms(&l->systemd, (int)wait_ms)) < 0)
		return;
	now_ms = clock_mono_ms();
	refusal_sweep(&l->refusals, now_ms);
	for (size_t i = 0; i < (size_t)l->conf->door_connections; i++) {
		const struct pollfd *p = l->polls + POLLS_FIXED + 2 * i;

		if (p[1].revents)
			on_report(l, i);
		if (p[0].revents)
			on_end(l, i);
		else if (l->places[i].child.pid && l->places[i].deadline_ms &&
			 l->places[i].deadline_ms <= now_ms)
			on_deadline(l, i);
	}
	for (size_t i = 0; i < l->nsockets; i++)
		if (l->polls[2 + i].revents)
			admit(l, l->sockets[i]);
	if (l->polls[1].revents)
		answer_counts(l);
	if (l->polls[0].revents)
		begin_stop(l);
}

static void serve(struct listener *l)
{
	size_t open = 0, cut = 0;

	for (;;) {
		int64_t first_ms = earliest(l, &open);

		if (l->stop_ms && (open == 0 || (l->end_ms && l->end_ms <= clock_mono_ms())))
			break;
		if (l->stop_ms && !l->end_ms && l->stop_ms <= clock_mono_ms()) {
			l->end_ms = clock_mono_ms() + LISTENER_END_MS;
			cut = ask_all(l, CONNECTION_END);
			continue;
		}
		turn(l, first_ms);
	}
	for (size_t i = 0; i < (size_t)l->conf->door_connections; i++)
		if (l->places[i].child.pid)
			cut_off(l, i);
	log_info("event=stopped cut_off=%zu", cut);
}

static int prepare(struct listener *l, struct err *e)
{
	const struct conf *c = l->conf;
	const struct listen_setting where = {"door_listen", c->door_listen, c->path};
	size_t n = (size_t)c->door_connections;
	struct err why = ERR_INIT;
	const struct gate_limits limits = {
		.connections = n,
		.connections_per_address = (size_t)c->door_connections_per_address,
		.connections_per_key = (size_t)c->door_connections_per_key,
		.logins = (size_t)c->door_logins};

	l->gate = gate_new(&limits);
	l->places = calloc(n, sizeof(*l->places));
	l->polls = calloc(POLLS_FIXED + 2 * n, sizeof(*l->polls));
	if (!l->gate || !l->places || !l->polls)
		return err_set(e, ERR_NOBODY, "out of memory for %zu connections", n);
	for (size_t i = 0; i < n; i++)
		l->places[i].report = -1;
	signal(SIGPIPE, SIG_IGN);
	l->signals = stopsignal_open(stopsignal_usual, e);
	if (l->signals < 0 || listen_open(&where, l->sockets, &l->nsockets, e) < 0)
		return -1;
	l->counts_fd = doorcounts_listen(c->run_dir, &why);
	if (l->counts_fd < 0)
		log_warn("event=not-counted %s", why.msg);
	l->systemd = systemd_open();
	return limit_self(c->door_memory_limit_bytes, e);
}

int listener_run(const struct conf *c, struct err *e)
{
	struct listener l = {.conf = c, .signals = -1, .counts_fd = -1};
	int rc = prepare(&l, e);

	if (rc == 0) {
		systemd_ready(&l.systemd);
		serve(&l);
	}
	for (size_t i = 0; i < l.nsockets; i++)
		close(l.sockets[i]);
	refusal_sweep(&l.refusals, INT64_MAX);
	if (l.signals >= 0)
		close(l.signals);
	if (l.counts_fd >= 0)
		close(l.counts_fd);
	gate_free(l.gate);
	free(l.places);
	free(l.polls);
	return rc;
}
