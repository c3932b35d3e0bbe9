/* why: explains one image or job. DIAGNOSTICS: missing and broken things are reasons, not errors;
 * ERR_USAGE if there is no such job; as db_open if the queue cannot be read. */
#include "cli/also.h"
#include "cli/sentence.h"
#include "cli/table.h"
#include "cli/whyall.h"
#include "cli/words.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <string.h>

/* One answer: a sentence, and sentences beside it. */
struct answering {
	struct cli *cli;
	json_t *also; /* NULL: print as text */
};

static void tell(void *answering, const char *sentence)
{
	const struct answering *a = answering;

	if (a->also)
		json_array_append_new(a->also, reason_text_json(sentence));
	else
		cli_say(stdout, "%s", sentence);
}

static int last_cause(void *cause, const struct attempt *a)
{
	snprintf(cause, CLI_WHO_MAX, "%s", a->result.cause);
	return 0;
}

/* Returns the word of state/cause.h of the last attempt that ended, or null. */
static json_t *cause_json(struct db *db, const struct job *j)
{
	char cause[CLI_WHO_MAX] = "";
	struct err ignored = ERR_INIT;

	if (!j || !db || attempt_each(db, j->id, last_cause, cause, &ignored) < 0 || !*cause)
		return json_null();
	return text_json(cause);
}

static void print(struct answering *a, struct db *db, const struct look *l, const struct reason *r)
{
	json_t *object;

	if (!a->cli->json) {
		cli_say(stdout, "%s", r->text);
		return;
	}
	object = reason_json(r);
	json_object_set_new(object, "image", text_json(l->uuid));
	json_object_set_new(object, "job",
			    l->f.job ? json_integer(l->f.job->id) : json_null());
	json_object_set_new(object, "cause", cause_json(db, l->f.job));
	json_object_set_new(object, "also", a->also);
	json_out(object);
}

static int explain_job(struct cli *cli, int64_t id, struct err *e)
{
	struct answering a = {.cli = cli, .also = cli->json ? json_array() : NULL};
	own_db struct db *db = NULL;
	own_job struct job j = {0};
	own_look struct look l;
	struct reason r;

	look_begin(&l, cli);
	if (cli_db(cli, DB_READ, &db, e) < 0 || cli_job_get(cli, db, id, &j, e) <= 0 ||
	    look_at_job(&l, db, &j, e) < 0)
		return -1;
	why_job(&l.f, &r);
	if (!cli->json)
		print(&a, db, &l, &r);
	also_expected(&l, tell, &a);
	also_stuck(cli->conf, l.uuid, tell, &a);
	if (cli->json)
		print(&a, db, &l, &r);
	return 0;
}

/* `image add --glance` has asked for its record, and Glance has not answered. */
static bool is_unbound(const struct cli *cli, const char *uuid)
{
	own_free char *file = fs_path("%s/%s.pending", cli->conf->images_dir, uuid);

	return !cli->key && access(file, F_OK) == 0;
}

static void also_of(struct cli *cli, const struct look *l, struct db *db, struct answering *a)
{
	also_expected(l, tell, a);
	if (l->f.img && !l->f.img->broken)
		also_of_image(l, db, tell, a);
	else if (!l->f.img && is_unbound(cli, l->uuid))
		also_of_unbound(cli, l->uuid, tell, a);
	also_stuck(cli->conf, l->uuid, tell, a);
}

static int explain_image(struct cli *cli, const char *uuid, struct err *e)
{
	struct answering a = {.cli = cli, .also = cli->json ? json_array() : NULL};
	own_db struct db *db = NULL;
	own_look struct look l;
	struct err queue = ERR_INIT, missing = ERR_INIT;
	struct reason r;

	look_begin(&l, cli);
	if (cli_db(cli, DB_READ, &db, &queue) < 0 &&
	    (queue.class != ERR_NOBODY || queue.sys == EUCLEAN)) {
		*e = queue;
		return -1;
	}
	if (look_at_image(&l, db, &queue, uuid, &missing) < 0) {
		*e = missing;
		return -1;
	}
	why_image(&l.f, &r);
	if (!l.f.img && is_unbound(cli, uuid))
		reason_say(&r, REASON_UNBOUND,
			   "Image %s is not bound yet: that happens once Glance has its record.",
			   uuid);
	if (!cli->json)
		print(&a, db, &l, &r);
	also_of(cli, &l, db, &a);
	if (cli->json)
		print(&a, db, &l, &r);
	return 0;
}

int why_run(struct cli *cli, const struct call *call, struct err *e)
{
	char uuid[UUID_LEN + 1];
	int64_t id = 0;
	int is_image;

	if (call->nargs == 0)
		return why_all(cli, e);
	if (!cli_conf(cli, e))
		return -1;
	is_image = cli_job_or_image(call->args[0], &id, uuid, e);
	if (is_image < 0)
		return -1;
	return is_image ? explain_image(cli, uuid, e) : explain_job(cli, id, e);
}
