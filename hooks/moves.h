/*
 * moves: the changes that a push makes to the queue: a job for each image that is built from a
 * pushed ref, or its cancellation.
 *
 *     struct moves moves = {0};
 *     if (moves_find(&p, &pushed, &options, &moves, e) < 0 ||
 *         moves_enter(&p, &options, &moves, e) < 0) …
 *     free(moves.list);
 */
#ifndef HORNERO_HOOKS_MOVES_H
#define HORNERO_HOOKS_MOVES_H

#include "db/job.h"
#include "hooks/target.h"
#include "hooks/pushopt.h"

/* An image and its ref that moved. */
struct move {
	const struct image *img;
	const struct refline *line;
	char commit[65];            /* the ref's commit now */
	bool skipped;               /* do not build this commit */
	bool done;                  /* durable: the row, or the record of a skip */
	struct job_receipt receipt; /* of the row */
	int64_t cancelled;          /* the queued job for an older commit that a skip cancelled,
				     * or 0 */
};

struct moves {
	struct move *list;
	size_t n;
	size_t deleted; /* refs of images that this push deletes: they need no job */
};

/* Fills out, and tells the pusher about deleted refs. ERR_OPERATOR or ERR_NOBODY if a tag cannot be
 * peeled. */
int moves_find(const struct target *p, const struct pushed *pushed, const struct pushopt *o,
	       struct moves *out, struct err *e);

/* Writes the rows and the skips. The sweep handles those that are not `done` on return. */
int moves_enter(const struct target *p, const struct pushopt *o, struct moves *moves,
		struct err *e);

/* Returns how many jobs were queued. */
size_t moves_queued(const struct moves *moves);

#endif
