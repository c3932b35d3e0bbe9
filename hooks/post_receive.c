/*
 * post_receive: a durable job for every image that is built from a pushed ref.
 *
 * Order: the push's directories are on disk, then the rows, then the doorbell, then the answer. It may
 * wait 200 ms for the queue and a second for all rows together; what it does not get done is the
 * sweep's, and the pusher is told so.
 *
 * DIAGNOSTICS: said to the pusher; the exit status is 0 whatever happens.
 */
#include "hooks/hook.h"

#include "db/job.h"
#include "hooks/durable.h"
#include "hooks/place.h"
#include "hooks/say.h"
#include "hooks/who.h"
#include "lib/bell.h"
#include "lib/clock.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

enum {
	QUEUE_WAIT_MS = 200, /* for the queue, while others write */
	ROWS_MS = 1000,      /* for all rows of a push */
	SHORT_OID = 7,
	SAID_MAX = 5, /* refs without an image, and broken image files, spelled out */
};

/* One row to be: an image and the ref of it that moved. */
struct wish {
	const struct image *img;
	const struct refline *line;
	struct job_receipt receipt;
	bool queued;
};

struct wishes {
	struct wish *list;
	size_t n;
	size_t deleted; /* refs of images that this push deletes: nothing to queue, but not nobody's */
};

static void say_left(const struct err *e)
{
	say("the queue was not told: %s; the next sweep will pick this push up", e->msg);
}

static int make_durable(const struct pushed *pushed, struct err *e)
{
	own_free const char **refs = calloc(pushed->n + 1, sizeof(*refs));
	own_fd int repo = fs_open_dir(AT_FDCWD, ".", e);

	if (repo < 0)
		return -1;
	if (!refs)
		return err_set(e, ERR_NOBODY, "out of memory for the names of the refs");
	for (size_t i = 0; i < pushed->n; i++)
		refs[i] = pushed->lines[i].ref;
	return durable_sync(repo, refs, pushed->n, e);
}

/* Images of this repository times refs is small: at most one ref per image matches. */
static int find_wishes(const struct place *p, const struct pushed *pushed, struct wishes *out, struct err *e)
{
	out->list = calloc(p->n + 1, sizeof(*out->list));
	if (!out->list)
		return err_set(e, ERR_NOBODY, "out of memory for %zu images", p->n);
	for (size_t k = 0; k < p->n; k++) {
		const struct image *img = &p->images[k];

		if (strcmp(img->repo, p->repo) != 0)
			continue;
		for (size_t i = 0; i < pushed->n; i++) {
			const struct refline *r = &pushed->lines[i];

			if (!place_builds(p, img, r->ref))
				continue;
			if (refline_deletes(r)) {
				out->deleted++;
				say("%s of %s is deleted: the image %s keeps its last artifact", r->ref, p->repo,
				    place_image_name(img));
			} else {
				out->list[out->n++] = (struct wish){.img = img, .line = r};
			}
			break;
		}
	}
	return 0;
}

static int queue_one(struct db *db, const struct place *p, struct wish *w, const char *who, struct err *e)
{
	struct job_wish row = {
		.image = w->img->uuid,
		.repo = p->repo,
		.ref = w->line->ref,
		.commit = w->line->new,
		.origin = "push",
		.pushed_by = who,
	};

	if (job_enqueue(db, &row, &w->receipt, e) < 0)
		return -1;
	w->queued = true;
	return 0;
}

/* The first trouble ends it: whatever holds the queue up would hold up the next row as well. */
static int queue_all(const struct place *p, struct wishes *ws, struct err *e)
{
	own_db struct db *db = NULL;
	int64_t deadline_ms = clock_mono_ms() + ROWS_MS;
	struct db_place at = {.queue_dir = p->conf->queue_dir};
	struct who who;

	if (ws->n == 0)
		return 0;
	if (who_pushes(&who, e) < 0 || db_open(&db, &at, DB_WRITE, QUEUE_WAIT_MS, e) < 0)
		return -1;
	for (size_t i = 0; i < ws->n; i++) {
		if (clock_mono_ms() > deadline_ms)
			return err_set(e, ERR_NOBODY, "it took more than %d ms to write %zu of %zu jobs", ROWS_MS, i, ws->n);
		if (queue_one(db, p, &ws->list[i], who.name, e) < 0)
			return -1;
	}
	return 0;
}

static void say_queued(const struct wish *w)
{
	const char *name = place_image_name(w->img);
	long long id = (long long)w->receipt.id;

	say("job %lld %s for %s (%.*s)", id, w->receipt.joined ? "is queued already" : "queued", name, SHORT_OID,
	    w->line->new);
	if (w->receipt.superseded)
		say("job %lld superseded by job %lld", (long long)w->receipt.superseded, id);
	say("follow it with: hornero log -f %lld", id);
}

/* Only here: which repository a broken image file was meant for is not known. */
static void say_broken_images(const struct place *p)
{
	struct err ignored = ERR_INIT;
	struct image *list = NULL;
	size_t n = 0, broken = 0;

	if (images_load(p->conf->images_dir, &list, &n, &ignored) < 0)
		return;
	for (size_t k = 0; k < n; k++)
		if (list[k].broken && ++broken <= SAID_MAX)
			say("the image file of %s is broken: %s", list[k].uuid, list[k].problem.msg);
	if (broken > SAID_MAX)
		say("and %zu more image files are broken", broken - SAID_MAX);
	images_free(list, n);
}

static void say_no_image(const struct place *p, const struct pushed *pushed)
{
	for (size_t i = 0; i < pushed->n && i < SAID_MAX; i++)
		say("no image is built from %s of %s", pushed->lines[i].ref, p->repo);
	if (pushed->n > SAID_MAX)
		say("nor from %zu more refs of this push", pushed->n - SAID_MAX);
	for (size_t i = 0; i < pushed->n; i++)
		if (!refline_deletes(&pushed->lines[i])) {
			say("to have one built: hornero image add UUID %s --ref %s", p->repo, pushed->lines[i].ref);
			break;
		}
	say_broken_images(p);
}

static void answer(const struct place *p, const struct pushed *pushed, struct wishes *ws)
{
	struct err e = ERR_INIT;
	int status = queue_all(p, ws, &e);
	bool any = ws->n > 0 && ws->list[0].queued;

	if (any) {
		failpoint("post-receive-inserted");
		bell_ring(p->conf->run_dir);
	}
	for (size_t i = 0; i < ws->n && ws->list[i].queued; i++)
		say_queued(&ws->list[i]);
	if (status < 0)
		say_left(&e);
	if (ws->n == 0 && ws->deleted == 0)
		say_no_image(p, pushed);
}

int post_receive(void)
{
	own_pushed struct pushed pushed = {0};
	own_place struct place p = {0};
	struct wishes ws = {0};
	struct err e = ERR_INIT;
	struct err durable = ERR_INIT;
	int placed, synced;

	if (pushed_read(STDIN_FILENO, &pushed, &e) < 0) {
		say_left(&e);
		say_flush();
		return 0;
	}
	placed = place_find(&p, &e);
	failpoint("post-receive-start");
	synced = make_durable(&pushed, &durable);
	if (placed < 0)
		say_left(&e);
	else if (synced < 0)
		say_left(&durable);
	else if (find_wishes(&p, &pushed, &ws, &e) < 0)
		say_left(&e);
	else
		answer(&p, &pushed, &ws);
	if (pushed.passed_over > 0)
		say("some refs of this push were not looked at; the next sweep will do that");
	say_flush();
	free(ws.list);
	return 0;
}
