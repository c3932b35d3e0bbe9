/*
 * collect: hornero-collect reduces the store, the checkouts and Nova's cache to their budgets and
 * floors, and removes junk.
 *
 *   main.c            options and the order of the steps
 *   collect_needed.c  which artifacts images and jobs need
 *   collect_store.c   removes artifacts, least recently used first, as budget and floor demand
 *   collect_bases.c   the files that hornero published into Nova's cache
 *   collect_cache.c   has the publisher remove cache files that no image wants warm
 *   collect_junk.c    removes files that nothing refers to
 *   collect_logs.c    compresses logs, and removes the oldest
 *   collect_history.c forgets jobs that ended long ago
 *   collect_fetched.c removes fetched files of other lock files than the image's last build had
 *   collect_work.c    removes checkouts and builders' caches of images without a running build
 *   collect_report.c  reports what was removed or stays, as text, JSON or log
 */
#ifndef HORNERO_AGENT_UPKEEP_COLLECT_COLLECT_H
#define HORNERO_AGENT_UPKEEP_COLLECT_COLLECT_H

#include "conf/conf.h"
#include "conf/image.h"
#include "lib/err.h"
#include "lib/steady.h"
#include "store/inventory.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct collect {
	const struct conf *conf;
	bool dry;              /* report only, remove nothing */
	bool json, quiet;      /* quiet: log only, for hornerod */
	struct image *images;  /* registered, broken ones too */
	size_t nimages;
	json_t *rows;
	int64_t now_ms;        /* wall */
	struct steady clock;
	int64_t removed, removed_bytes;
	int64_t store_lack_bytes; /* missing to store_floor, if checkouts share its disk */
	bool lacking;          /* a budget or floor is not met and nothing more may go */
};

bool collect_is_registered(const struct collect *c, const char *uuid);

/* Marks the artifacts in use: the current and the previous good one of each image, those of jobs
 * that are running, built or waiting for their publication, and those that Glance names by URL. */
int collect_needed(const struct collect *c, struct inventory *all, struct err *e);

int collect_store(struct collect *c, struct err *e);
/* Call it after collect_store(): it frees the space that artifacts did not. */
int collect_work(struct collect *c, struct err *e);
int collect_cache(struct collect *c, struct err *e);
int collect_logs(struct collect *c, struct err *e);
int collect_history(struct collect *c, struct err *e);
/* Looks at one image's directory in repo_base; skips one that is in use. */
void collect_fetched(struct collect *c, int repo_base, const char *uuid);

/* Call these with the exclusive lock of the store, so that no process is about to link a file
 * that has no name yet. */
int collect_orphans(struct collect *c, struct err *e);
int collect_keys_of_gone(struct collect *c, struct err *e);
/* Needs no lock: only hornero-collect uses these names. */
int collect_junk(struct collect *c, struct err *e);

/* Reports a removal. `what` is "artifact", "base", "checkout", "key", …; if bytes is 0, no size
 * is shown. */
void collect_say(struct collect *c, const char *what, const char *name, int64_t bytes,
		 const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* Reports something that should go but stays. */
void collect_say_stays(struct collect *c, const char *what, const char *name, const char *reason);
/* Reports that a budget or a floor of "store", "checkouts" or "cache" is not met. */
void collect_say_lacking(struct collect *c, const char *what, int64_t bytes, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Formats a date for a reason; returns buf. */
const char *collect_date(int64_t wall_ms, char buf[32]);
void collect_say_end(const struct collect *c);

#endif
