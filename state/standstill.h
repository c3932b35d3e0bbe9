/*
 * standstill: why the node builds nothing at the moment, in RUN_DIR/standstill; and RUN_DIR/drain.
 *
 * RUN_DIR/standstill: written by hornerod; read by hornerod, hornero-hook (post-receive), hornero.
 * RUN_DIR/drain: written by hornero (`drain`); removed by hornero (`resume`) and hornerod; read by
 * both.
 *
 * Without the file builds go on. It is only a hint, and ends with hornerod. The first line is
 * kind=WORD (state/waiting.h), the rest is the sentence for users. The file of an older version has
 * no kind: WAITING_UNKNOWN.
 */
#ifndef HORNERO_STATE_STANDSTILL_H
#define HORNERO_STATE_STANDSTILL_H

#include "lib/err.h"
#include "state/waiting.h"

#include <stdbool.h>

enum { STANDSTILL_MAX = 640 };

struct standstill {
	enum waiting kind; /* WAITING_NOTHING: builds go on */
	char text[STANDSTILL_MAX];
};

/* The operator's request to start nothing any more. A start or stop of hornerod ends it. */
int drain_begin(const char *run_dir, struct err *e);
int drain_end(const char *run_dir, struct err *e);
bool drain_is_on(const char *run_dir);

int standstill_say(const char *run_dir, const struct standstill *s, struct err *e);

/* Returns false, WAITING_NOTHING and "" if builds go on. */
bool standstill_read(const char *run_dir, struct standstill *out);

#endif
