/*
 * record: what the hooks write into the audit log: a push that is accepted, before git moves any
 * ref ("push"); the refs that moved, with their jobs ("pushed"); a push that is refused
 * ("push-refused").
 */
#ifndef HORNERO_HOOKS_RECORD_H
#define HORNERO_HOOKS_RECORD_H

#include "hooks/moves.h"
#include "hooks/target.h"
#include "hooks/who.h"

struct record {
	const char *event;
	const struct target *p;
	const struct pushed *pushed;
	const struct who *who;
	const char *reason;        /* of a refusal; else NULL */
	const char *signer;        /* who signed the push; else NULL */
	const struct moves *moves; /* with jobs; else NULL */
};

/* Durable on success, but for "pushed". Writes several records if the refs do not fit into one.
 * Returns 0, or -1 as state/audit.h. */
int record_push(const struct record *r, struct err *e);

#endif
