/* healing: a queue that was damaged, deleted or replaced while hornerod runs. db/ replaces the
 * file; here follows what its rows were for.
 *
 * What runs goes on: its verdict is on disk, its artifact in the store. The sweep that starts at
 * once queues every image that is not as wished, and finds what was built meanwhile by its content
 * key.
 *
 * Here is also noted that the wall clock was changed.
 *
 * DIAGNOSTICS: what cannot be done now is logged and done by a later turn. */
#include "agent/hornerod/agent.h"

#include "db/job.h"
#include "lib/log.h"

#include <inttypes.h>

/* Rows that run in the file that is there now are nobody's: a copy of an earlier state, or another
 * node's. */
static int adopt(struct agent *a, struct err *e)
{
	int64_t n = 0;

	if (job_recover(a->db, false, &n, e) < 0)
		return -1;
	log_warn("event=queue-replaced requeued=%lld what is not warm is queued again",
		 (long long)n);
	a->generation = db_generation(a->db);
	db_clock(a->db)->saved_ms = 0; /* it may have gone with the directory */
	a->next_sweep_ms = 0;
	return 0;
}

/* Nothing that decides goes by the wall clock; the change is remembered for the times of files and
 * for people. */
static void look_at_clock(struct agent *a)
{
	int64_t by_ms;

	if (steady_note(db_clock(a->db), a->conf->queue_dir, &by_ms))
		log_warn("event=clock-changed by_s=%" PRId64
			 " ages, back-offs and what is kept warm do not change with it",
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
