/*
 * scrubbed: the progress of hornero-scrub: STORE/scrub.json. A pass reads all artifacts and then
 * all of our files in Nova's cache, each in the order of their names. A new process continues where
 * the last one stopped.
 */
#ifndef HORNERO_STORE_SCRUBBED_H
#define HORNERO_STORE_SCRUBBED_H

#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>

struct scrubbed {
	int64_t started_ms;  /* of the current or last pass; 0: never. Both times are of
			      * lib/steady.h's clock */
	int64_t finished_ms; /* of the last complete pass; 0: none yet */
	char at[80];         /* the last one done: "a-DIGEST" or "c-NAME"; "": no pass is running */
	int64_t looked, changed; /* in that pass: files read, files found changed */
};

/* Fills *out with zeroes if the file is missing or invalid. Returns 0, or -1 if it cannot be
 * read. */
int scrubbed_load(const char *store_dir, struct scrubbed *out, struct err *e);
int scrubbed_save(const char *store_dir, const struct scrubbed *s, struct err *e);

/* hornero-scrub sets the file's time while it works, as a heartbeat. Compare heartbeats only with
 * each other; 0: there is none. */
void scrubbed_beat(const char *store_dir);
int64_t scrubbed_beat_ns(const char *store_dir);

/* Returns true if a pass is due or unfinished. interval_s 0 means never. A time in the future is
 * not of this node: due. */
static inline bool scrubbed_is_due(const struct scrubbed *s, int64_t interval_s, int64_t now_ms)
{
	return interval_s > 0 &&
	       (*s->at || now_ms < s->finished_ms || now_ms - s->finished_ms >= interval_s * 1000);
}

#endif
