/*
 * wish: is an image what its ref and its file wish? Pure: the whole rule of the sweep.
 */
#ifndef HORNERO_AGENT_UPKEEP_SWEEP_WISH_H
#define HORNERO_AGENT_UPKEEP_SWEEP_WISH_H

#include "db/job.h"
#include "store/warm.h"

#include <stdbool.h>

enum wish {
	WISH_WARM,     /* the cache has it */
	WISH_BUILD,    /* queue it: never built, moved on, or its file or toolchain changed */
	WISH_PUBLISH,  /* queue it: only the file in the cache is missing; the store will have it */
	WISH_RELEASED, /* its release alone has it: instances stand on the old bytes, and in_use
			  says not to wait for them */
	WISH_UNDERWAY, /* a job for this commit is queued, running or waits for the cache */
	WISH_LET_GO,   /* its file is gone, and keep_warm wants it no longer */
	WISH_GRACE,    /* its file is gone only a moment ago: somebody may be freeing the disk */
	WISH_SKIPPED,  /* its commit was pushed with -o skip */
	WISH_FAILED, /* the last job for this very content failed, or is held or cancelled: nothing
			would change */
};

struct wish_facts {
	const char *tip;          /* commit of the ref */
	const char
		*inputs; /* digest of the rest of the wish, "" where the builder is not known yet */
	int64_t changed_ms; /* wall: when the image file, its builder file or the set of them was
			       last written */
	enum warm_state state;
	const struct warm *warm;  /* unless state is WARM_NONE */
	bool is_refused; /* its artifact was found changed, and put out of use: nothing could bring
			    it back */
	bool is_skipped;          /* a record of -o skip stands for the tip */
	bool is_release; /* state and warm are those of its current release: its own name is as
			    wished, or … */
	bool is_alone;   /* … has older bytes, and in_use says to leave them to the instances that
			    stand on them */
	bool is_free;             /* of which there are none any more; where is_alone */
	bool is_let_go, is_graced; /* where state is WARM_GONE */
	const struct job *newest; /* the image's newest job, NULL for none */
};

enum wish wish_decide(const struct wish_facts *f);

/* "warm", "to build", "to publish", "released", "under way", "failed", "let go", "gone". */
const char *wish_name(enum wish w);

#endif
