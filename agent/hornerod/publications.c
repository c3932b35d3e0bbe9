/* publications: the list of those in flight, and the images whose next one waits. DIAGNOSTICS:
 * ERR_NOBODY if there is no memory. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/publications.h"

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/own.h"

#include <signal.h>
#include <string.h>

enum { PUBLISHER_END_MS = 2000 };

bool publication_in_flight(const struct agent *a, const char *image)
{
	for (const struct publication *p = a->publications; p; p = p->next)
		if (!p->given_up && !p->prepares && (!image || strcmp(p->image, image) == 0))
			return true;
	return false;
}

struct publication *publication_add(struct agent *a, const struct job *j, const struct verdict *v,
				    struct err *e)
{
	struct publication *p = calloc(1, sizeof(*p));

	if (!p) {
		err_set(e, ERR_NOBODY, "out of memory for a publication");
		return NULL;
	}
	p->agent = a;
	p->job = j->id;
	p->attempt = j->attempt;
	p->verdict = *v;
	p->socket = -1;
	p->start_ms = clock_mono_ms();
	memcpy(p->image, j->image, sizeof(p->image));
	p->next = a->publications;
	a->publications = p;
	return p;
}

void publication_hang_up(struct publication *p)
{
	p->watch = sd_event_source_disable_unref(p->watch);
	own_fd_end(&p->socket);
	p->socket = -1;
}

void publication_forget(struct publication *p)
{
	struct publication **at = &p->agent->publications;

	while (*at && *at != p)
		at = &(*at)->next;
	if (*at)
		*at = p->next;
	publication_hang_up(p);
	sd_event_source_disable_unref(p->kill_timer);
	free(p);
}

static int on_end(sd_event_source *src, int fd, uint32_t events, void *arg)
{
	struct publication *p = arg;
	struct agent *a = p->agent;

	(void)src;
	(void)fd;
	(void)events;
	spawn_wait(&p->publisher);
	publication_forget(p);
	agent_soon(a, 0);
	return 0;
}

static int on_kill_timer(sd_event_source *src, uint64_t at, void *arg)
{
	struct publication *p = arg;

	(void)src;
	(void)at;
	log_warn("event=publisher-killed job=%lld pid=%d", (long long)p->job,
		 (int)p->publisher.pid);
	kill(p->publisher.pid, SIGKILL);
	if (p->killed_ms == 0)
		p->killed_ms = clock_mono_ms();
	return 0;
}

/* Blocks for a limited time. */
void publication_end_now(struct publication *p)
{
	if (p->publisher.pid > 0 && !spawn_end(&p->publisher, PUBLISHER_END_MS))
		log_error("event=publisher-hangs job=%lld pid=%d", (long long)p->job,
			  (int)p->publisher.pid);
	publication_forget(p);
}

/* The publisher ends its work at that, even a block job of an instance. The loop waits for one that
 * hangs in the kernel. */
void publication_let_go(struct publication *p)
{
	sd_event *loop = p->agent->loop;

	publication_hang_up(p);
	if (p->publisher.pid <= 0)
		publication_forget(p);
	else if (sd_event_add_io(loop, &p->watch, p->publisher.pidfd, EPOLLIN, on_end, p) < 0 ||
		 sd_event_add_time_relative(loop, &p->kill_timer, CLOCK_BOOTTIME,
					    PUBLISHER_END_MS * (uint64_t)1000, 0, on_kill_timer,
					    p) < 0)
		publication_end_now(p);
}

static struct pause **find_pause(struct agent *a, const char *image)
{
	struct pause **at = &a->pauses;

	while (*at && strcmp((*at)->image, image) != 0)
		at = &(*at)->next;
	return at;
}

int64_t publication_paused(struct agent *a, const char *image)
{
	struct pause **at = find_pause(a, image);
	struct pause *p = *at;

	if (!p)
		return 0;
	if (clock_mono_ms() < p->until_ms)
		return p->until_ms;
	*at = p->next;
	free(p);
	return 0;
}

void publication_pause(struct agent *a, const char *image, int64_t ms)
{
	struct pause **at = find_pause(a, image);

	if (!*at) {
		*at = calloc(1, sizeof(**at));
		if (!*at)
			return;
		snprintf((*at)->image, sizeof((*at)->image), "%s", image);
	}
	(*at)->until_ms = clock_mono_ms() + ms;
}

void publication_forget_pauses(struct agent *a)
{
	while (a->pauses) {
		struct pause *p = a->pauses;

		a->pauses = p->next;
		free(p);
	}
}
