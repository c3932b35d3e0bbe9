/*
 * keep: one pass of hornero-keep. Each file calls those below it.
 *
 *   main.c           the images' own names, and the list for the publisher
 *   keep_releases.c  the releases
 *   keep_touch.c     one file of either: whether its image wants it, to touch it, or it is gone
 *   keep_ask.c       one request to the publisher
 */
#ifndef HORNERO_AGENT_UPKEEP_KEEP_KEEP_H
#define HORNERO_AGENT_UPKEEP_KEEP_KEEP_H

#include "conf/conf.h"
#include "lib/err.h"
#include "store/kept.h"

#include <stdbool.h>
#include <sys/stat.h>

enum { KEEP_REPLY_MAX = 1024, KEEP_AGAIN_MS = 120000 };

struct pass {
	const struct conf *conf;
	int cache;
	int64_t now_ms;           /* wall */
	struct steady clock;
	int list;         /* the list of files to touch, for the publisher */
	int touches, looked;
	bool wants_sweep;
};

/* keep_touch.c: what the image's file asks for. */
struct keep_rule {
	bool is_registered, wants_release, is_release_only;
	int64_t keep_s;
};
void keep_rule_of(const struct conf *c, const char *uuid, struct keep_rule *out);

int64_t keep_mtime_of(const struct stat *st);

/* Lists the file to be touched, if it is time. `target` is the image, or IMAGE/DIGEST for a
 * release. Returns 1 if listed, 0 if not, -1 on error. */
int keep_touch(struct pass *p, struct kept *k, const char *target, int64_t keep_s, int64_t seen_ns,
	       struct err *e);

/* Records since when the file is missing, and asks for a sweep if it is due to come back. */
int keep_note_gone(struct pass *p, struct kept *k, int64_t keep_s, struct err *e);

/* keep_ask.c: sends one request to the publisher and stores its last reply; fd is borrowed. */
int keep_ask(const struct pass *p, const char *request, int fd, char reply[KEEP_REPLY_MAX],
	     struct err *e);

/* keep_releases.c: keeps the releases of all images. Logs and skips what is unreadable. */
int keep_releases(struct pass *p, struct err *e);

#endif
