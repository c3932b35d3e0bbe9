/*
 * waiting: what a job or the whole node waits for, as one word beside the sentence for users.
 *
 * Written by: hornerod, into waiting_kind of a row and run/standstill; hornero-publish, in its
 * answers. Read by: hornerod, hornero and hornero-hook.
 *
 * Code decides by the enum, never by the sentence. hornero(1) lists the table, and
 * t/3010-words-unit compares both. A word of another version parses as WAITING_UNKNOWN: someone may
 * have to act.
 */
#ifndef HORNERO_STATE_WAITING_H
#define HORNERO_STATE_WAITING_H

#include <stdbool.h>

enum waiting {
	WAITING_NOTHING, /* the empty word */
	WAITING_LOCK,
	WAITING_FLATTENING,
	WAITING_RETRY,
	WAITING_DISK,
	WAITING_PRESSURE,
	WAITING_INSTANCE,
	WAITING_FOREIGN,
	WAITING_PUBLISHER,
	WAITING_DRAIN,
	WAITING_PAUSE,
	WAITING_UNKNOWN, /* the last */
};

struct waiting_entry {
	const char *name;
	bool is_brief;     /* ends by itself; otherwise someone must act */
	bool freezes;      /* running builds stand still, too */
	const char *words; /* one sentence, in roff */
};

const struct waiting_entry *waiting_entry(enum waiting w);

static inline const char *waiting_name(enum waiting w)
{
	return waiting_entry(w)->name;
}

/* NULL and "" mean WAITING_NOTHING. */
enum waiting waiting_parse(const char *name);

#endif
