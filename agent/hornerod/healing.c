/* healing: repairs a queue that was damaged, deleted or replaced while hornerod runs. db/ replaces
 * the file; this file restores the work that its rows stood for.
 *
 * Running attempts continue: their verdicts are on disk, their artifacts in the store. A sweep
 * starts at once and queues every image that is not up to date. It finds artifacts built meanwhile
 * by their content key.
 *
 * This file also notes changes of the wall clock.
 *
 * DIAGNOSTICS: a step that fails is logged and retried by a later turn. */
#include "agent/hornerod/agent.h"

#include "db/job.h"
#include "lib/log.h"

#include <inttypes.h>

/* Running rows in the new file belong to no process of ours: they are a copy of an earlier state,
 * or another node's. */
static int adopt(struct agent *a, struct err *e)
{
	int64_t n = 0;

	if (job_recover(a->db, false, &n, e) < 0)
		return -1;
	log_warn("event=queue-replaced requeued=%lld images that are not warm are queued again",
		 (long long)n);
	a->generation = db_generation(a->db);
	db_clock(a->db)->saved_ms = 0; /* its file may be gone with the directory */
	a->next_sweep_ms = 0;
	return 0;
}

/* No decision depends on the wall clock. The change is recorded for file times and for
 * operators. */
static void look_at_clock(struct agent *a)
{
	int64_t by_ms;

	if (steady_note(db_clock(a->db), a->conf->queue_dir, &by_ms))
		log_warn("event=clock-changed by_s=%" PRId64
			 " ages, back-offs and keep_warm do not depend on it",
			 by_ms / 1000);
}

bool healing_look(struct agent *a)
{
	struct err e = ERR_INIT;

	look_at_clock(a);
	if (db_heal(a->db, &e) >= 0 && (db_generation(a->db) == a->generation || adopt(a, &e) == 0))
		return false;
	log_error("event=queue-not-mended class=%s %s", err_class_name(e.class), e.msg);
	return true;
}
