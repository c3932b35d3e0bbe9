/* fleet_ask: asks the nodes by ssh, a process for each, at most FLEET_AT_ONCE at a time.
 * DIAGNOSTICS: a failure is the problem of its node. */
#include "cli/fleet.h"

#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/grow.h"
#include "lib/own.h"
#include "lib/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

enum { SAID_MAX = 4096, CHUNK = 65536, SSH_FAILED = 255 };

/* A running ssh. */
struct talk {
	struct answer_of *answer; /* NULL: the slot is free */
	struct child child;
	int out, err; /* our ends of its pipes; -1: at their end */
	int64_t since_ms, deadline_ms;
	struct grow text;
	char said[SAID_MAX + 1]; /* the end of its standard error */
	size_t n_said;
};

static void fail(struct answer_of *a, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void fail(struct answer_of *a, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(a->problem, sizeof(a->problem), format, ap);
	va_end(ap);
	a->is_valid = false;
}

static int start_ssh(const struct nodes *n, int limit_ms, struct talk *t, int out, int err,
		     struct err *e)
{
	char host[NODE_HOST_MAX], port[16], connect[48];
	own_free char *known = fs_path("UserKnownHostsFile=%s",
				       n->known_hosts ? n->known_hosts : "");
	const char *argv[40] = {"ssh", "-T", "-a", "-x", "-o", "BatchMode=yes", "-o",
				"StrictHostKeyChecking=yes", "-o", "ClearAllForwardings=yes", "-o",
				"PermitLocalCommand=no", "-o", connect,
				"-p", port, "-l", n->user};
	struct spawn s = SPAWN_INIT(argv);
	int64_t number;
	size_t i = 18;

	nodes_address(n, t->answer->node, host, &number);
	snprintf(port, sizeof(port), "%lld", (long long)number);
	snprintf(connect, sizeof(connect), "ConnectTimeout=%d", limit_ms / 1000 + 1);
	if (n->known_hosts) {
		argv[i++] = "-o";
		argv[i++] = known;
	}
	if (n->identity) {
		argv[i++] = "-o";
		argv[i++] = "IdentitiesOnly=yes";
		argv[i++] = "-i";
		argv[i++] = n->identity;
	}
	argv[i++] = "--";
	argv[i++] = host;
	argv[i] = "hornero image list --wanted --json";
	s.out = out;
	s.err = err;
	return spawn_start(&s, &t->child, e);
}

/* Returns false if it could not be started; the answer says why. */
static bool begin(const struct nodes *n, int limit_ms, struct talk *t, struct answer_of *a)
{
	struct err e = ERR_INIT;
	int out[2] = {-1, -1}, err[2] = {-1, -1};
	bool began;

	*t = (struct talk){.answer = a, .since_ms = clock_mono_ms()};
	t->deadline_ms = t->since_ms + limit_ms;
	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		err_sys(&e, ERR_NOBODY, "cannot make a pipe");
	else
		(void)start_ssh(n, limit_ms, t, out[1], err[1], &e);
	began = e.class == ERR_NONE;
	own_fd_end(&out[1]);
	own_fd_end(&err[1]);
	t->out = out[0];
	t->err = err[0];
	if (began) {
		fcntl(t->out, F_SETFL, O_NONBLOCK);
		fcntl(t->err, F_SETFL, O_NONBLOCK);
		return true;
	}
	fail(a, "%s", e.msg);
	own_fd_end(&out[0]);
	own_fd_end(&err[0]);
	t->answer = NULL;
	return false;
}

/* Reads what there is. Returns false if the node says too much. */
static bool hear(struct talk *t)
{
	char chunk[CHUNK];
	struct err e = ERR_INIT;
	ssize_t n;

	while (t->err >= 0 && (n = read(t->err, chunk, SAID_MAX / 2)) >= 0) {
		if (n == 0) {
			own_fd_end(&t->err);
			t->err = -1;
			break;
		}
		if (t->n_said + (size_t)n > SAID_MAX) {
			size_t kept = SAID_MAX / 2 < t->n_said ? SAID_MAX / 2 : t->n_said;

			memmove(t->said, t->said + t->n_said - kept, kept);
			t->n_said = kept;
		}
		memcpy(t->said + t->n_said, chunk, (size_t)n);
		t->n_said += (size_t)n;
	}
	while (t->out >= 0 && (n = read(t->out, chunk, sizeof(chunk))) >= 0) {
		if (n == 0) {
			own_fd_end(&t->out);
			t->out = -1;
			break;
		}
		if (t->text.len + (size_t)n > FLEET_BYTES_MOST ||
		    grow_add(&t->text, chunk, (size_t)n, &e) < 0)
			return false;
	}
	return true;
}

/* Returns the line that says why. A hint may follow an error of hornero; ssh's own error is its
 * last line, after warnings. */
static const char *line_of(struct talk *t)
{
	static const char ours[] = "hornero: ";
	char *at, *end;

	t->said[t->n_said] = '\0';
	while (t->n_said > 0 && (t->said[t->n_said - 1] == '\n' || t->said[t->n_said - 1] == '\r'))
		t->said[--t->n_said] = '\0';
	at = strstr(t->said, ours);
	end = strrchr(t->said, '\n');
	if (at)
		at += strlen(ours);
	else
		at = end ? end + 1 : t->said;
	at[strcspn(at, "\r\n")] = '\0';
	return at;
}

/* Frees the slot. The process has ended. */
static void end(struct talk *t, int status)
{
	struct answer_of *a = t->answer;
	bool is_ssh = WIFEXITED(status) && WEXITSTATUS(status) == SSH_FAILED;
	char words[64];

	if (!*a->problem && status == 0) {
		a->is_valid = true;
		a->len = t->text.len;
		a->text = t->text.data;
		t->text.data = NULL;
	} else if (!*a->problem) {
		const char *said = line_of(t);

		fail(a, "%s%s%s", is_ssh ? "" : spawn_status_text(status, words, sizeof(words)),
		     is_ssh || !*said ? "" : ": ", *said ? said : is_ssh ? "ssh failed" : "");
	}
	a->took_ms = clock_mono_ms() - t->since_ms;
	grow_end(&t->text);
	own_fd_end(&t->out);
	own_fd_end(&t->err);
	t->answer = NULL;
}

static void give_up(struct talk *t)
{
	spawn_kill(&t->child);
	end(t, 0);
}

static void fail_size(struct talk *t)
{
	fail(t->answer, "it answers with more than %d MiB", FLEET_BYTES_MOST >> 20);
}

/* Takes what there is from a talk. Returns whether it goes on. */
static bool go_on(struct talk *t, int limit_ms)
{
	if (!hear(t)) {
		fail_size(t);
		give_up(t);
	} else if (spawn_ends_within(&t->child, 0)) {
		int status = spawn_wait(&t->child);

		if (!hear(t)) /* what came between the two looks */
			fail_size(t);
		end(t, status);
	} else if (clock_mono_ms() >= t->deadline_ms) {
		fail(t->answer, "no answer within %g s (--timeout)", (double)limit_ms / 1000);
		give_up(t);
	}
	return t->answer;
}

/* Waits for news of a talk, or for a deadline. Returns false if a signal ends us. */
static bool wait_for_news(const struct talk *talks, struct live *live)
{
	struct pollfd fds[3 * FLEET_AT_ONCE + 1];
	int64_t left_ms, least_ms = INT32_MAX;
	nfds_t n = 0;

	fds[n++] = (struct pollfd){.fd = live->signals, .events = POLLIN};
	for (size_t i = 0; i < FLEET_AT_ONCE; i++) {
		const struct talk *t = &talks[i];

		if (!t->answer)
			continue;
		fds[n++] = (struct pollfd){.fd = t->out, .events = POLLIN};
		fds[n++] = (struct pollfd){.fd = t->err, .events = POLLIN};
		fds[n++] = (struct pollfd){.fd = t->child.pidfd, .events = POLLIN};
		left_ms = t->deadline_ms - clock_mono_ms();
		least_ms = left_ms < least_ms ? left_ms : least_ms;
	}
	return poll(fds, n, least_ms > 0 ? (int)least_ms : 0) < 0 || !fds[0].revents ||
	       live_take_signal(live);
}

int fleet_ask(const struct nodes *n, int limit_ms, struct live *live, struct answer_of *answers)
{
	own_free struct talk *talks = calloc(FLEET_AT_ONCE, sizeof(*talks));
	size_t next = 0, running = 0;
	bool goes_on = true;

	if (!talks)
		abort();
	for (size_t i = 0; i < n->n; i++)
		answers[i] = (struct answer_of){.node = n->list[i]};
	while (goes_on && (next < n->n || running > 0)) {
		for (size_t i = 0; i < FLEET_AT_ONCE && next < n->n; i++)
			if (!talks[i].answer && begin(n, limit_ms, &talks[i], &answers[next++]))
				running++;
		goes_on = running == 0 || wait_for_news(talks, live);
		for (size_t i = 0; i < FLEET_AT_ONCE; i++)
			if (talks[i].answer && !go_on(&talks[i], limit_ms))
				running--;
	}
	for (size_t i = 0; i < FLEET_AT_ONCE; i++)
		if (talks[i].answer)
			give_up(&talks[i]);
	return goes_on;
}
