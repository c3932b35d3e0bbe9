/* person: users' actions on jobs. DIAGNOSTICS: ERR_USAGE names an alternative. */
#include "db/inner.h"

#include <stdio.h>

static int find(struct db *db, int64_t id, struct job *out, struct err *e)
{
	int r = job_get(db, id, out, e);

	if (r == 0)
		return err_set(e, ERR_USAGE,
			       "there is no job %lld; `hornero queue --all` lists them",
			       (long long)id);
	return r;
}

int job_cancel(struct db *db, int64_t id, const char *who, struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_job struct job j = {.id = 0};

	if (txn_write(&t, db, e) < 0 || find(db, id, &j, e) < 0)
		return -1;
	if (j.state == JOB_RUNNING)
		return 0;
	if (job_state_ended(j.state))
		return err_set(e, ERR_USAGE, "job %lld is %s already", (long long)id,
			       job_state_name(j.state));
	if (db_run(db, e,
		   "UPDATE jobs SET state = 'cancelled', " WAITS_FOR_NOTHING ", not_before_ms = 0, "
		   "ended_ms = ?2 WHERE id = ?1",
		   val_int(id), val_int(db_now_ms(db))) < 0 ||
	    job_event_add(db,
			  &(struct job_event){.job = id,
					      .attempt = j.attempt,
					      .image = j.image,
					      .event = "cancelled",
					      .who = who},
			  e) < 0 ||
	    txn_commit(&t, e) < 0)
		return -1;
	return 1;
}

/* An old wish must not replace a newer one. */
static int check_retry(struct db *db, const struct job *j, struct err *e)
{
	own_job struct job newest = {.id = 0};
	int r;

	if (!job_state_entry(j->state)->may_retry)
		return err_set(e, ERR_USAGE,
			       "job %lld is %s; only a failed, held or cancelled one can be "
			       "retried (`hornero rebuild %s` builds again)",
			       (long long)j->id, job_state_name(j->state), j->image);
	r = job_newest(db, j->image, &newest, e);
	if (r == 1 && newest.id > j->id && db->may && !db->may(db->may_arg, newest.repo))
		return err_set(e, ERR_USAGE,
			       "there is a newer job of the same image than %lld; `hornero rebuild "
			       "%s` builds what its ref holds now",
			       (long long)j->id, j->image);
	if (r == 1 && newest.id > j->id)
		return err_set(e, ERR_USAGE,
			       "job %lld of the same image is newer than %lld and %s; `hornero "
			       "rebuild %s` builds what its ref holds now",
			       (long long)newest.id, (long long)j->id, job_state_name(newest.state),
			       j->image);
	return r < 0 ? -1 : 0;
}

int job_retry(struct db *db, int64_t id, const char *who, struct job_receipt *r, struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_job struct job j = {.id = 0};
	struct job_receipt made;
	char detail[64];

	if (txn_write(&t, db, e) < 0 || find(db, id, &j, e) < 0 || check_retry(db, &j, e) < 0)
		return -1;
	const struct job_wish wish = {
		.image = j.image,
		.repo = j.repo,
		.ref = j.ref,
		.commit = j.commit,
		.origin = job_is_confirm(j.origin) ? "confirm" : "retry",
		.pushed_by = who,
		.force = j.force,
		.clean = j.clean,
	};

	if (job_enqueue_within(db, &wish, &made, e) < 0)
		return -1;
	snprintf(detail, sizeof(detail), "as job %lld", (long long)made.id);
	if (job_event_add(db,
			  &(struct job_event){.job = id,
					      .attempt = j.attempt,
					      .image = j.image,
					      .event = "retried",
					      .detail = detail,
					      .who = who},
			  e) < 0 ||
	    txn_commit(&t, e) < 0)
		return -1;
	*r = made;
	return 0;
}
