/*
 * standstill: why the whole node builds nothing for now: one line in RUN_DIR/standstill, written by hornerod and read by
 * who explains. No file: builds go on. Only a hint; it goes with the agent.
 */
#ifndef HORNERO_STATE_STANDSTILL_H
#define HORNERO_STATE_STANDSTILL_H

#include "lib/err.h"

#include <stdbool.h>
#include <string.h>

enum { STANDSTILL_MAX = 640 };

/* A sentence begins so where running builds stand still, too: for as long as a pressure lasts, or until a person ends it. */
#define STANDSTILL_PAUSED "paused: "
#define STANDSTILL_BY "paused by "

/* An operator's wish that nothing starts any more: RUN_DIR/drain. hornerod's start ends it. */
int drain_begin(const char *run_dir, struct err *e);
int drain_end(const char *run_dir, struct err *e);
bool drain_is_on(const char *run_dir);

/* text NULL: builds go on. */
int standstill_say(const char *run_dir, const char *text, struct err *e);

/* Whether it ends by itself; else somebody must act. */
static inline bool standstill_is_brief(const char *text)
{
	return strncmp(text, STANDSTILL_PAUSED, strlen(STANDSTILL_PAUSED)) == 0;
}

/* Whether running builds stand still, too. */
static inline bool standstill_freezes(const char *text)
{
	return standstill_is_brief(text) || strncmp(text, STANDSTILL_BY, strlen(STANDSTILL_BY)) == 0;
}

/* False, and buf "": builds go on. */
bool standstill_read(const char *run_dir, char buf[STANDSTILL_MAX]);

#endif
