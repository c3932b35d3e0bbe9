/* slots: DIAGNOSTICS: logs that memory ran out; then nothing is limited this once. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/slots.h"
#include "agent/hornerod/attempts.h"

#include "conf/builder.h"
#include "conf/group.h"
#include "lib/log.h"
#include "lib/own.h"

#include <dirent.h>
#include <string.h>

static int64_t running_of(const struct agent *a, const char *group)
{
	int64_t n = 0;

	for (const struct attempt_run *r = a->attempts; r; r = r->next)
		n += !r->ended && !r->confirms && strcmp(r->group, group) == 0;
	return n;
}

static void add(struct slots *s, const struct agent *a, const char *name)
{
	struct err ignored = ERR_INIT;
	struct slot *list;
	struct group g;

	if (group_load(a->conf->groups_dir, name, &g, &ignored) < 0 || g.workers == 0)
		return;
	list = reallocarray(s->list, s->n + 1, sizeof(*list));
	if (!list) {
		log_warn("event=group-not-limited group=%s out of memory", name);
		return;
	}
	s->list = list;
	list[s->n] = (struct slot){.workers = g.workers, .running = running_of(a, name)};
	snprintf(list[s->n++].name, SLOT_NAME, "%s", name);
}

void slots_load(struct slots *s, const struct agent *a)
{
	static const char suffix[] = ".yaml";
	own_dir DIR *d = opendir(a->conf->groups_dir);
	struct err ignored = ERR_INIT;
	struct dirent *entry;
	char name[SLOT_NAME];

	while (d && (entry = readdir(d))) {
		size_t len = strlen(entry->d_name), end = sizeof(suffix) - 1;

		if (len <= end || len - end >= SLOT_NAME || entry->d_name[0] == '.' ||
		    strcmp(entry->d_name + len - end, suffix) != 0)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(len - end), entry->d_name);
		add(s, a, name);
	}
	if (s->n > 0)
		(void)builders_load(a->conf->builders_dir, &s->builders, &ignored);
}

void slots_fini(struct slots *s)
{
	builders_free(s->builders);
	free(s->list);
	*s = (struct slots)SLOTS_INIT;
}

static bool is_free(const struct slots *s, const char *group)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->list[i].name, group) == 0)
			return s->list[i].running < s->list[i].workers;
	return true;
}

bool slots_allow_builder(const struct slots *s, const char *builder)
{
	return s->n == 0 || is_free(s, builder_group(s->builders, builder));
}

bool slots_allow_image(const struct slots *s, const struct agent *a, const char *image)
{
	char group[ATTEMPT_GROUP];

	if (s->n == 0)
		return true;
	attempt_group(a, image, group);
	return is_free(s, group);
}
