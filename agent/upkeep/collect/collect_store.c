/* collect_store: DIAGNOSTICS: see collect_needed.c and store/inventory.h. */
#include "agent/upkeep/collect/collect.h"

#include "lib/bytes.h"
#include "lib/own.h"
#include "store/store.h"

#include <string.h>
#include <sys/stat.h>

/* How much space is demanded, and the reason for the report. */
struct demand {
	int64_t bytes, floor_bytes; /* the latter: of the floor alone */
	char why[FLOOR_WHY];
};

static struct demand demand_of(const struct collect *c, int64_t used)
{
	struct floor floor = conf_store_floor(c->conf);
	int64_t budget = c->conf->store_budget_bytes;
	char size[BYTES_WORDS], most[BYTES_WORDS];
	int64_t lack = floor_lack_bytes(&floor);
	struct demand d = {.bytes = lack, .floor_bytes = lack};

	if (d.bytes > 0)
		snprintf(d.why, sizeof(d.why), "below store_floor, %s short",
			 bytes_words(size, d.bytes));
	if (budget > 0 && used - budget > d.bytes) {
		d.bytes = used - budget;
		snprintf(d.why, sizeof(d.why), "all artifacts take %s, store_budget is %s",
			 bytes_words(size, used), bytes_words(most, budget));
	}
	return d;
}

static int let_go(struct collect *c, int artifacts, const struct stored *s, const struct demand *d,
		  struct err *e)
{
	char date[32];

	if (!c->dry && inventory_discard(artifacts, s->digest, e) < 0)
		return -1;
	collect_say(c, "artifact", s->digest, s->bytes,
		    "%s; no image or job needs it, last used %s", d->why,
		    collect_date(s->used_ms, date));
	return 0;
}

/* Sorts the least recently used first. */
static int make_room(struct collect *c, int artifacts, const struct inventory *all,
		     struct demand *d, struct err *e)
{
	for (size_t i = 0; i < all->n && d->bytes > 0; i++) {
		if (all->list[i].needed)
			continue;
		if (let_go(c, artifacts, &all->list[i], d, e) < 0)
			return -1;
		d->bytes -= all->list[i].bytes;
		d->floor_bytes -= all->list[i].bytes;
	}
	return c->dry ? 0 : collect_keys_of_gone(c, e);
}

/* Checkouts can make up for the rest of the floor's demand, but not for a budget's. */
static void say_lacking(struct collect *c, const struct demand *d)
{
	char left[BYTES_WORDS];
	struct stat store, work;
	bool one_disk = stat(c->conf->store_dir, &store) == 0 &&
			stat(c->conf->repo_base, &work) == 0 && store.st_dev == work.st_dev;

	c->store_lack_bytes = one_disk && d->floor_bytes > 0 ? d->floor_bytes : 0;
	if (d->bytes > c->store_lack_bytes)
		collect_say_lacking(c, "store", d->bytes,
				    "%s; %s more should go, but all others are needed: the current "
				    "and the previous artifact of an image, or a job's",
				    d->why, bytes_words(left, d->bytes));
}

int collect_store(struct collect *c, struct err *e)
{
	own_inventory struct inventory all = {0};
	own_fd int lock = store_lock(c->conf->store_dir, STORE_ALONE, e);
	struct demand d;

	if (lock < 0 || collect_orphans(c, e) < 0 ||
	    inventory_load(&all, c->conf->store_dir, e) < 0)
		return -1;
	d = demand_of(c, all.bytes);
	if (d.bytes <= 0)
		return 0;
	if (collect_needed(c, &all, e) < 0 || make_room(c, lock, &all, &d, e) < 0)
		return -1;
	if (d.bytes > 0)
		say_lacking(c, &d);
	return 0;
}
