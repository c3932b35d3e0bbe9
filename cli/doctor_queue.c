/* doctor_queue: reports jobs that need someone to act. DIAGNOSTICS: findings. */
#include "cli/doctor.h"

#include "state/pause.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "state/stuck.h"

static int look_at_job(void *arg, const struct job *j)
{
	struct doctor *d = arg;
	own_free char *mend = fs_path("mend that, then: hornero retry %lld", (long long)j->id);

	if (j->state == JOB_HELD)
		doctor_say(d, DOCTOR_PART, mend, "job %lld of image %s is held: %s",
			   (long long)j->id, j->image, j->reason);
	else if (j->state == JOB_BUILT && *j->waiting_for)
		doctor_say(d, DOCTOR_WARN, NULL, "job %lld of image %s waits for this: %s",
			   (long long)j->id, j->image, j->waiting_for);
	return 0;
}

static void look_at_pauses(struct doctor *d)
{
	own_paused struct paused p;
	struct standstill s;

	paused_load(&p, d->c);
	if (paused_why(&p, d->c, NULL, false, &s))
		doctor_say(d, DOCTOR_WARN, NULL, "nothing starts for now: %s", s.text);
	for (size_t i = 0; i < p.n; i++)
		if (paused_why(&p, d->c, p.images[i], false, &s))
			doctor_say(d, DOCTOR_WARN, NULL, "image %s is %s", p.images[i], s.text);
}

/* The log and an event report this once; doctor reports it until the file is removed. */
static void look_at_damaged(struct doctor *d)
{
	char newest[64];
	int n = db_damaged_count(d->c->queue_dir, newest);
	own_free char *mend = fs_path("look at it with sqlite3, then: rm %s/queue.db.damaged-*",
				      d->c->queue_dir);

	if (n > 0)
		doctor_say(d, DOCTOR_WARN, mend,
			   "the queue was damaged and moved aside as %s/%s%s; what it held was "
			   "queued again from the repositories, its history is in that file",
			   d->c->queue_dir, newest, n > 1 ? ", and before that others" : "");
}

static void look_at_stuck(void *arg, const char *sentence)
{
	struct doctor *d = arg;

	doctor_say(d, DOCTOR_WARN, NULL, "%s", sentence);
}

void doctor_queue(struct doctor *d)
{
	own_db struct db *db = NULL;
	struct err why = ERR_INIT;
	char holder[STUCK_LINE];
	int before = d->findings;

	look_at_pauses(d);
	stuck_each(d->c->run_dir, NULL, look_at_stuck, d);
	if (stuck_holder(d->c->queue_dir, holder))
		doctor_say(d, DOCTOR_BAD, NULL, "%s", holder);
	look_at_damaged(d);
	if (db_open(&db, &(struct db_queue){.queue_dir = d->c->queue_dir}, DB_READ, CLI_DB_WAIT_MS,
		    &why) < 0 ||
	    job_each(db, JOB_SCOPE_OPEN, look_at_job, d, &why) < 0)
		doctor_say(d, why.sys == EACCES ? DOCTOR_BLIND : DOCTOR_BAD,
			   why.sys == EUCLEAN ? "systemctl start hornerod, if it does not run"
					      : "hornero init",
			   "%s", why.msg);
	else if (d->findings == before)
		doctor_ok(d, "no job needs attention");
}
