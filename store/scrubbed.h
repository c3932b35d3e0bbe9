/*
 * scrubbed: how far hornero-scrub has come: STORE/scrub.json. A pass goes over all artifacts and then over all files of ours
 * in Nova's cache, each in the order of its name, and is taken up where it stopped, whatever stopped it.
 */
#ifndef HORNERO_STORE_SCRUBBED_H
#define HORNERO_STORE_SCRUBBED_H

#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>

struct scrubbed {
	int64_t started_ms;  /* of the pass under way, or the last one; 0: never. Both of lib/steady.h's clock */
	int64_t finished_ms; /* of the last whole pass; 0: none yet */
	char at[80];         /* "a-DIGEST" or "c-NAME", done last; "": no pass is under way */
	int64_t looked, changed; /* in that pass: files read; files found changed */
};

/* All zeroes where there is none, or one that makes no sense. -1 where it cannot be read. */
int scrubbed_load(const char *store_dir, struct scrubbed *out, struct err *e);
int scrubbed_save(const char *store_dir, const struct scrubbed *s, struct err *e);

/* hornero-scrub works: the time of the file is its beat. The beat, for comparison alone; 0: there is none. */
void scrubbed_beat(const char *store_dir);
int64_t scrubbed_beat_ns(const char *store_dir);

/* Is a pass to be begun, or one under way? interval_s 0: never. A time to come is no time of this node: due. */
static inline bool scrubbed_is_due(const struct scrubbed *s, int64_t interval_s, int64_t now_ms)
{
	return interval_s > 0 && (*s->at || now_ms < s->finished_ms || now_ms - s->finished_ms >= interval_s * 1000);
}

#endif
