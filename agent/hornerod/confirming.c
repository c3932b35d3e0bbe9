/* confirming: queues, ends and settles confirmations. DIAGNOSTICS: a confirmation that cannot be
 * queued is logged; the sweep queues it if it is still wanted. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/attempts.h"
#include "agent/hornerod/confirming.h"

#include "agent/common/confirm.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>

enum { AGAIN_MS = 5000 };

void confirming_after(struct agent *a, const char *image)
{
	own_builders struct builders *builders = NULL;
	own_image struct image img = {0};
	struct err e = ERR_INIT;

	if (a->conf->confirm == CONF_CONFIRM_NEVER ||
	    image_load(a->conf->images_dir, image, &img, &e) < 0)
		return;
	if (builders_load(a->conf->builders_dir, &builders, &e) < 0 ||
	    confirm_queue(a->conf, builders, &img, a->db, &e) < 0)
		log_warn("event=not-queued origin=confirm image=%s %s", image, e.msg);
}

void confirming_yield(struct agent *a)
{
	for (struct attempt_run *r = a->attempts; r; r = r->next)
		if (r->confirms && !r->ended && !r->ended_by) {
			log_info("event=confirmation-yields job=%lld image=%s", (long long)r->job,
				 r->image);
			attempt_kill(r, CAUSE_YIELDED);
		}
}

/* Appends to the log of the job whose artifact was to be confirmed, for `hornero log`. */
static void append_log(const struct agent *a, int64_t job, const char *text)
{
	own_job struct job j = {.id = 0};
	own_free char *path = NULL;
	own_free char *line = fs_path("hornero: %s\n", text);
	struct err ignored = ERR_INIT;
	own_fd int fd = -1;

	if (job_get(a->db, job, &j, &ignored) != 1)
		return;
	path = fs_path("%s/%lld.%lld.log", a->conf->log_dir, (long long)job, (long long)j.attempt);
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0)
		(void)fs_write_all(fd, line, strlen(line));
}

/* Adds a remark once, even if called again: callers do so before they write the row that ends the
 * confirmation, and a crash in between repeats both. Ignores a job that the queue has lost. */
static int remark(struct agent *a, int64_t job, const char *event, const char *text, struct err *e)
{
	char quoted[2 * ERR_MSG_MAX];
	int added = job_remark(a->db, job, event, text, e);

	if (added < 0)
		return err_wrap(e, "cannot record the result of the confirmation in job %lld",
				(long long)job);
	if (added == 1) {
		log_info("event=%s job=%lld words=%s", event, (long long)job,
			 log_quote(quoted, sizeof(quoted), text));
		append_log(a, job, text);
	}
	failpoint("confirm-remarked");
	return 0;
}

static int settle_good(struct agent *a, const struct verdict *v, struct attempt_result *res,
		       struct err *e)
{
	char text[ERR_MSG_MAX];

	if (strcmp(v->made.digest, v->confirms) != 0)
		return job_set_built(a->db, v->made.job, v->made.attempt, res, e);
	snprintf(text, sizeof(text),
		 "confirmed: a clean build (job %lld) gave the same bytes as the incremental one "
		 "of job %lld",
		 (long long)v->made.job, (long long)v->confirms_job);
	res->reason = text;
	if (remark(a, v->confirms_job, "confirmed", text, e) < 0)
		return -1;
	return job_set_confirmed(a->db, v->made.job, v->made.attempt, res, e);
}

static int settle_bad(struct agent *a, const struct verdict *v, const struct attempt_result *res,
		      struct err *e)
{
	char text[2 * ERR_MSG_MAX];

	if (v->confirms_job == 0)
		return job_set_failed(a->db, v->made.job, v->made.attempt, res, e);
	snprintf(text, sizeof(text),
		 "a clean build of the same content failed (job %lld: %s); the incremental "
		 "artifact of job %lld stays warm",
		 (long long)v->made.job, v->reason, (long long)v->confirms_job);
	if (remark(a, v->confirms_job, "unconfirmed", text, e) < 0)
		return -1;
	return job_set_failed(a->db, v->made.job, v->made.attempt, res, e);
}

int confirming_settle(const struct attempt_run *r, struct attempt_result *res, int64_t again_ms,
		      struct err *e)
{
	struct agent *a = r->agent;
	const struct verdict *v = &r->verdict;

	if (r->ended_by == CAUSE_CANCELLED)
		return job_set_cancelled(a->db, r->job, r->number, res, e);
	if (r->ended_by)
		return job_set_requeued(a->db, r->job, r->number, res, db_now_ms(a->db) + AGAIN_MS,
					false, e);
	if (verdict_cause(v) == CAUSE_MOVED)
		return job_set_cancelled(a->db, r->job, r->number, res, e);
	switch (v->class) {
	case ERR_NONE: return settle_good(a, v, res, e);
	case ERR_NOBODY:
	case ERR_US:
		return job_set_requeued(a->db, r->job, r->number, res, again_ms, true,
					e); /* the third fails it */
	default: return settle_bad(a, v, res, e);
	}
}

int confirming_replaces(struct agent *a, const struct verdict *v, char text[CONFIRMING_TEXT],
			struct err *e)
{
	*text = '\0';
	if (!*v->confirms)
		return 0;
	snprintf(text, CONFIRMING_TEXT,
		 "the incremental build of job %lld gave other bytes than a clean one; the clean "
		 "ones are warm since job %lld",
		 (long long)v->confirms_job, (long long)v->made.job);
	return remark(a, v->confirms_job, "replaced", text, e);
}
