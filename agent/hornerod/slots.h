/*
 * slots: the groups whose file limits how many of their builds run at a time (workers in
 * hornero-group(5)), and how many do. Load them for each claim: files and attempts change.
 *
 *     own_slots struct slots s = SLOTS_INIT;
 *     slots_load(&s, a);
 *     if (slots_allow_builder(&s, "make") && slots_allow_image(&s, a, uuid)) …
 */
#ifndef HORNERO_AGENT_HORNEROD_SLOTS_H
#define HORNERO_AGENT_HORNEROD_SLOTS_H

#include "agent/hornerod/agent.h"

enum { SLOT_NAME = 64 };

struct slots {
	struct slot {
		char name[SLOT_NAME];
		int64_t workers, running;
	} *list; /* those with a limit */
	size_t n;
	struct builders *builders;
};
#define SLOTS_INIT {.list = NULL}

/* A group whose file has an error has no limit here: its jobs are held with that error. */
void slots_load(struct slots *s, const struct agent *a);
void slots_fini(struct slots *s);
#define own_slots __attribute__((cleanup(slots_fini)))

/* Whether the group of this builder has a slot; "" is a first build, of the group "new". */
bool slots_allow_builder(const struct slots *s, const char *builder);
/* The same for the group in which the image would be built now. */
bool slots_allow_image(const struct slots *s, const struct agent *a, const char *image);

#endif
