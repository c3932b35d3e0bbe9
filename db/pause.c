/* pause: what waits in the queue says for what. DIAGNOSTICS: as query. */
#include "db/inner.h"

#include "lib/clock.h"

int job_pause_queued(struct db *db, const char *waiting_for, struct err *e)
{
	own_txn struct txn t = TXN_INIT;

	if (txn_write(&t, db, e) < 0)
		return -1;
	if (db_run(db, e, "INSERT INTO events (at_ms, job, attempt, image, event, detail) SELECT ?1, id, attempt, image, 'waiting', ?2 "
		   "FROM jobs INDEXED BY jobs_one_queued WHERE state = 'queued' AND waiting_for IS NOT ?2 AND ?2 IS NOT NULL",
		   val_int(clock_wall_ms()), val_some(waiting_for)) < 0 ||
	    db_run(db, e, "UPDATE jobs INDEXED BY jobs_one_queued SET waiting_for = ?2 WHERE state = 'queued' AND waiting_for IS NOT ?2 "
		   "AND id > ?1", val_int(0), val_some(waiting_for)) < 0)
		return -1;
	return txn_commit(&t, e);
}
