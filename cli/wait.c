/* wait: waits until a job ends, or an image's newest commit is warm. DIAGNOSTICS: exit 1 and 75
 * print the reason to standard error; ERR_USAGE, ERR_OPERATOR as everywhere. */
#include "cli/wait.h"

#include "cli/blocked.h"
#include "cli/facts.h"
#include "cli/outcome.h"
#include "cli/sentence.h"
#include "cli/watch.h"
#include "cli/words.h"
#include "state/skip.h"
#include "lib/bell.h"
#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/placed.h"

#include <math.h>
#include <string.h>

/* The kernel takes 10 to 30 ms to close what inotify opens, also when a process ends. So a wait of
 * less than SHORT_MS does without: its naps are a hundredth of the time that it has waited, which
 * at SHORT_MS is as much. */
enum {
	REF_FRESH_MS = 200,
	DOWN_MS = 10000,
	UNFINISHED_MS = 5000,
	SHORT_MS = 3000,
	NAPS = 100,
};

struct wait {
	struct cli *cli;
	const struct conf *c;
	struct db *db;
	struct watch watch;
	int64_t short_until_ms; /* monotonic; 0: the watch is open */
	int64_t deadline_ms; /* monotonic */
	char commit[CLI_COMMIT_MAX + 1]; /* of the image's ref */
	char pinned[UUID_LEN + 1]; /* the pin of the image in effect, or "" */
	bool is_release_only; /* read from the image file together with its ref */
	bool told;                 /* a lock that blocks pushes was reported */
	bool told_waits;           /* a wait that ends by itself was reported */
	int64_t down_ms; /* monotonic time since which hornerod does not run; 0: it runs */
	int64_t unfinished_ms; /* monotonic time since which the publication is unfinished; 0: no */
	bool skipped;              /* its commit was pushed with -o skip */
	char sentence[WHY_MAX];      /* the last line */
};

int wait_deadline(const char *text, int64_t *deadline_ms, struct err *e)
{
	char *end;
	double s;

	*deadline_ms = INT64_MAX;
	if (!text)
		return 0;
	s = strtod(text, &end);
	if (end == text || *end || !isfinite(s) || s < 0 || s > 1e9)
		return err_set(e, ERR_USAGE, "--timeout \"%s\" is not a number of seconds", text);
	*deadline_ms = clock_mono_ms() + (int64_t)(s * 1000);
	return 0;
}

static int finish(const struct wait *w, int code)
{
	cli_say(code == 0 ? stdout : stderr, code == 0 ? "%s" : "hornero: %s", w->sentence);
	return code;
}

static void open_watch(struct wait *w)
{
	own_free char *warm_dir = fs_path("%s/warm", w->c->store_dir);

	w->short_until_ms = 0;
	w->watch = watch_open();
	watch_add(&w->watch, w->c->queue_dir);
	watch_add(&w->watch, w->c->pause_dir);
	watch_add(&w->watch, w->c->run_dir);
	watch_add(&w->watch, warm_dir);
	w->watch.reader = STDOUT_FILENO;
}

static int64_t short_nap(int64_t left_ms, int64_t nap_ms)
{
	if (nap_ms < WATCH_FIRST_NAP_MS)
		nap_ms = WATCH_FIRST_NAP_MS;
	return left_ms < nap_ms ? left_ms : nap_ms;
}

/* Sleeps until something may have changed. Returns false if the time is over. */
static bool sleep_on(struct wait *w)
{
	int64_t now_ms = clock_mono_ms(), left_ms = w->deadline_ms - now_ms;

	if (left_ms <= 0)
		return false;
	if (w->short_until_ms && now_ms >= w->short_until_ms) {
		open_watch(w);
		return true; /* something may have changed before */
	}
	if (w->short_until_ms)
		left_ms = short_nap(left_ms, (SHORT_MS - (w->short_until_ms - now_ms)) / NAPS);
	return watch_wait(&w->watch, left_ms) == WATCH_LOOK;
}

/* A restart takes some seconds. If the lock cannot be read, assume that hornerod runs. */
static bool is_agent_down(struct wait *w)
{
	if (bell_is_attended(w->c->run_dir) != 0) {
		w->down_ms = 0;
		return false;
	}
	if (w->down_ms == 0)
		w->down_ms = clock_mono_ms();
	return clock_mono_ms() - w->down_ms >= DOWN_MS;
}

/* Reports why we wait although nobody needs to act: it may take long. */
static void tell_waits(struct wait *w, const struct job *j, const struct standstill *standstill)
{
	const char *why = outcome_waits(j, standstill);

	if (w->told_waits || !*why)
		return;
	cli_say(stderr, "hornero: job %lld %s: %s", (long long)j->id,
		standstill->kind == WAITING_NOTHING && j->state == JOB_QUEUED
			? "is tried again by itself"
			: "waits, and nobody needs to act",
		why);
	w->told_waits = true;
}

/* Reports that waiting ended without an outcome: `what` is not ready. The last line says why. */
static int give_up(struct wait *w, bool is_down, const char *what)
{
	cli_say(stderr, "hornero: %s%s", what,
		is_down ? ", and hornerod does not run" : ", and the time is over");
	return finish(w, 75);
}

/* Writes the reason of an image into w->sentence. Returns its kind, or -1 on error. */
static int explain_image(struct wait *w, const char *uuid, struct err *e)
{
	struct err queue = ERR_INIT;
	own_look struct look l;
	struct reason r;

	look_begin(&l, w->cli);
	l.seen = w->commit;
	if (!w->db && cli_db(w->cli, DB_READ, &w->db, &queue) < 0)
		w->db = NULL;
	if (look_at_image(&l, w->db, &queue, uuid, e) < 0)
		return -1;
	why_image(&l.f, &r);
	reason_clause(&r, w->sentence);
	return (int)r.kind;
}

/* Says in the words of `why` that the image, or its repository, cannot be used. */
static int fail_image(struct wait *w, const char *uuid, struct err *e)
{
	struct err why = ERR_INIT;
	int kind = explain_image(w, uuid, &why);

	if (kind == REASON_UNREGISTERED || kind == REASON_IMAGE_FILE || kind == REASON_REPOSITORY) {
		int sys = e->sys;

		err_set(e, e->class, "%s", w->sentence);
		e->sys = sys;
	}
	return -1;
}

/* Closes a queue that is being replaced. If it is damaged, wakes hornerod, which replaces it. */
static void let_go_of_queue(struct wait *w, const struct err *e)
{
	if (e->sys == EUCLEAN)
		bell_ring(w->c->run_dir);
	db_close(w->db);
	w->db = NULL;
}

/* Reads the job, and its image for later. Returns 1 if found, 0 if the queue is being replaced, -1
 * on error. */
static int read_job(struct wait *w, int64_t id, struct job *j, char image[UUID_LEN + 1],
		       struct err *e)
{
	int found;

	if (!w->db && cli_db(w->cli, DB_READ, &w->db, e) < 0)
		return e->sys == EUCLEAN || (*image && e->class == ERR_NOBODY) ? 0 : -1;
	found = cli_job_get(w->cli, w->db, id, j, e);
	if (found < 0 && (e->sys == EUCLEAN || e->sys == ENOENT)) {
		let_go_of_queue(w, e);
		return 0;
	}
	if (found > 0)
		memcpy(image, j->image, sizeof(j->image));
	return found > 0 ? 1 : -1;
}

static int wait_image(struct wait *w, const char *uuid, struct err *e);

static int wait_job(struct wait *w, int64_t id, struct err *e)
{
	char image[UUID_LEN + 1] = "";

	for (;;) {
		own_job struct job j = {0};
		struct standstill standstill;
		bool is_down;
		int code = read_job(w, id, &j, image, e);

		if (code < 0 && *image && e->class == ERR_USAGE) {
			cli_say(stderr,
				"hornero: job %lld went with the queue, which was damaged or "
				"deleted; waiting for its image %s",
				(long long)id, image);
			return wait_image(w, image, e);
		}
		if (code < 0)
			return -1;
		if (code == 0 && !sleep_on(w))
			return -1;
		if (code == 0)
			continue;
		cli_standstill(w->cli, NULL, &j, &standstill);
		code = outcome_code(&j, &standstill);
		if (code < 0)
			tell_waits(w, &j, &standstill);
		is_down = code < 0 && is_agent_down(w);
		if (code < 0 && !is_down && sleep_on(w))
			continue;
		if (clause_of_job(w->cli, w->db, &j, &standstill, w->sentence, e) < 0)
			return -1;
		if (code < 0) {
			own_free char *what = fs_path("job %lld is still %s", (long long)id,
						      job_state_name(j.state));

			return give_up(w, is_down, what);
		}
		return finish(w, code);
	}
}

static bool is_job_of(const struct job *j, const char *commit)
{
	return strcmp(j->commit, commit) == 0 || strcmp(j->built_commit, commit) == 0;
}

/* Returns 1 if the commit is published as a release only and that is warm, 0 if not, -1 on
 * error. */
static int is_release_only_warm(const struct wait *w, const char *uuid, const char *commit,
				struct err *e)
{
	enum warm_state state;
	struct warm r;

	if (!w->is_release_only)
		return 0;
	if (placed_look_newest(w->c->store_dir, w->c->cache_dir, uuid, &r, &state, e) < 0)
		return -1;
	return state == WARM_OK && warm_satisfies(&r, commit, w->pinned);
}

/* hornerod writes the record of a warm file first and the row of its job last. In between it serves
 * the artifact and fills the outbox, so a script that goes on before the row may find neither. */
static bool is_unfinished(struct wait *w, const struct warm *warm)
{
	int64_t now_ms = clock_mono_ms();
	own_job struct job j = {0};
	struct err e = ERR_INIT;
	int found;

	if (!cli_agent_runs(w->c) || now_ms >= w->deadline_ms)
		return false;
	found = w->db || cli_db(w->cli, DB_READ, &w->db, &e) == 0
			? cli_job_get(w->cli, w->db, warm->made.job, &j, &e) : -1;
	if (found < 0)
		let_go_of_queue(w, &e);
	if (found <= 0 || j.state != JOB_BUILT || j.attempt != warm->made.attempt ||
	    strcmp(j.image, warm->made.image) != 0)
		return false;
	if (w->unfinished_ms == 0)
		w->unfinished_ms = now_ms;
	return now_ms - w->unfinished_ms < UNFINISHED_MS;
}

/* Checks whether the image is warm at commit, or the job for that commit ended otherwise. Returns
 * the exit code, -1 on error, -2 if not yet. */
static int judge_image(struct wait *w, const char *uuid, struct err *e)
{
	own_job struct job j = {0};
	enum warm_state state = WARM_NONE;
	struct standstill standstill;
	struct warm warm;
	int found, code;

	if (warm_look(w->c->store_dir, w->c->cache_dir, uuid, &warm, &state, e) < 0)
		return -1;
	if (state == WARM_OK && warm_satisfies(&warm, w->commit, w->pinned)) {
		if (is_unfinished(w, &warm))
			return -2;
		snprintf(w->sentence, sizeof(w->sentence), "image %s is warm at %.12s (job %lld)",
			 uuid, w->commit, (long long)warm.made.job);
		return 0;
	}
	/* There is no queue, or it was deleted while we waited: the sweep fills a new one. */
	found = w->db || cli_db(w->cli, DB_READ, &w->db, e) == 0 ? job_newest(w->db, uuid, &j, e)
								 : -1;
	if (found < 0 && e->class != ERR_NOBODY)
		return -1;
	if (found < 0) {
		let_go_of_queue(w, e);
	}
	if (found <= 0 || !is_job_of(&j, w->commit))
		return w->skipped ? 75 : -2;
	cli_standstill(w->cli, NULL, &j, &standstill);
	code = outcome_code(&j, &standstill);
	if (code == 0) {
		/* Published, but not warm: either it was aged out since, and the sweep brings it
		 * back, or in_use is release-only. */
		int is_warm = is_release_only_warm(w, uuid, w->commit, e);

		snprintf(w->sentence, sizeof(w->sentence), "image %s is warm at %.12s", uuid,
			 w->commit);
		return is_warm < 0 ? -1 : is_warm ? 0 : -2;
	}
	if (code < 0)
		tell_waits(w, &j, &standstill);
	return code < 0 ? -2 : code;
}

/* Reads the commit of the image's ref into w->commit. Returns -2 if it has one, the exit code if
 * not, -1 on error. */
static int read_ref(struct wait *w, const char *uuid, struct err *e)
{
	own_image struct image img = {0};
	char blocked[BLOCKED_MAX];
	int found;

	if (cli_image(w->cli, uuid, &img, e) < 0)
		return -1;
	w->is_release_only = img.in_use == IMAGE_IN_USE_RELEASE_ONLY;
	if (!w->told && cli_blocked(w->cli, &img, blocked)) {
		cli_say(stderr, "hornero: %s", blocked);
		w->told = true;
	}
	found = cli_ref_is(w->c, &img, w->commit) ? 1 : cli_ref_commit(w->c, &img, w->commit, e);
	snprintf(w->pinned, sizeof(w->pinned), "%s",
		 image_pin_at(&img, w->commit) ? img.pinned : "");
	w->skipped = skip_stands(w->c->skip_dir, &img, w->commit);
	return found < 0 ? -1 : found > 0 ? -2 : 75;
}

/* Prints the last line in the words of `why`, unless another job of a warm image runs: `why` is
 * about that. Returns code, -1 on error, -2 if the image has become warm, or has a newer job than
 * the one that ended, and we must look again. */
static int end_image(struct wait *w, const char *uuid, int code, struct err *e)
{
	char warm[sizeof(w->sentence)];
	int kind;

	memcpy(warm, w->sentence, sizeof(warm));
	kind = explain_image(w, uuid, e);
	if (kind < 0)
		return -1;
	if (code == 1 && reason_is_of_open_job((enum reason_kind)kind))
		return -2;
	if (code == 0 && !reason_entry((enum reason_kind)kind)->is_warm)
		memcpy(w->sentence, warm, sizeof(warm));
	if (code != 0 && kind != REASON_REF_GONE && reason_entry((enum reason_kind)kind)->is_warm)
		return -2;
	return finish(w, code);
}

static int wait_image(struct wait *w, const char *uuid, struct err *e)
{
	int64_t read_ms = -REF_FRESH_MS;

	for (;;) {
		/* Reading the ref may start a process, so do it now and then, but always before an
		 * answer. */
		bool fresh = clock_mono_ms() - read_ms >= REF_FRESH_MS;
		int code = fresh ? read_ref(w, uuid, e) : -2;
		bool is_down;

		if (fresh)
			read_ms = clock_mono_ms();
		if (code == -2)
			code = judge_image(w, uuid, e);
		if (code >= 0 && !fresh) {
			read_ms = -REF_FRESH_MS;
			continue;
		}
		if (code >= 0)
			code = end_image(w, uuid, code, e);
		if (code == -1)
			return fail_image(w, uuid, e);
		if (code >= 0)
			return code;
		is_down = is_agent_down(w);
		if (is_down || !sleep_on(w)) {
			own_free char *what = fs_path("image %s is not warm at %.12s yet", uuid,
						      w->commit);

			return explain_image(w, uuid, e) < 0 ? -1 : give_up(w, is_down, what);
		}
	}
}

static int run(struct wait *w, bool is_image, const char *uuid, int64_t id, struct err *e)
{
	int code;

	if (!is_image && cli_db(w->cli, DB_READ, &w->db, e) < 0 && e->sys != EUCLEAN)
		return -1;
	w->watch = (struct watch)WATCH_CLOSED;
	w->watch.reader = STDOUT_FILENO;
	w->short_until_ms = clock_mono_ms() + SHORT_MS;
	if (!cli_agent_runs(w->c))
		fputs("hornero: hornerod does not run; nothing changes until it is started\n",
		      stderr);
	code = is_image ? wait_image(w, uuid, e) : wait_job(w, id, e);
	watch_close(&w->watch);
	db_close(w->db);
	return code;
}

int wait_for_job(struct cli *cli, int64_t id, int64_t deadline_ms, struct err *e)
{
	struct wait w = {.cli = cli, .c = cli->conf, .deadline_ms = deadline_ms};

	return run(&w, false, NULL, id, e);
}

int wait_run(struct cli *cli, const struct call *call, struct err *e)
{
	struct wait w = {.cli = cli, .c = cli_conf(cli, e)};
	char uuid[UUID_LEN + 1];
	int64_t id = 0;
	int is_image;

	if (!w.c || wait_deadline(call_option(call, "timeout"), &w.deadline_ms, e) < 0)
		return -1;
	is_image = cli_job_or_image(call->args[0], &id, uuid, e);
	return is_image < 0 ? -1 : run(&w, is_image, uuid, id, e);
}
