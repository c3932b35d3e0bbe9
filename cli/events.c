/* events: prints the event log, one line or one JSON object an event, once or as it grows.
 * DIAGNOSTICS: ERR_USAGE for the options; ERR_NOBODY if the queue is replaced meanwhile. */
#include "cli/audit.h"
#include "cli/names.h"
#include "cli/table.h"
#include "cli/watch.h"
#include "cli/words.h"
#include "conf/keyring.h"
#include "lib/own.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

enum { PIECE = 1000, USUAL = 20 };

static const struct column columns[] = {
	{"number", CELL_NUMBER, 0}, {"at_ms", CELL_AGE, 0},   {"job", CELL_ID, 0},
	{"attempt", CELL_ID, 0},    {"image", CELL_TEXT, 0},  {"repo", CELL_TEXT, 0},
	{"event", CELL_TEXT, 0},    {"detail", CELL_TEXT, 0}, {"who", CELL_TEXT, 0},
};

struct feed {
	struct cli *cli;
	struct names names;
	struct event_piece at;
	char uuid[UUID_LEN + 1];
	int64_t left; /* events that may still be printed */
	FILE *out;    /* collects a piece, which is printed after its transaction */
};

/* One line: a program reads events as they come. */
static void print_json(const struct feed *f, const struct event *ev)
{
	json_t *row = row_json(columns, sizeof(columns) / sizeof(columns[0]),
			       (struct cell[]){
				       {.number = ev->id},
				       {.number = ev->at_ms},
				       {.number = ev->job},
				       {.number = ev->attempt},
				       {.text = *ev->image ? ev->image : NULL},
				       {.text = *ev->repo ? ev->repo : NULL},
				       {.text = ev->event},
				       {.text = *ev->detail ? ev->detail : NULL},
				       {.text = *ev->who ? ev->who : NULL},
			       });

	json_dumpf(row, f->out, JSON_ENSURE_ASCII | JSON_COMPACT);
	fputc('\n', f->out);
	json_decref(row);
}

static void print_people(const struct feed *f, const struct event *ev)
{
	char when[32] = "", image[NAMES_SHOWN], job[48] = "node", attempt[32] = "";
	time_t at = ev->at_ms / 1000;
	struct tm tm;

	strftime(when, sizeof(when), "%F %T", localtime_r(&at, &tm));
	if (ev->attempt)
		snprintf(attempt, sizeof(attempt), ".%" PRId64, ev->attempt);
	if (ev->job)
		snprintf(job, sizeof(job), "job %" PRId64 "%s", ev->job, attempt);
	cli_say(f->out, "%" PRId64 "  %s  %s  %s%s%s%s%s%s%s", ev->id, when, job, ev->event,
		*ev->image ? "  " : "", *ev->image ? names_shown(&f->names, ev->image, image) : "",
		*ev->detail ? "  " : "", ev->detail, *ev->who ? "  by " : "", ev->who);
}

static int print_event(void *arg, const struct event *ev)
{
	struct feed *f = arg;

	if (f->cli->json)
		print_json(f, ev);
	else
		print_people(f, ev);
	return --f->left == 0;
}

/* Prints a piece. Returns 1 if there may be more, 0 if not, -1 on error. A reader that stalls must
 * not keep a transaction open, which would keep SQLite from checkpointing the log. */
static int print_piece(struct feed *f, struct db *db, struct err *e)
{
	own_free char *text = NULL;
	size_t len = 0;
	int more;

	f->out = open_memstream(&text, &len);
	if (!f->out)
		return err_sys(e, ERR_NOBODY, "out of memory for events");
	more = event_each_after(db, &f->at, PIECE, print_event, f, e);
	if (fclose(f->out) != 0)
		return err_set(e, ERR_NOBODY, "out of memory for events");
	fwrite(text, 1, len, stdout);
	return more;
}

/* Prints all that is there. Returns 1 to stop, 0 at the end, -1 on error. */
static int drain(struct feed *f, struct db *db, struct err *e)
{
	int more = 1;

	while (more == 1 && f->left > 0) {
		more = print_piece(f, db, e);
		if (fflush(stdout) != 0)
			return 1;
	}
	return more < 0 ? -1 : f->left <= 0;
}

static int follow(struct feed *f, struct db *db, struct err *e)
{
	own_watch struct watch w = watch_open();
	int done;

	w.reader = STDOUT_FILENO;
	watch_add(&w, f->cli->conf->queue_dir);
	do
		done = drain(f, db, e);
	while (done == 0 && watch_wait(&w, INT64_MAX) != WATCH_ALONE);
	return done < 0 ? -1 : 0;
}

/* A number that the log has not reached belongs to another queue, which was deleted or replaced:
 * all events of this one are new. */
static int seek(struct feed *f, struct db *db, const struct call *call, struct err *e)
{
	const char *since = call_option(call, "since");
	int64_t newest;

	if (!since)
		return event_seek_last(db, &f->at, f->left < INT64_MAX ? f->left : USUAL, e);
	if (strcmp(since, "0") != 0 && cli_job_number(since, &f->at.after, e) < 0)
		return err_set(e, ERR_USAGE, "--since \"%s\" is not the number of an event", since);
	if (history_newest(db, &newest, e) < 0)
		return -1;
	if (f->at.after > newest) {
		cli_say(stderr,
			"hornero: the queue has no event %" PRId64 ": it was replaced, so all of "
			"its %" PRId64 " events are new",
			f->at.after, newest);
		f->at.after = 0;
	}
	return 0;
}

/* Finds the only image whose events are asked for. It may be gone, or not be there yet. */
static int find_image(struct feed *f, const char *image, struct err *e)
{
	if (names_find(&f->names, image, f->uuid, e) < 0)
		return -1;
	if (!names_has(&f->names, f->uuid))
		cli_say(stderr, "hornero: no image has the UUID %s now (`hornero image list`)",
			f->uuid);
	f->at.image = f->uuid;
	return 0;
}

int events_run(struct cli *cli, const struct call *call, struct err *e)
{
	own_db struct db *db = NULL;
	struct feed f = {.cli = cli};
	const char *image = call_option(call, "image");
	int done = -1;

	if (call_option(call, "audit"))
		return audit_run(cli, call, e);
	if (call_option(call, "verify"))
		return err_set(e, ERR_USAGE, "--verify needs --audit");
	if (cli_db(cli, DB_READ, &db, e) < 0 ||
	    cli_count(call, "limit", INT64_MAX, &f.left, e) < 0)
		return -1;
	names_load(&f.names, cli);
	f.at.has_node = !cli->key || key_may(cli->key, KEY_ADMIN, NULL);
	if ((!image || find_image(&f, image, e) == 0) && seek(&f, db, call, e) == 0)
		done = call_option(call, "follow") ? follow(&f, db, e) : drain(&f, db, e);
	names_fini(&f.names);
	return done < 0 ? -1 : 0;
}
