/*
 * push: pushes what a fetch brought into the repository, with `git push`: so the hooks, limits and
 * queue of a push hold for it.
 */
#ifndef HORNERO_MIRROR_PUSH_H
#define HORNERO_MIRROR_PUSH_H

#include "conf/conf.h"
#include "mirror/refs.h"
#include "store/mirrored.h"

struct push {
	const struct conf *conf;
	const char *repo, *repo_path; /* NAME, REPO_ROOT/NAME.git */
	const char *objects;          /* the objects that the repository lacks */
};

/* Pushes all moves. If the hooks refuse them together, pushes each by itself, so that one bad
 * branch does not stop the others. Fills m->changed, rewound and said, and m->reason on failure. */
enum mirrored_state push_run(const struct push *p, const struct move *moves, size_t n,
			     struct mirrored *m);

#endif
