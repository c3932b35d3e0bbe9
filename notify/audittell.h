/*
 * audittell: with notify_audit, hands each record of the audit log to the programs of events_dir,
 * in order and at least once. store/auditcursor.h is its position.
 *
 * It begins at the end of the log. It keeps nothing in memory between two calls, so a log that was
 * replaced meanwhile is seen.
 */
#ifndef HORNERO_NOTIFY_AUDITTELL_H
#define HORNERO_NOTIFY_AUDITTELL_H

#include "conf/conf.h"
#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>

struct audittell {
	const struct conf *c;
	int stop;         /* ends it when readable */
	bool is_fresh;    /* the program started, or got SIGHUP: what failed is due */
	int64_t until_ms; /* monotonic: no further record after that */
	int64_t next_ms;  /* out: monotonic: when it is due again; INT64_MAX: after a change */
	bool is_behind;   /* out: not all records are told */
};

/* Returns 1 if there may be more to tell at once, 0 if not, -1 if its position cannot be kept. A
 * program that fails and a log that cannot be read are no errors: the position records them. */
int audittell(struct audittell *t, struct err *e);

#endif
