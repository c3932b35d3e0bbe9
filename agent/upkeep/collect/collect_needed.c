/* collect_needed: DIAGNOSTICS: ERR_NOBODY or ERR_OPERATOR if the queue or a record is unreadable.
 * Then nothing is collected, because we cannot know what is needed. */
#include "agent/upkeep/collect/collect.h"

#include "db/job.h"
#include "lib/own.h"
#include "store/release.h"
#include "store/stable.h"

#include <string.h>

enum { DB_WAIT_MS = 10000 };

bool collect_is_registered(const struct collect *c, const char *uuid)
{
	for (size_t i = 0; i < c->nimages; i++)
		if (strcmp(c->images[i].uuid, uuid) == 0)
			return true;
	return false;
}

static void need(const struct inventory *all, const char *digest)
{
	struct stored *s = *digest ? inventory_find(all, digest) : NULL;

	if (s)
		s->needed = true;
}

/* Marks the artifact of a job that waits for the cache or is held because it could not get there,
 * and everything that a running job may have found since it started. */
static int need_of_job(void *arg, const struct job *j)
{
	struct inventory *all = arg;

	if (j->state == JOB_BUILT || j->state == JOB_HELD)
		need(all, j->digest);
	for (size_t i = 0; j->state == JOB_RUNNING && i < all->n; i++)
		if (all->list[i].used_ms >= j->started_ms)
			all->list[i].needed = true;
	return 0;
}

/* If a record, of an older hornero, does not say what was warm before, marks the image's most
 * recently used artifact. */
static void need_last_used(const struct inventory *all, const char *uuid)
{
	struct stored *previous = NULL;

	for (size_t i = 0; i < all->n; i++) {
		struct stored *s = &all->list[i];

		if (strcmp(s->image, uuid) == 0 && !s->needed &&
		    (!previous || s->used_ms > previous->used_ms))
			previous = s;
	}
	if (previous)
		previous->needed = true;
}

/* Marks what was published last, under the image's own name or as a release; what was warm
 * before, for a rollback; what the image's own name has, if that differs; and what the image is
 * pinned to. */
static int need_of_image(const struct collect *c, const struct inventory *all,
			 const struct image *img, struct err *e)
{
	char current[SHA256_HEX + 1], previous[SHA256_HEX + 1], pinned[SHA256_HEX + 1];
	int found = img->pinned ? release_find(c->conf->store_dir, img->uuid, img->repo,
					       img->pinned, pinned, e)
				: 0;
	struct warm own = {0};

	if (found < 0 || release_needed(c->conf->store_dir, img->uuid, current, previous, e) < 0 ||
	    warm_load(c->conf->store_dir, img->uuid, &own, e) < 0)
		return -1;
	need(all, current);
	need(all, own.made.digest);
	if (found == 1)
		need(all, pinned);
	if (*previous)
		need(all, previous);
	else
		need_last_used(all, img->uuid);
	return 0;
}

/* Glance sends nodes to the URL of an artifact as long as its record is active by a location. */
static int need_of_glance(const struct collect *c, struct inventory *all, struct err *e)
{
	own_free struct outgoing *list = NULL;
	struct registration r;
	size_t n;

	if (outbox_load(c->conf->store_dir, &list, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int known = registration_load(c->conf->glance_dir, list[i].release, &r, e);

		if (known < 0)
			return -1;
		if (known > 0 && registration_state(&r) != REGISTRATION_RETIRED &&
		    strcmp(r.method, conf_glance_methods[GLANCE_LOCATION]) == 0)
			need(all, r.digest);
	}
	return 0;
}

/* A stable id that follows keeps its first bytes in Glance, maybe by their URL. */
static int need_of_stable(const struct collect *c, struct inventory *all, struct err *e)
{
	own_free struct stable *list = NULL;
	struct registration r;
	size_t n;

	if (stable_load(c->conf->store_dir, &list, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int known = registration_load(c->conf->glance_dir, list[i].image, &r, e);

		if (known < 0)
			return -1;
		if (known > 0 && strcmp(list[i].policy, conf_glance_stables[GLANCE_FOLLOW]) == 0 &&
		    strcmp(r.method, conf_glance_methods[GLANCE_LOCATION]) == 0)
			need(all, r.digest);
	}
	return 0;
}

int collect_needed(const struct collect *c, struct inventory *all, struct err *e)
{
	own_db struct db *db = NULL;

	/* Make the times comparable to those of jobs. */
	for (size_t i = 0; i < all->n; i++)
		all->list[i].used_ms = steady_present_of_wall_ms(&c->clock, all->list[i].used_ms);
	if (db_open(&db, &(struct db_queue){.queue_dir = c->conf->queue_dir}, DB_READ, DB_WAIT_MS,
		    e) < 0 ||
	    /* One listing: between two, a job could change its state and be missed. */
	    job_each(db, JOB_SCOPE_OPEN, need_of_job, all, e) < 0)
		return err_wrap(e, "no artifact is collected: cannot read which ones jobs need");
	if (need_of_glance(c, all, e) < 0 || need_of_stable(c, all, e) < 0)
		return -1;
	for (size_t i = 0; i < c->nimages; i++)
		if (need_of_image(c, all, &c->images[i], e) < 0)
			return -1;
	return 0;
}
