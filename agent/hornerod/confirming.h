/*
 * confirming: clean builds that confirm incremental ones, when nothing else is to be done.
 */
#ifndef HORNERO_AGENT_HORNEROD_CONFIRMING_H
#define HORNERO_AGENT_HORNEROD_CONFIRMING_H

#include "agent/hornerod/attempts.h"
#include "db/job.h"

/* The newest publication of an image may want to be confirmed, when the node is idle. */
void confirming_after(struct agent *a, const char *image);
/* Something else is to be built: confirmations end now, and are queued again. */
void confirming_yield(struct agent *a);
/* As attempt_end.c's settle, of a confirmation. */
int confirming_settle(const struct attempt_run *r, struct attempt_result *res, int64_t again_ms,
		      struct err *e);
enum { CONFIRMING_TEXT = 256 };
/* The job's bytes are warm. If a confirmation's bytes differ from what was warm, the job that made
 * that is told, and text is what this one is to say; else text is "". Call it before the row says
 * published: a death in between repeats it. */
int confirming_replaces(struct agent *a, const struct verdict *v, char text[CONFIRMING_TEXT],
			struct err *e);

#endif
