/* whyall: one line for each thing that keeps images from being warm. DIAGNOSTICS: a broken
 * configuration, queue or image is such a line; an error only if no good configuration was kept
 * (conf/good.h). */
#include "cli/whyall.h"

#include "cli/also.h"
#include "cli/facts.h"
#include "cli/sentence.h"
#include "cli/table.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "state/pause.h"

#include <stdlib.h>
#include <string.h>

/* Of an image that is not as wanted, for a reason of its own. */
struct row {
	char image[UUID_LEN + 1];
	struct reason reason;
};

struct whole {
	struct cli *cli;
	struct look node;           /* what holds for all images */
	struct err broken, queue;   /* ERR_NONE: hornero.yaml, the queue can be used */
	size_t images, warm, lines;
	size_t waiting[REASONS];    /* images, by a reason of the node */
	struct row *rows;
	size_t n, room;
	json_t *reasons, *also;     /* NULL: text */
};

static void add(struct whole *w, const struct reason *r, const char *image, size_t images)
{
	json_t *row;

	w->lines++;
	if (!w->reasons) {
		cli_say(stdout, "%s", r->text);
		return;
	}
	row = reason_json(r);
	json_object_set_new(row, "image", image ? text_json(image) : json_null());
	json_object_set_new(row, "images", json_integer((json_int_t)images));
	json_array_append_new(w->reasons, row);
}

static void tell(void *whole, const char *sentence)
{
	const struct whole *w = whole;

	if (w->also)
		json_array_append_new(w->also, reason_text_json(sentence));
	else
		cli_say(stdout, "%s", sentence);
}

/* Whether a line about the node says it. A pause of an image is its own. */
static bool is_said_once(const struct whole *w, const struct facts *f, enum reason_kind kind)
{
	const struct facts *node = &w->node.f;

	switch (kind) {
	case REASON_SLOT:
	case REASON_QUOTA:
	case REASON_MEMORY:
	case REASON_AGENT_OFF:
	case REASON_AGENT_STOPPED:
	case REASON_QUEUE:
		return true;
	default:
		return reason_entry(kind)->is_of_node && !f->is_image_paused &&
		       node->standstill.kind != WAITING_NOTHING &&
		       strcmp(reason_name(kind), waiting_name(node->standstill.kind)) == 0;
	}
}

static struct row *add_row(struct whole *w)
{
	struct row *more = w->rows;

	if (w->n == w->room) {
		w->room = 2 * w->room + 16;
		more = reallocarray(w->rows, w->room, sizeof(*more));
	}
	if (!more)
		abort();
	w->rows = more;
	return &more[w->n++];
}

static void look_at_one(struct whole *w, struct db *db, const struct image *img)
{
	own_look struct look l;
	struct err why = ERR_INIT;
	struct reason r;

	look_begin(&l, w->cli);
	l.is_brief = true;
	if (look_at_image(&l, db, &w->queue, img->uuid, &why) < 0)
		reason_say(&r, REASON_REPOSITORY, "Image %s cannot be looked at: %s.", img->uuid,
			   why.msg);
	else
		why_image(&l.f, &r);
	w->images++;
	w->warm += reason_entry(r.kind)->is_warm;
	if (is_said_once(w, &l.f, r.kind)) {
		w->waiting[r.kind]++;
	} else if (!reason_is_well(r.kind)) {
		struct row *row = add_row(w);

		memcpy(row->image, img->uuid, sizeof(row->image));
		row->reason = r;
	}
}

static void add_of_node(struct whole *w, enum reason_kind kind)
{
	struct reason r;

	why_node(&w->node.f, kind, w->waiting[kind], &r);
	add(w, &r, NULL, w->waiting[kind]);
}

static void add_broken(struct whole *w)
{
	struct reason r;

	if (w->broken.class != ERR_NONE) {
		reason_say(&r, REASON_CONFIGURATION,
			   "hornerod does not start, and the other services go on: %s; mend that "
			   "line, and `hornero config check` tells whether it is right.",
			   w->broken.msg);
		reason_mend(&r, "hornero config check");
		add(w, &r, NULL, w->images - w->warm);
	}
	if (w->queue.class != ERR_NONE) {
		reason_say(&r, REASON_QUEUE,
			   "The queue cannot be used (images that wait: %zu): %s.",
			   w->waiting[REASON_QUEUE], w->queue.msg);
		add(w, &r, NULL, w->waiting[REASON_QUEUE]);
	}
}

/* First what holds for all images, then one line for each of the others. */
static void add_all(struct whole *w)
{
	const struct facts *f = &w->node.f;

	add_broken(w);
	if (!f->agent_runs)
		add_of_node(w, REASON_AGENT_OFF);
	else if (f->stopped_agent)
		add_of_node(w, REASON_AGENT_STOPPED);
	if (f->standstill.kind != WAITING_NOTHING)
		add_of_node(w, reason_of_waiting(f->standstill.kind));
	for (enum reason_kind k = REASON_SLOT; k <= REASON_MEMORY; k++)
		if (w->waiting[k] > 0)
			add_of_node(w, k);
	for (size_t i = 0; i < w->n; i++)
		add(w, &w->rows[i].reason, w->rows[i].image, 1);
}

static void print(struct whole *w)
{
	if (!w->reasons && w->images == 0)
		cli_say(stdout, "There is no image yet: `hornero image add UUID REPO` makes one.");
	else if (!w->reasons)
		cli_say(stdout, "%zu of %zu image%s warm.", w->warm, w->images,
			w->images == 1 ? " is" : "s are");
	add_all(w);
	also_stuck(w->cli->conf, NULL, tell, w);
	also_audit(w->cli, tell, w);
	if (w->reasons)
		json_out(json_pack("{s:I,s:I,s:O,s:O}", "images", (json_int_t)w->images, "warm",
				   (json_int_t)w->warm, "reasons", w->reasons, "also", w->also));
}

static int look_at_all(struct whole *w, struct err *e)
{
	own_db struct db *db = NULL;
	own_paused struct paused paused;
	struct image *list = NULL;
	size_t n = 0;

	if (cli_db(w->cli, DB_READ, &db, &w->queue) < 0)
		cli_heed_damage(w->cli, &w->queue);
	if (cli_images(w->cli, &list, &n, e) < 0)
		return -1;
	look_begin(&w->node, w->cli);
	paused_load(&paused, w->cli->conf);
	paused_why(&paused, w->cli->conf, NULL, false, &w->node.f.standstill);
	for (size_t i = 0; i < n; i++)
		look_at_one(w, db, &list[i]);
	images_free(list, n);
	return 0;
}

int why_all(struct cli *cli, struct err *e)
{
	struct whole w = {.cli = cli};
	int done;

	if (!cli_conf(cli, e)) {
		if (!cli_conf_good(cli, &w.broken))
			return -1;
		*e = (struct err)ERR_INIT;
	}
	if (cli->json) {
		w.reasons = json_array();
		w.also = json_array();
	}
	done = look_at_all(&w, e);
	if (done == 0)
		print(&w);
	json_decref(w.reasons);
	json_decref(w.also);
	free(w.rows);
	return done < 0 ? -1 : w.lines > 0;
}
