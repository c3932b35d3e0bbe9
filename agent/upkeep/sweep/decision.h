/*
 * decision: decides what the sweep does with an image. Pure: the whole rule of the sweep.
 */
#ifndef HORNERO_AGENT_UPKEEP_SWEEP_DECISION_H
#define HORNERO_AGENT_UPKEEP_SWEEP_DECISION_H

#include "db/job.h"
#include "store/warm.h"

#include <stdbool.h>

enum decision {
	DECISION_WARM,     /* the cache has it */
	DECISION_BUILD,    /* queue it: never built, ref moved, or image file or toolchain
			    * changed */
	DECISION_PUBLISH,  /* queue it: the store has the artifact, only the cache lacks the file */
	DECISION_RELEASED, /* published as its release alone: instances use the old bytes, and
			    * in_use says not to wait for them */
	DECISION_UNDERWAY, /* a job for this commit is queued, running or waits for the cache */
	DECISION_LET_GO,   /* its file is gone, and its keep_warm has ended */
	DECISION_GRACE,    /* its file went a moment ago: an operator may be freeing the disk */
	DECISION_SKIPPED,  /* its commit was pushed with -o skip */
	DECISION_FAILED,   /* the last job for this content failed, was cancelled or is held;
			    * another one would change nothing */
};

struct decision_facts {
	const char *tip;          /* commit of the ref */
	const char *inputs;       /* digest of the other inputs; "" if the builder is unknown */
	int64_t changed_ms;       /* wall: last write of the image file, its builder file or the
				     directory of builder files */
	enum warm_state state;
	const struct warm *warm;  /* unless state is WARM_NONE */
	bool is_refused;          /* its artifact was found changed and is out of use for good */
	bool is_skipped;          /* -o skip is recorded for the tip */
	bool is_release;          /* state and warm describe its current release: its own name is
				     up to date, or release_only */
	bool release_only;        /* its own name has older bytes, and in_use leaves those to the
				     instances that use them */
	bool is_free;             /* if release_only: no instance uses the older bytes any more */
	bool is_let_go, is_graced; /* only if state is WARM_GONE */
	const struct job *newest; /* the image's newest job, or NULL */
};

enum decision decision_make(const struct decision_facts *f);

/* Returns "warm", "to build", "to publish", "released", "under way", "failed", "let go", "gone". */
const char *decision_name(enum decision d);

#endif
