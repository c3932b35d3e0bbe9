/* publications: the list of those in flight, and the images whose next one waits. DIAGNOSTICS:
 * ERR_NOBODY if there is no memory. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/publications.h"

#include "lib/clock.h"
#include "lib/own.h"

#include <string.h>

bool publication_in_flight(const struct agent *a, const char *image)
{
	for (const struct publication *p = a->publications; p; p = p->next)
		if (!p->given_up && (!image || strcmp(p->image, image) == 0))
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
