/* refusal: DIAGNOSTICS: none; a client that does not read learns nothing. */
#include "door/refusal.h"

#include "door/greeting.h"
#include "lib/clock.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MSG_DISCONNECT = 1 };

void refusal_make(struct packet *out, enum refusal_reason why, const char *text)
{
	packet_begin(out, MSG_DISCONNECT);
	packet_number(out, why);
	packet_text(out, text);
	packet_text(out, ""); /* the language */
	packet_end(out);
}

void refusal_drain(int fd, int wait_ms)
{
	int64_t deadline_ms = clock_mono_ms() + wait_ms;
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	char unread[4096];

	shutdown(fd, SHUT_WR);
	for (int64_t left_ms = wait_ms; left_ms > 0; left_ms = deadline_ms - clock_mono_ms())
		if (poll(&wait, 1, (int)left_ms) <= 0 ||
		    recv(fd, unread, sizeof(unread), MSG_DONTWAIT) <= 0)
			break;
}

static void close_oldest(struct refusals *r)
{
	close(r->fds[r->at]);
	r->at = (r->at + 1) % REFUSALS_MAX;
	r->n--;
}

void refusal_send(struct refusals *r, int fd, const char *text, int64_t now_ms)
{
	struct packet p;
	char bytes[sizeof(GREETING_LINE) + sizeof(p.bytes)] = GREETING_LINE;
	size_t line = strlen(GREETING_LINE), last;

	refusal_make(&p, REFUSAL_TOO_MANY, text);
	memcpy(bytes + line, p.bytes, p.n);
	(void)!send(fd, bytes, line + p.n, MSG_DONTWAIT | MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	if (r->n == REFUSALS_MAX)
		close_oldest(r);
	last = (r->at + r->n++) % REFUSALS_MAX;
	r->fds[last] = fd;
	r->until_ms[last] = now_ms + REFUSAL_KEEP_MS;
}

int64_t refusal_next(const struct refusals *r)
{
	return r->n ? r->until_ms[r->at] : INT64_MAX;
}

void refusal_sweep(struct refusals *r, int64_t now_ms)
{
	while (r->n && r->until_ms[r->at] <= now_ms)
		close_oldest(r);
}
