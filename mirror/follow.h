/*
 * follow: makes the branches and tags of one mirror those of its upstream.
 */
#ifndef HORNERO_MIRROR_FOLLOW_H
#define HORNERO_MIRROR_FOLLOW_H

#include "conf/conf.h"

/* Fetches, pushes and writes the record (store/mirrored.h). Returns 0 with a record, of whatever
 * state, or if the repository is no mirror any more; -1 if nothing could be recorded. */
int follow(const struct conf *c, const char *repo, struct err *e);

#endif
