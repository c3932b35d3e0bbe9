/* server: DIAGNOSTICS: ERR_OPERATOR if an address is unavailable, ERR_NOBODY if resources are
 * short. An error of one connection ends that connection.
 *
 * One thread: the HTTP library runs only when this loop calls it, so nothing here needs a lock. */
#include "serve/server.h"

#include "lib/address.h"
#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/listen.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/stopsignal.h"
#include "lib/systemd.h"
#include "serve/answer.h"
#include "serve/clients.h"
#include "serve/limit.h"
#include "serve/pages.h"

#include <microhttpd.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

enum {
	LOOK_MS = 1000,       /* between two looks at slow clients */
	REST_MS = 100,        /* after descriptors ran out */
	QUIET_MS = 1000,      /* between two lines about refusals */
	ACCEPTS = 64,         /* in one turn */
	HEADER_MAX = 16384,   /* memory of a connection: its request line and headers */
};

struct server {
	const struct conf *conf;
	enum server_site site;
	char *dir;               /* of all files that it sends */
	struct MHD_Daemon *http;
	struct clients clients;
	int signals, http_fd;
	int sockets[LISTEN_MAX];
	size_t nsockets;
	int64_t look_ms, rest_ms, stop_ms, refused_ms;
	int refused;
	struct systemd systemd;
};

static int fd_of(struct MHD_Connection *c)
{
	return MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

static void on_connection(void *arg, struct MHD_Connection *of, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct server *s = arg;

	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		*context = clients_start(&s->clients, fd_of(of));
	else if (*context)
		clients_leave(&s->clients, *context);
}

static struct client *client_of(struct MHD_Connection *c)
{
	return MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *to, const char *url,
				  const char *method, const char *version, const char *body,
				  size_t *body_len, void **seen)
{
	struct server *s = arg;
	struct client *k = client_of(to);

	(void)version;
	(void)body;
	/* The library calls twice: after the header, and after the body. */
	if (!*seen) {
		*seen = k;
		return answer_body(to, k);
	}
	if (*body_len)
		return MHD_NO;
	clients_begin(&s->clients, k, clock_mono_ms());
	return s->site == SERVER_PAGES ? pages_answer(s->dir, to, k, url, method)
				       : answer(s->conf->store_dir, to, k, url, method);
}

static void on_end(void *arg, struct MHD_Connection *of, void **seen,
		   enum MHD_RequestTerminationCode how)
{
	struct server *s = arg;
	struct client *k = client_of(of);
	int64_t now_ms = clock_mono_ms();

	if (!*seen || !k)
		return;
	log_line(*k->digest ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG,
		 "event=%s peer=%s status=%u digest=%s bytes=%llu took_ms=%lld",
		 how == MHD_REQUEST_TERMINATED_COMPLETED_OK ? "served" : "cut-off", k->peer,
		 k->status, k->digest, (unsigned long long)k->bytes,
		 (long long)(k->busy ? now_ms - k->begin_ms : 0));
	clients_done(&s->clients, k, now_ms);
}

/* Takes fd. A flood of clients must not flood the log. */
static void refuse(struct server *s, int fd, const char *peer)
{
	static const char words[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n"
				    "Content-Length: 0\r\nConnection: close\r\n\r\n";
	int64_t now_ms = clock_mono_ms();

	(void)!send(fd, words, sizeof(words) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
	s->refused++;
	if (now_ms - s->refused_ms < QUIET_MS)
		return;
	log_warn("event=refused peer=%s why=%s since_last=%d", peer, s->clients.why, s->refused);
	s->refused_ms = now_ms;
	s->refused = 0;
}

/* Returns false if nobody waits. */
static bool admit(struct server *s, int socket)
{
	struct sockaddr_storage sa = {0};
	socklen_t len = sizeof(sa);
	int fd = accept4(socket, (struct sockaddr *)&sa, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
	char peer[ADDRESS_TEXT];
	struct address from;
	struct client *k;

	/* The client stays in the backlog, so poll would report it again in a busy loop. */
	if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
		s->rest_ms = clock_mono_ms() + REST_MS;
	if (fd < 0)
		return false;
	from = address_of((struct sockaddr *)&sa);
	address_text((struct sockaddr *)&sa, peer);
	k = clients_admit(&s->clients, &from, clock_mono_ms());
	if (!k) {
		refuse(s, fd, peer);
		return true;
	}
	k->fd = fd;
	memcpy(k->peer, peer, sizeof(peer));
	/* The library takes it now, or in the next MHD_run() (since 1.0). It closes fd also if it
	 * refuses it, but then it tells us nothing. */
	if (MHD_add_connection(s->http, fd, (struct sockaddr *)&sa, len) != MHD_YES &&
	    k->fd == fd && !k->started)
		clients_leave(&s->clients, k);
	return true;
}

static void begin_stop(struct server *s)
{
	if (!stopsignal_read(s->signals))
		return;
	log_info("event=stopping");
	s->stop_ms = s->stop_ms ? clock_mono_ms() : clock_mono_ms() + SERVER_STOP_MS;
	for (size_t i = 0; i < s->nsockets; i++)
		close(s->sockets[i]);
	s->nsockets = 0;
}

static int wait_ms(struct server *s, int64_t now_ms)
{
	int64_t most = s->clients.n || s->stop_ms ? LOOK_MS : INT32_MAX;
	MHD_UNSIGNED_LONG_LONG theirs;

	if (s->rest_ms <= now_ms)
		s->rest_ms = 0;
	if (s->rest_ms && s->rest_ms - now_ms < most)
		most = s->rest_ms - now_ms;
	if (MHD_get_timeout(s->http, &theirs) == MHD_YES && theirs < (uint64_t)most)
		most = (int64_t)theirs;
	return (int)most;
}

static void turn(struct server *s)
{
	struct pollfd polls[2 + LISTEN_MAX] = {{.fd = s->signals, .events = POLLIN},
					       {.fd = s->http_fd, .events = POLLIN}};
	int64_t now_ms = clock_mono_ms();
	int most = wait_ms(s, now_ms);

	for (size_t i = 0; i < LISTEN_MAX; i++)
		polls[2 + i] = (struct pollfd){
			.fd = i < s->nsockets && !s->rest_ms ? s->sockets[i] : -1,
			.events = POLLIN};
	if (poll(polls, 2 + LISTEN_MAX, systemd_ms(&s->systemd, most)) < 0)
		return;
	for (size_t i = 0; i < s->nsockets; i++)
		for (int n = 0; polls[2 + i].revents && n < ACCEPTS && admit(s, s->sockets[i]); n++)
			;
	if (polls[0].revents)
		begin_stop(s);
	MHD_run(s->http);
	clients_leave_unstarted(&s->clients);
	now_ms = clock_mono_ms();
	if (now_ms - s->look_ms >= LOOK_MS) {
		s->look_ms = now_ms;
		clients_look(&s->clients, now_ms);
	}
	if (s->stop_ms)
		clients_end_idle(&s->clients);
}

/* The library's words about its clients tell operators nothing. */
static void ignore(void *arg, const char *fmt, va_list ap)
{
	(void)arg;
	(void)fmt;
	(void)ap;
}

static int start_http(struct server *s, struct err *e)
{
	s->http = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG, 0, NULL, NULL,
		on_request, s, MHD_OPTION_EXTERNAL_LOGGER, ignore, NULL,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_NOTIFY_COMPLETED, on_end,
		s, MHD_OPTION_CONNECTION_LIMIT, (unsigned int)s->clients.max,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_MAX,
		MHD_OPTION_STRICT_FOR_CLIENT, 1,
		/* Else the library does without sendfile, which cannot suppress the signal. */
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
	if (!s->http)
		return err_set(e, ERR_NOBODY, "cannot start the HTTP library (libmicrohttpd)");
	s->http_fd = MHD_get_daemon_info(s->http, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	return 0;
}

static int prepare(struct server *s, struct err *e)
{
	const struct conf *c = s->conf;
	const struct listen_setting artifacts = {"serve_listen", c->serve_listen, c->path};
	const struct listen_setting pages = {"metrics_listen", c->metrics_listen, c->path};
	const struct listen_setting *where = s->site == SERVER_PAGES ? &pages : &artifacts;

	s->clients = (struct clients){
		.max = (size_t)c->serve_connections,
		.max_of_address = (size_t)c->serve_connections_per_address,
		.timeout_ms = c->serve_timeout_s * 1000,
		.rate = (uint64_t)c->serve_rate << 20};
	signal(SIGPIPE, SIG_IGN);
	s->signals = stopsignal_open(stopsignal_usual, e);
	if (s->signals < 0 || clients_init(&s->clients, e) < 0 ||
	    listen_open(where, s->sockets, &s->nsockets, e) < 0 || start_http(s, e) < 0)
		return -1;
	s->systemd = systemd_open();
	return limit_self(s->dir, s->clients.max, e);
}

int server_run(const struct conf *c, enum server_site site, struct err *e)
{
	struct server s = {
		.conf = c,
		.site = site,
		.dir = site == SERVER_PAGES ? fs_path("%s/metrics", c->state_dir)
					    : fs_path("%s/artifact", c->store_dir),
		.signals = -1,
	};
	int rc = prepare(&s, e);

	if (rc == 0) {
		systemd_ready(&s.systemd);
		while (!s.stop_ms || (s.clients.n && clock_mono_ms() < s.stop_ms))
			turn(&s);
		log_info("event=stopped cut_off=%zu", s.clients.n);
	}
	for (size_t i = 0; i < s.nsockets; i++)
		close(s.sockets[i]);
	if (s.http)
		MHD_stop_daemon(s.http);
	if (s.signals >= 0)
		close(s.signals);
	clients_fini(&s.clients);
	free(s.dir);
	return rc;
}
