/* publication_early: has the publisher copy an artifact while its attempt makes the digest.
 * DIAGNOSTICS: what fails here is logged; the publication then does everything itself. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/foreign.h"
#include "agent/hornerod/publication.h"

#include "agent/common/publisher.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/own.h"
#include "store/store.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum { SMALLEST_BYTES = 8 << 20 }; /* below, the copy takes a few ms */

/* The publisher says which process it is, and nothing else before it is asked to publish. */
static int on_word(sd_event_source *src, int fd, uint32_t events, void *arg)
{
	struct publication *p = arg;
	struct err ignored = ERR_INIT;
	struct reply said;
	char text[1024];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	(void)src;
	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	text[n > 0 ? n : 0] = '\0';
	if (n > 0 && reply_parse(text, &said, &ignored) == 0 && said.word == REPLY_PROCESS &&
	    said.ino <= INT_MAX) {
		p->process = (pid_t)said.ino;
		return 0;
	}
	publication_let_go(p);
	return 0;
}

static int open_staged(struct agent *a, const struct attempt_run *r)
{
	own_free char *path = store_stage_path(a->conf->store_dir, r->job, r->number);
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < SMALLEST_BYTES)
		return -1;
	return steal_fd(&fd);
}

static int begin(struct agent *a, struct publication *p, int staged, struct err *e)
{
	char text[128];
	int rc;

	p->socket = publisher_reach(a->conf, &p->publisher, e);
	p->process = p->publisher.pid;
	snprintf(text, sizeof(text), "prepare %s %lld %lld", p->image, (long long)p->job,
		 (long long)p->attempt);
	if (p->socket < 0 || publisher_ask(p->socket, text, staged, e) < 0)
		return -1;
	rc = sd_event_add_io(a->loop, &p->watch, p->socket, EPOLLIN, on_word, p);
	return rc < 0 ? err_set(e, ERR_NOBODY, "cannot watch a publisher") : 0;
}

void publication_prepare(struct agent *a, const struct attempt_run *r)
{
	own_fd int staged = open_staged(a, r);
	struct job j = {.id = r->job, .attempt = r->number};
	struct verdict none = {.class = ERR_NONE};
	struct publication *p;
	struct err e = ERR_INIT;

	/* Another one may hold the image for long, or wait for what this one would wait for. */
	if (staged < 0 || publication_in_flight(a, r->image) ||
	    publication_paused(a, r->image) || foreign_stands(a, r->image, r->job) ||
	    floors_pause_publishing(a))
		return;
	memcpy(j.image, r->image, sizeof(j.image));
	p = publication_add(a, &j, &none, &e);
	if (p)
		p->prepares = true;
	if (p && begin(a, p, staged, &e) == 0)
		return;
	log_info("event=not-prepared job=%lld %s", (long long)r->job, e.msg);
	if (p)
		publication_let_go(p);
}

struct publication *publication_prepared(struct agent *a, const struct job *j,
					 const struct verdict *v)
{
	struct publication *p = a->publications;

	while (p && !(p->prepares && p->socket >= 0 && p->job == j->id && p->attempt == j->attempt))
		p = p->next;
	if (!p)
		return NULL;
	p->watch = sd_event_source_disable_unref(p->watch);
	p->prepares = false;
	p->verdict = *v;
	p->start_ms = clock_mono_ms();
	return p;
}

static bool runs(const struct agent *a, const struct publication *p)
{
	const struct attempt_run *r = a->attempts;

	while (r && (r->job != p->job || r->number != p->attempt))
		r = r->next;
	return r != NULL;
}

void publication_drop_prepared(struct agent *a)
{
	for (struct publication *p = a->publications, *next; p; p = next) {
		next = p->next;
		if (p->prepares && p->socket >= 0 && !runs(a, p))
			publication_let_go(p);
	}
}
