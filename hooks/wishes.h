/*
 * wishes: what a push wishes of the queue: for each image that is built from a pushed ref a job, or that there be none.
 *
 *     struct wishes ws = {0};
 *     if (wishes_find(&p, &pushed, &options, &ws, e) < 0 || wishes_enter(&p, &options, &ws, e) < 0) …
 *     free(ws.list);
 */
#ifndef HORNERO_HOOKS_WISHES_H
#define HORNERO_HOOKS_WISHES_H

#include "db/job.h"
#include "hooks/place.h"
#include "hooks/pushopt.h"

/* An image and the ref of it that moved. */
struct wish {
	const struct image *img;
	const struct refline *line;
	char commit[65];            /* that the ref means now */
	bool skipped;               /* it is not to be built from this commit */
	bool done;                  /* durable: the row, or the record of a skip */
	struct job_receipt receipt; /* of the row */
	int64_t cancelled;          /* by a skip: the job that waited for an older commit of the ref, or 0 */
};

struct wishes {
	struct wish *list;
	size_t n;
	size_t deleted; /* refs of images that this push deletes: nothing to queue, but not nobody's */
};

/* Tells the pusher of refs that are deleted. ERR_OPERATOR, ERR_NOBODY where a tag cannot be peeled. */
int wishes_find(const struct place *p, const struct pushed *pushed, const struct pushopt *o, struct wishes *out, struct err *e);

/* Bring them into effect. What is not `done` on return is the sweep's. */
int wishes_enter(const struct place *p, const struct pushopt *o, struct wishes *ws, struct err *e);

/* How many jobs there are to wait for. */
size_t wishes_queued(const struct wishes *ws);

#endif
