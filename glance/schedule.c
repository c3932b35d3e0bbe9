/* schedule: DIAGNOSTICS: schedule_of returns NULL if memory is short. */
#include "glance/schedule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SOON_MS = 1000,
	FIRST_MS = 5000,           /* doubled with each try */
	MOST_MS = 10 * 60 * 1000,
	ASKED_MOST_S = 3600,
	OPERATOR_MS = 30 * 60 * 1000, /* for a quota or a right */
	AGAIN_MS = 60 * 60 * 1000,    /* looks whether a registered one still stands */
};

struct slot *schedule_of(struct schedule *s, const char *release)
{
	struct slot *grown;

	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->list[i].release, release) == 0)
			return &s->list[i];
	grown = reallocarray(s->list, s->n + 1, sizeof(*s->list));
	if (!grown)
		return NULL;
	s->list = grown;
	s->list[s->n] = (struct slot){.due_ms = 0};
	snprintf(s->list[s->n].release, sizeof(s->list[s->n].release), "%s", release);
	return &s->list[s->n++];
}

void schedule_fini(struct schedule *s)
{
	free(s->list);
	*s = (struct schedule){.list = NULL};
}

void schedule_all(struct schedule *s)
{
	for (size_t i = 0; i < s->n; i++)
		s->list[i].due_ms = 0;
}

int64_t schedule_delay_ms(enum registration_state state, bool is_soon, int64_t tries,
			  int64_t retry_after_s)
{
	int64_t ms = FIRST_MS;

	if (is_soon)
		return SOON_MS;
	switch (state) {
	case REGISTRATION_RETIRED: return -1;
	case REGISTRATION_MADE:
	case REGISTRATION_REGISTERED: return AGAIN_MS;
	case REGISTRATION_HELD:
	case REGISTRATION_REFUSED: return OPERATOR_MS;
	default: break;
	}
	for (int64_t i = 1; i < tries && ms < MOST_MS; i++)
		ms *= 2;
	if (retry_after_s > ASKED_MOST_S)
		retry_after_s = ASKED_MOST_S;
	if (ms > MOST_MS)
		ms = MOST_MS;
	return retry_after_s * 1000 > ms ? retry_after_s * 1000 : ms;
}
