/* clients: DIAGNOSTICS: ERR_NOBODY if memory runs out. */
#include "serve/clients.h"

#include "lib/log.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* A client that receives fewer bytes a second is not served on. */
enum { SLOWEST = 32 * 1024 };

int clients_init(struct clients *c, struct err *e)
{
	c->list = calloc(c->max, sizeof(*c->list));
	if (!c->list)
		return err_set(e, ERR_NOBODY, "out of memory for %zu connections", c->max);
	for (size_t i = 0; i < c->max; i++)
		c->list[i].fd = -1;
	return 0;
}

void clients_fini(struct clients *c)
{
	free(c->list);
	c->list = NULL;
}

static void end(struct client *k, const char *why)
{
	k->ended = true;
	shutdown(k->fd, SHUT_RDWR);
	log_line(k->busy ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "event=ended peer=%s digest=%s why=%s",
		 k->peer, k->digest, why);
}

static size_t count(const struct clients *c, const struct address *from)
{
	size_t n = 0;

	for (size_t i = 0; i < c->max; i++)
		n += c->list[i].fd >= 0 && address_same(&c->list[i].from, from);
	return n;
}

/* from: of this address only; NULL: of any. */
static struct client *oldest_idle(struct clients *c, const struct address *from)
{
	struct client *found = NULL;

	for (size_t i = 0; i < c->max; i++) {
		struct client *k = &c->list[i];

		if (k->fd >= 0 && !k->busy && !k->ended &&
		    (!from || address_same(&k->from, from)) &&
		    (!found || k->since_ms < found->since_ms))
			found = k;
	}
	return found;
}

static void push_out(struct client *k)
{
	if (k)
		end(k, "pushed-out");
}

struct client *clients_admit(struct clients *c, const struct address *from, int64_t now_ms)
{
	struct client *k = NULL;

	c->why = "address-full";
	if (count(c, from) >= c->max_of_address) {
		push_out(oldest_idle(c, from));
		return NULL;
	}
	for (size_t i = 0; i < c->max && !k; i++)
		k = c->list[i].fd < 0 ? &c->list[i] : NULL;
	c->why = "full";
	if (!k) {
		push_out(oldest_idle(c, NULL));
		return NULL;
	}
	*k = (struct client){.fd = -1, .file = -1, .from = *from, .since_ms = now_ms};
	c->n++;
	c->unstarted++;
	return k;
}

struct client *clients_start(struct clients *c, int fd)
{
	for (size_t i = 0; i < c->max; i++)
		if (c->list[i].fd == fd) {
			c->list[i].started = true;
			c->unstarted--;
			return &c->list[i];
		}
	return NULL;
}

void clients_leave_unstarted(struct clients *c)
{
	for (size_t i = 0; i < c->max && c->unstarted > 0; i++)
		if (c->list[i].fd >= 0 && !c->list[i].started)
			clients_leave(c, &c->list[i]);
}

static uint64_t received(const struct client *k)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	return getsockopt(k->fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 ? 0
									 : info.tcpi_bytes_acked;
}

static void pace(const struct client *k, uint64_t bytes_a_second)
{
	const unsigned long rate = bytes_a_second ? bytes_a_second : ~0UL;

	setsockopt(k->fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, sizeof(rate));
}

/* Sets the rate of all busy connections if their number has changed. */
static void share(struct clients *c)
{
	uint64_t each = c->rate && c->busy ? c->rate / c->busy : 0;

	if (each == c->paced)
		return;
	c->paced = each;
	for (size_t i = 0; i < c->max; i++)
		if (c->list[i].fd >= 0 && c->list[i].busy)
			pace(&c->list[i], each);
}

void clients_begin(struct clients *c, struct client *k, int64_t now_ms)
{
	k->busy = true;
	k->begin_ms = k->since_ms = now_ms;
	k->received = received(k);
	c->busy++;
	share(c);
	if (c->rate)
		pace(k, c->paced);
}

void clients_done(struct clients *c, struct client *k, int64_t now_ms)
{
	if (!k->busy)
		return;
	k->busy = false;
	k->file = -1;
	k->since_ms = now_ms;
	c->busy--;
	share(c);
}

void clients_leave(struct clients *c, struct client *k)
{
	clients_done(c, k, 0);
	c->unstarted -= !k->started;
	*k = (struct client){.fd = -1};
	c->n--;
}

/* The bytes that a client must receive in one window. */
static uint64_t least(const struct clients *c)
{
	uint64_t rate = c->paced && c->paced / 2 < SLOWEST ? c->paced / 2 : SLOWEST;

	return rate * (uint64_t)c->timeout_ms / 1000;
}

static void look(const struct clients *c, struct client *k, int64_t now_ms)
{
	uint64_t now = k->busy ? received(k) : 0;

	if (k->busy && now - k->received >= least(c)) {
		k->received = now;
		k->since_ms = now_ms;
	} else {
		end(k, k->busy ? "slow" : "idle");
	}
}

static bool is_cut_off(const struct client *k)
{
	struct stat st;

	return k->busy && k->file >= 0 && (fstat(k->file, &st) < 0 || st.st_size < k->file_end);
}

void clients_look(struct clients *c, int64_t now_ms)
{
	for (size_t i = 0; i < c->max; i++) {
		struct client *k = &c->list[i];

		if (k->fd < 0 || k->ended)
			continue;
		if (is_cut_off(k))
			end(k, "file-cut-off");
		else if (now_ms - k->since_ms >= c->timeout_ms)
			look(c, k, now_ms);
	}
}

void clients_end_idle(struct clients *c)
{
	for (size_t i = 0; i < c->max; i++)
		if (c->list[i].fd >= 0 && !c->list[i].busy && !c->list[i].ended)
			end(&c->list[i], "stop");
}
