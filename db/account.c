/* account: start-time fair queueing of processor time between repositories. The virtual time of a
 * repository (used_ms of its lines) grows by the processor time of its builds: by the likely time
 * when a job is claimed, by the real one when the attempt ends. The line with the least virtual
 * time is served next. A repository that was idle begins at the virtual time of the line served
 * last (the triggers of schema.sql). DIAGNOSTICS: as query. */
#include "db/inner.h"

/* Serves the job's line. A confirmation uses idle time, which is free. */
int account_charge(struct db *db, int64_t id, struct err *e)
{
	if (db_run(db, e,
		   "UPDATE jobs SET charged_ms = iif(origin = 'confirm', 0, iif(likely_cpu_ms > 0, "
		   "likely_cpu_ms, ?2)) WHERE id = ?1",
		   val_int(id), val_int(ACCOUNT_UNKNOWN_MS)) < 0 ||
	    db_run(db, e,
		   "UPDATE served SET used_ms = max(used_ms, coalesce((SELECT max(l.used_ms) FROM "
		   "jobs AS j JOIN lines AS l ON l.repo = j.repo WHERE j.id = ?1 "
		   "AND j.charged_ms > 0), 0))",
		   val_int(id)) < 0)
		return -1;
	return db_run(db, e,
		      "UPDATE lines SET used_ms = min(lines.used_ms + j.charged_ms, ?2) FROM jobs "
		      "AS j WHERE j.id = ?1 AND lines.repo = j.repo",
		      val_int(id), val_int(ACCOUNT_MAX_MS));
}

static int64_t really_used_ms(const struct attempt_result *r)
{
	int64_t ms = r->cpu_ms > 0 ? r->cpu_ms
				   : r->checkout_ms + r->build_ms + r->check_ms + r->boot_ms +
					     r->store_ms;

	return ms > 0 ? ms : r->reused;
}

/* An unknown use leaves the likely one. A use below the likely one gives nothing back that others
 * could already be served after: else a repository of cheap jobs would overtake one that arrived
 * meanwhile. */
int account_settle(struct db *db, int64_t id, const struct attempt_result *r, struct err *e)
{
	int64_t used_ms = really_used_ms(r);

	if (used_ms > 0 &&
	    db_run(db, e,
		   "UPDATE lines SET used_ms = min(max(lines.used_ms + ?2 - j.charged_ms, "
		   "min(lines.used_ms, (SELECT used_ms FROM served) + 1)), ?3) FROM jobs AS j "
		   "WHERE j.id = ?1 AND j.charged_ms > 0 AND lines.repo = j.repo",
		   val_int(id), val_int(used_ms < ACCOUNT_MOST_MS ? used_ms : ACCOUNT_MOST_MS),
		   val_int(ACCOUNT_MAX_MS)) < 0)
		return -1;
	return db_run(db, e, "UPDATE jobs SET charged_ms = 0 WHERE id = ?1 AND charged_ms > 0",
		      val_int(id));
}

/* Anyone in the queue's group may have changed the lines: counts their heads again. Repositories
 * without lines begin at the virtual time. */
int account_mend(struct db *db, struct err *e)
{
	if (db_run(db, e,
		   "INSERT OR IGNORE INTO lines (repo, priority, builder, used_ms, head) SELECT "
		   "j.repo, j.priority, j.likely_builder, coalesce((SELECT max(l.used_ms) FROM "
		   "lines AS l WHERE l.repo = j.repo), (SELECT used_ms FROM served)), 0 FROM jobs "
		   "AS j INDEXED BY jobs_claim WHERE state = 'queued' AND not_before_ms = 0 "
		   "AND id > ?1 GROUP BY repo, priority, likely_builder",
		   val_int(0)) < 0)
		return -1;
	return db_run(db, e,
		      "UPDATE lines SET head = coalesce((SELECT min(id) FROM jobs INDEXED BY "
		      "jobs_claim WHERE state = 'queued' AND not_before_ms = 0 AND priority = "
		      "lines.priority AND repo = lines.repo AND likely_builder = lines.builder), "
		      "?1)",
		      val_int(0));
}

/* An idle repository whose virtual time is over has nothing to remember. */
int account_forget(struct db *db, int most, struct err *e)
{
	return db_run(db, e,
		      "DELETE FROM lines WHERE (repo, priority, builder) IN (SELECT repo, "
		      "priority, builder FROM lines AS l WHERE head = 0 AND used_ms <= (SELECT "
		      "used_ms FROM served) AND NOT EXISTS (SELECT 1 FROM lines AS m WHERE m.repo "
		      "= l.repo AND m.head > 0) LIMIT ?1)",
		      val_int(most));
}
