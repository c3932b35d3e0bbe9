/*
 * task: one run towards the record that is wanted: it looks at the record and does the next missing
 * step, until nothing is missing. registrar.c has the steps of a release, stablerecord.c those of a
 * stable id.
 */
#ifndef HORNERO_GLANCE_TASK_H
#define HORNERO_GLANCE_TASK_H

#include "conf/image.h"
#include "glance/imageapi.h"
#include "store/registration.h"

#include <string.h>

struct task {
	struct glance *g;
	const struct outgoing *o;
	const struct stable *s; /* of a stable id; else NULL */
	struct registration *r;
	const char *path;       /* of the artifact, below glance_artifact_url */
	enum image_require_warm require; /* of the image file */
	bool is_by_location;    /* Glance may not keep the bytes itself */
	bool is_current, is_new; /* is_new: it was not registered before */
	int looks;
	struct manifest m;
	bool is_soon;
};

static inline bool is_word(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* The functions below return false if the task ends here, with its state and reason in *t->r. */

bool task_end(struct task *t, enum registration_state state, const char *reason);
bool task_end_by(struct task *t, enum said said, const struct err *e);
/* Look again soon: Glance works on it. */
bool task_end_soon(struct task *t, const char *reason);
/* After a change of the record; after a conflict the next look says what to do. */
bool task_go_on(struct task *t, enum said said, const struct err *e);
/* After a try to make the record. */
bool task_created(struct task *t, enum said said, struct err *e);
/* Whether the record requires a warm node, or not, as the image file wishes. */
bool task_is_required(const struct task *t, const struct shown *s);
/* Makes it so. */
bool task_require(struct task *t);
/* The record is queued, without bytes: has Glance take those of the artifact. */
bool task_give(struct task *t, const struct shown *s);

/* Whether Glance has the bytes of the artifact; if not, sets e. */
bool task_is_right(struct task *t, const struct shown *s, struct err *e);

/* Saves the registration before a step that the next run must know of. */
void task_note(const struct task *t);

/* Calls step until it returns false. */
void task_run(struct task *t, bool (*step)(struct task *t));

#endif
