/*
 * confirming: clean builds that confirm incremental ones, when nothing else is to be done.
 */
#ifndef HORNERO_AGENT_HORNEROD_CONFIRMING_H
#define HORNERO_AGENT_HORNEROD_CONFIRMING_H

#include "agent/hornerod/attempts.h"
#include "db/job.h"

/* Notes that the newest publication of an image may need a confirmation once the node is idle. */
void confirming_after(struct agent *a, const char *image);
/* Another build is due: ends confirmations now and queues them again. */
void confirming_yield(struct agent *a);
/* Settles a confirmation; attempt_end.c settles all other attempts. */
int confirming_settle(const struct attempt_run *r, struct attempt_result *res, int64_t again_ms,
		      struct err *e);
enum { CONFIRMING_TEXT = 256 };
/* The job's bytes are warm. If a confirmation replaced different bytes, adds an event to the job
 * that had published those, and fills text for the confirmation's own event; else text is "".
 * Call it before the row says published: if hornerod dies in between, both are repeated. */
int confirming_replaces(struct agent *a, const struct verdict *v, char text[CONFIRMING_TEXT],
			struct err *e);

#endif
