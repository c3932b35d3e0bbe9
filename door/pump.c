/* pump: DIAGNOSTICS: a process's failure is its exit status; a network failure ends the connection,
 * and its session reports it. */
#include "door/pump.h"

#include "door/cost.h"
#include "door/limit.h"
#include "lib/clock.h"
#include "lib/own.h"

#include <fcntl.h>
#include <libssh/server.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { CTRL_C = 3 };

static void hold_free(struct hold *h)
{
	free(h->data);
	*h = (struct hold){0};
}

/* Keeps unsent bytes; h must be empty. Without memory the connection ends: a gap would be worse. */
static bool hold_put(struct hold *h, const char *data, size_t len)
{
	hold_free(h);
	h->data = malloc(len);
	if (!h->data)
		return false;
	memcpy(h->data, data, len);
	h->len = len;
	return true;
}

static void shut(int *fd)
{
	if (*fd >= 0)
		close(steal_fd(fd));
}

/* A client with a terminal has set it to raw mode: a line feed does not return to the left, and
 * Ctrl-C arrives as a byte. git's bytes are not for a terminal. */
static bool for_terminal(const struct pump *p)
{
	return p->terminal && !p->git;
}

/* Puts a carriage return before each line feed of the n bytes. data has room for 2 * n. Returns how
 * many bytes there are now. */
static size_t add_returns(char *data, size_t n)
{
	size_t len = n, to;

	for (size_t i = 0; i < n; i++)
		len += data[i] == '\n';
	to = len;
	while (n > 0) {
		data[--to] = data[--n];
		if (data[n] == '\n')
			data[--to] = '\r';
	}
	return len;
}

/* No command of a key reads its input. */
static void obey_keys(struct pump *p, const char *keys, size_t len)
{
	if (p->child.pid && memchr(keys, CTRL_C, len))
		kill(p->child.pid, SIGINT);
}

/* Writes to the process as much as its pipe takes. If the process stops reading, that is no error
 * of the client. */
static size_t feed(struct pump *p, const char *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(p->in, data + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			shut(&p->in);
			return len;
		}
		done += (size_t)n;
	}
	return done;
}

/* libssh calls this for input. It keeps the bytes not taken and calls again only when more
 * arrive. */
static int on_data(ssh_session session, ssh_channel channel, void *data, uint32_t len,
		   int is_stderr, void *arg)
{
	struct pump *p = arg;
	size_t taken = len;

	(void)session, (void)channel;
	if (is_stderr)
		return (int)len;
	if (for_terminal(p)) {
		obey_keys(p, data, len);
		return (int)len;
	}
	if (p->in < 0)
		return (int)len;
	if (len > PUMP_HELD_MAX) {
		p->broken = true;
		return (int)len;
	}
	taken = p->to_child.len ? 0 : feed(p, data, len);
	p->unread = len - taken;
	p->got += taken;
	p->moved_ms = clock_mono_ms();
	return (int)taken;
}

static void on_eof(ssh_session session, ssh_channel channel, void *arg)
{
	(void)session, (void)channel;
	((struct pump *)arg)->client_eof = true;
}

static void on_close(ssh_session session, ssh_channel channel, void *arg)
{
	(void)session, (void)channel;
	((struct pump *)arg)->client_eof = true;
	((struct pump *)arg)->client_closed = true;
}

ssh_channel pump_open(struct pump *p, ssh_session session, char *chunk)
{
	p->channel = ssh_channel_new(session);
	if (!p->channel)
		return NULL;
	p->used = true;
	p->session = session;
	p->chunk = chunk;
	p->in = p->out = p->err = -1;
	p->began_ms = p->moved_ms = clock_mono_ms();
	p->callbacks.userdata = p;
	p->callbacks.channel_data_function = on_data;
	p->callbacks.channel_eof_function = on_eof;
	p->callbacks.channel_close_function = on_close;
	ssh_callbacks_init(&p->callbacks);
	ssh_add_channel_callbacks(p->channel, &p->callbacks);
	return p->channel;
}

/* Makes a pipe. Our end does not block; its size is the largest that the kernel allows. */
static int make_pipe(int *ours, int *theirs, bool we_read, struct err *e)
{
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(e, ERR_NOBODY, "cannot start the command; try again later");
	*ours = pair[we_read ? 0 : 1];
	*theirs = pair[we_read ? 1 : 0];
	fcntl(*ours, F_SETFL, O_NONBLOCK);
	fcntl(*ours, F_SETPIPE_SZ, PUMP_CHUNK);
	return 0;
}

/* Appends a line to the bytes held for the client's standard error. */
static void put_line(struct pump *p, const char *text)
{
	struct hold *h = &p->to_err;
	own_free char *line = NULL;
	int len = asprintf(&line, "%.*shornero: %s%s\n", (int)(h->len - h->at),
			   h->data ? h->data + h->at : "", text, for_terminal(p) ? "\r" : "");

	if (len > 0)
		hold_put(h, line, (size_t)len);
}

int pump_start(struct pump *p, const struct order *o, struct err *e)
{
	own_fd int in = -1;
	own_fd int out = -1;
	own_fd int err = -1;
	struct spawn s = SPAWN_INIT(args_list((struct args *)(uintptr_t)&o->args));
	char note[sizeof(o->line.repo) + 32];
	int rc;

	p->git = o->line.service;
	p->writes = p->git && o->line.service->writes;
	if (make_pipe(&p->in, &in, false, e) < 0 || make_pipe(&p->out, &out, true, e) < 0 ||
	    make_pipe(&p->err, &err, true, e) < 0 || order_enter(o, e) < 0)
		return -1;
	s.envp = args_list((struct args *)(uintptr_t)&o->env);
	s.in = in;
	s.out = out;
	s.err = err;
	/* A writer ends when its input ends, and then removes its locks; killed, it could not. */
	s.death = p->writes ? SIGCONT : SIGKILL;
	limit_memory(0);
	rc = spawn_start(&s, &p->child, e);
	limit_memory(PUMP_MEMORY);
	if (rc == 0 && order_note(o, note, sizeof(note)))
		put_line(p, note);
	return rc;
}

void pump_say(struct pump *p, const char *text, int code)
{
	put_line(p, text);
	shut(&p->in);
	shut(&p->out);
	shut(&p->err);
	p->ended = true;
	p->status = code << 8;
}

/* Takes everything that libssh holds: libssh reopens the window at every read, however small. */
static void take_unread(struct pump *p)
{
	int len = ssh_channel_poll(p->channel, 0);
	int got;

	hold_free(&p->to_child);
	p->unread = 0;
	if (len <= 0)
		return;
	p->to_child.data = malloc((size_t)len);
	got = p->to_child.data
		      ? ssh_channel_read_nonblocking(p->channel, p->to_child.data, (uint32_t)len, 0)
		      : -1;
	if (got < 0) {
		p->broken = true;
		return;
	}
	p->to_child.len = (size_t)got;
	p->got += (size_t)got;
	p->moved_ms = clock_mono_ms();
}

static void push_child(struct pump *p)
{
	struct hold *h = &p->to_child;

	if (p->in >= 0 && h->len == 0 && p->unread > 0)
		take_unread(p);
	if (p->in >= 0 && h->at < h->len)
		h->at += feed(p, h->data + h->at, h->len - h->at);
	if (h->at == h->len || p->in < 0)
		hold_free(h);
	if (p->in >= 0 && p->client_eof && h->len == 0 && p->unread == 0)
		shut(&p->in);
}

static bool network_waits(const struct pump *p)
{
	return ssh_get_poll_flags(p->session) & SSH_WRITE_PENDING;
}

/* Returns how much libssh took: all, or less during a key exchange. */
static int send_on(struct pump *p, const char *data, size_t len, bool is_err)
{
	int sent = is_err ? ssh_channel_write_stderr(p->channel, data, (uint32_t)len)
			  : ssh_channel_write(p->channel, data, (uint32_t)len);

	if (sent > 0) {
		p->sent += (size_t)sent;
		p->moved_ms = clock_mono_ms();
	}
	/* libssh's buffers hold no valid packet then. If a client takes packets of ten bytes, all
	 * of them header, libssh 0.10 writes empty ones until memory runs out, and would do so
	 * again. */
	if (sent < 0 && !p->client_closed)
		p->broken = true;
	return sent > 0 ? sent : 0;
}

/* Moves bytes from the process to the client. h keeps those for which the client has no room, and
 * those that libssh does not take during a key exchange. */
static void pull(struct pump *p, int *fd, struct hold *h, bool is_err)
{
	size_t room = p->client_closed ? PUMP_CHUNK : ssh_channel_window_size(p->channel);
	size_t most = for_terminal(p) ? PUMP_CHUNK / 2 : PUMP_CHUNK;
	size_t len;
	ssize_t n;
	int sent;

	if (p->client_closed)
		hold_free(h);
	else if (network_waits(p) || room == 0)
		return;
	if (h->len > 0) {
		sent = send_on(p, h->data + h->at, h->len - h->at < room ? h->len - h->at : room,
			       is_err);
		h->at += (size_t)sent;
		if (h->at == h->len)
			hold_free(h);
		return;
	}
	if (*fd < 0)
		return;
	n = read(*fd, p->chunk, room < most ? room : most);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		/* The process's own output is read. A child of it may hold the pipe open for
		 * long. */
		if (p->ended)
			shut(fd);
		return;
	}
	if (n <= 0) {
		shut(fd);
		return;
	}
	if (p->client_closed)
		return;
	len = for_terminal(p) ? add_returns(p->chunk, (size_t)n) : (size_t)n;
	sent = send_on(p, p->chunk, len < room ? len : room, is_err);
	if ((size_t)sent < len && !hold_put(h, p->chunk + sent, len - (size_t)sent))
		p->broken = true;
}

static const char *signal_name(int number)
{
	const char *name = sigabbrev_np(number);

	return name ? name : "KILL";
}

/* Sends the order that every client understands: status, end of file, close. */
static void finish(struct pump *p, int64_t now_ms)
{
	p->closed_ms = now_ms;
	if (p->client_closed)
		return;
	if (WIFSIGNALED(p->status))
		ssh_channel_request_send_exit_signal(p->channel, signal_name(WTERMSIG(p->status)),
						     0, "", "");
	else
		ssh_channel_request_send_exit_status(p->channel, WEXITSTATUS(p->status));
	ssh_channel_send_eof(p->channel);
	ssh_channel_close(p->channel);
}

/* Returns the processor time of all reaped children. */
static int64_t children_ms(void)
{
	struct rusage all;

	if (getrusage(RUSAGE_CHILDREN, &all) < 0)
		return 0;
	return (all.ru_utime.tv_sec + all.ru_stime.tv_sec) * 1000 +
	       (all.ru_utime.tv_usec + all.ru_stime.tv_usec) / 1000;
}

static void reap(struct pump *p)
{
	const int64_t before_ms = children_ms();

	p->status = spawn_wait(&p->child);
	p->cpu_ms = children_ms() - before_ms;
	p->ended = true;
	shut(&p->in);
	hold_free(&p->to_child);
}

bool pump_is_watched(const struct pump *p)
{
	return p->writes && p->child.pid;
}

static void watch_cost(struct pump *p, int64_t now_ms)
{
	if (!pump_is_watched(p) || now_ms - p->looked_ms < COST_LOOK_MS)
		return;
	p->looked_ms = now_ms;
	if (!cost_watch(p->child.pid, p->got) || p->too_dear)
		return;
	p->too_dear = true;
	put_line(p, COST_WORDS);
}

size_t pump_poll(struct pump *p, struct pollfd fds[PUMP_POLLS])
{
	/* During a key exchange libssh takes nothing; held bytes go on when the network brings
	 * input. */
	bool held = p->to_out.len || p->to_err.len;
	bool may_send = p->client_closed ||
			(!held && !network_waits(p) && ssh_channel_window_size(p->channel) > 0);
	size_t n = 0;

	if (p->closed_ms)
		return 0;
	if (p->child.pid)
		fds[n++] = (struct pollfd){.fd = p->child.pidfd, .events = POLLIN};
	/* poll reports an error (the process closed its end) even without events, and would
	 * spin. */
	if (p->in >= 0 && (p->to_child.len || p->unread))
		fds[n++] = (struct pollfd){.fd = p->in, .events = POLLOUT};
	if (p->out >= 0 && may_send)
		fds[n++] = (struct pollfd){.fd = p->out, .events = POLLIN};
	if (p->err >= 0 && may_send)
		fds[n++] = (struct pollfd){.fd = p->err, .events = POLLIN};
	return n;
}

void pump_turn(struct pump *p, const struct pollfd fds[PUMP_POLLS], size_t n, int64_t now_ms)
{
	if (p->closed_ms || (!p->ended && !p->child.pid))
		return;
	for (size_t i = 0; i < n; i++)
		if (p->child.pid && fds[i].fd == p->child.pidfd && fds[i].revents)
			reap(p);
	push_child(p);
	watch_cost(p, now_ms);
	/* A reader without a client has nothing left to do; let a writer finish. */
	if (p->client_closed && !p->writes)
		pump_ask(p, NULL);
	pull(p, &p->err, &p->to_err, true);
	pull(p, &p->out, &p->to_out, false);
	if (p->ended && p->out < 0 && p->err < 0 && !p->to_out.len && !p->to_err.len)
		finish(p, now_ms);
}

bool pump_over(const struct pump *p, int64_t now_ms)
{
	if (p->client_closed && !p->commanded)
		return true;
	return p->closed_ms && (p->client_closed || now_ms - p->closed_ms > PUMP_CLOSE_MS);
}

void pump_hang_up(struct pump *p)
{
	p->client_eof = p->client_closed = true;
	shut(&p->in);
}

void pump_ask(struct pump *p, const char *why)
{
	if (!p->child.pid)
		return;
	if (why && !p->client_closed && !p->to_err.len)
		put_line(p, why);
	kill(p->child.pid, SIGTERM);
}

void pump_kill(struct pump *p)
{
	if (!p->child.pid)
		return;
	kill(p->child.pid, SIGKILL);
	reap(p);
}

void pump_end(struct pump *p)
{
	shut(&p->in);
	shut(&p->out);
	shut(&p->err);
	hold_free(&p->to_child);
	hold_free(&p->to_out);
	hold_free(&p->to_err);
	ssh_remove_channel_callbacks(p->channel, &p->callbacks);
	ssh_channel_free(p->channel);
	*p = (struct pump){0};
}
