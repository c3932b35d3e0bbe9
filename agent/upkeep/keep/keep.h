/*
 * keep: one pass of hornero-keep. Each file calls those below it.
 *
 *   main.c           the images' own names, and the list for the publisher
 *   keep_releases.c  the releases
 *   keep_touch.c     one file of either: what its image wishes, is it to be touched, is it gone
 *   keep_ask.c       the talk with the publisher
 */
#ifndef HORNERO_AGENT_UPKEEP_KEEP_KEEP_H
#define HORNERO_AGENT_UPKEEP_KEEP_KEEP_H

#include "conf/conf.h"
#include "lib/err.h"
#include "store/kept.h"

#include <stdbool.h>
#include <sys/stat.h>

enum { KEEP_ANSWER_MAX = 1024, KEEP_AGAIN_MS = 120000 };

struct pass {
	const struct conf *conf;
	int cache;
	int64_t now_ms;           /* wall */
	struct steady clock;
	int list;         /* what the publisher is to touch */
	int touches, looked;
	bool wants_sweep;
};

/* keep_touch.c: what an image's file wishes. */
struct keep_wish {
	bool is_registered, wants_release, is_release_only;
	int64_t keep_s;
};
void keep_wish_of(const struct conf *c, const char *uuid, struct keep_wish *out);

int64_t keep_mtime_of(const struct stat *st);

/* To be touched, if it is time: `target` is the image, or IMAGE/DIGEST for a release. 1 listed, 0 not, -1. */
int keep_touch(struct pass *p, struct kept *k, const char *target, int64_t keep_s, int64_t seen_ns, struct err *e);

/* Its file is not there: since when, and does it come back now? */
int keep_note_gone(struct pass *p, struct kept *k, int64_t keep_s, struct err *e);

/* keep_ask.c: one request to the publisher and its last answer; fd is borrowed. */
int keep_ask(const struct pass *p, const char *request, int fd, char answer[KEEP_ANSWER_MAX], struct err *e);

/* keep_releases.c: the releases of every image. What cannot be looked at is logged and passed over. */
int keep_releases(struct pass *p, struct err *e);

#endif
