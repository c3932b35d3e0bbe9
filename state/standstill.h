/*
 * standstill: why the node builds nothing at the moment, one line in RUN_DIR/standstill; and
 * RUN_DIR/drain.
 *
 * RUN_DIR/standstill: written by hornerod; read by hornerod, hornero-hook (post-receive), hornero.
 * RUN_DIR/drain: written by hornero (`drain`); removed by hornero (`resume`) and hornerod; read by
 * both.
 *
 * Without the file builds go on. It is only a hint, and ends with hornerod.
 */
#ifndef HORNERO_STATE_STANDSTILL_H
#define HORNERO_STATE_STANDSTILL_H

#include "lib/err.h"

#include <stdbool.h>
#include <string.h>

enum { STANDSTILL_MAX = 640 };

/* Prefixes of a reason for which running builds stand still, too: while a pressure lasts, or until
 * a user resumes. */
#define STANDSTILL_PAUSED "paused: "
#define STANDSTILL_BY "paused by "

/* The operator's request to start nothing any more. A start or stop of hornerod ends it. */
int drain_begin(const char *run_dir, struct err *e);
int drain_end(const char *run_dir, struct err *e);
bool drain_is_on(const char *run_dir);

/* text NULL: builds go on. */
int standstill_say(const char *run_dir, const char *text, struct err *e);

/* Whether the standstill ends by itself; otherwise someone must act. */
static inline bool standstill_is_brief(const char *text)
{
	return strncmp(text, STANDSTILL_PAUSED, strlen(STANDSTILL_PAUSED)) == 0;
}

/* Whether running builds stand still, too. */
static inline bool standstill_freezes(const char *text)
{
	return standstill_is_brief(text) ||
	       strncmp(text, STANDSTILL_BY, strlen(STANDSTILL_BY)) == 0;
}

/* Returns false and "" if builds go on. */
bool standstill_read(const char *run_dir, char buf[STANDSTILL_MAX]);

#endif
