/*
 * collect: hornero-collect brings the store, checkouts and Nova's cache down to their budgets and floors, and removes junk.
 *
 *   main.c            options, the order, the end
 *   collect_needed.c  which artifacts must stay: images and jobs
 *   collect_store.c   artifacts, the one used longest ago first, as far as budget and floor demand
 *   collect_bases.c   what hornero published into Nova's cache, file by file
 *   collect_cache.c   files of Nova's cache that no image wishes warm: the publisher removes them
 *   collect_junk.c    what nothing leads to
 *   collect_work.c    checkouts and builders' caches of images for which nothing is built now
 *   collect_report.c  each thing that went or stays in the way, for people, programs or the log
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
	bool dry;              /* say, remove nothing */
	bool json, quiet;      /* quiet: for hornerod, the log alone */
	struct image *images;  /* registered, broken ones too */
	size_t nimages;
	json_t *rows;
	int64_t now_ms;        /* wall */
	struct steady clock;
	int64_t removed, removed_bytes;
	int64_t store_lack_bytes; /* below store_floor still, and checkouts are on that filesystem, too */
	bool lacking;          /* a budget or a floor is not met, and nothing more may go */
};

bool collect_is_registered(const struct collect *c, const char *uuid);

/* Mark what is current or the previous good one of an image, or a job's: running, built or waiting for its publication. */
int collect_needed(const struct collect *c, struct inventory *all, struct err *e);

int collect_store(struct collect *c, struct err *e);
/* After the store: what its artifacts did not make up for is looked for here. */
int collect_work(struct collect *c, struct err *e);
int collect_cache(struct collect *c, struct err *e);

/* The store's lock is held alone: nobody is about to name what has no name yet. */
int collect_orphans(struct collect *c, struct err *e);
int collect_keys_of_gone(struct collect *c, struct err *e);
/* Without the lock: names that nobody else uses. */
int collect_junk(struct collect *c, struct err *e);

/* what: "artifact", "base", "checkout", "key", …. bytes 0: not worth a word. */
void collect_say(struct collect *c, const char *what, const char *name, int64_t bytes, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* It was to go, and does not. */
void collect_say_stays(struct collect *c, const char *what, const char *name, const char *reason);
/* A budget or a floor of "store", "checkouts" or "cache" is not met. */
void collect_say_lacking(struct collect *c, const char *what, int64_t bytes, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* For reasons; returns buf. */
const char *collect_date(int64_t wall_ms, char buf[32]);
void collect_say_end(const struct collect *c);

#endif
