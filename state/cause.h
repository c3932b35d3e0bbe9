/*
 * cause: why an attempt ended without an artifact, as one word.
 *
 * Written by: hornero-build and hornerod, into the verdict JOB.ATTEMPT.verdict; hornerod also
 * writes the rows of attempts and the log.
 * Read by: hornerod; hornero shows the word.
 *
 * Code compares the enum. hornerod(8) lists the table, and t/3010-words-unit compares both. A word
 * of another version parses as CAUSE_UNKNOWN; code that stores the word shows it unchanged.
 */
#ifndef HORNERO_STATE_CAUSE_H
#define HORNERO_STATE_CAUSE_H

#include "lib/err.h"

#include <stdbool.h>

enum cause {
	CAUSE_NONE, /* built: the empty word */
	CAUSE_EXIT,
	CAUSE_SIGNAL,
	CAUSE_KILLED,
	CAUSE_OOM,
	CAUSE_PIDS,
	CAUSE_CROWDED,
	CAUSE_TIMEOUT,
	CAUSE_STARVED,
	CAUSE_SILENCE,
	CAUSE_LOG,
	CAUSE_DISK,
	CAUSE_HANGS,
	CAUSE_SANDBOX,
	CAUSE_CONFIGURATION,
	CAUSE_CHECKOUT,
	CAUSE_TOOL,
	CAUSE_FETCH,
	CAUSE_ARTIFACT,
	CAUSE_CHECK,
	CAUSE_BOOT,
	CAUSE_STORE,
	CAUSE_PUBLISH,
	CAUSE_PINNED,
	CAUSE_MOVED,
	CAUSE_START,
	CAUSE_CRASH,
	CAUSE_STOPPED,
	CAUSE_CANCELLED,
	CAUSE_YIELDED,
	CAUSE_INPUTS,
	CAUSE_REPEATED,
	CAUSE_UNKNOWN, /* the last */
};

struct cause_entry {
	const char *name;
	enum err_class who; /* acts next; ERR_NONE: the verdict's class decides */
	bool is_crash;      /* may be nobody's fault, but the third such end holds the job */
	const char *words;  /* one sentence, in roff; does not repeat the class */
};

/* Returns the entry of any cause. The names of CAUSE_NONE and CAUSE_UNKNOWN are "" and
 * "unknown". */
const struct cause_entry *cause_entry(enum cause c);

static inline const char *cause_name(enum cause c)
{
	return cause_entry(c)->name;
}

/* NULL and "" mean CAUSE_NONE. */
enum cause cause_parse(const char *name);

#endif
