/*
 * attempt: one attempt, from its start to the state that its job gets.
 *
 *     attempt_start(a, &job, e)     attempt.c: cgroup, supervisor; or neither (attempt_known.c)
 *     … the loop is told that it ended …
 *     attempt_finish(r)             attempt_end.c: verdict, row; later turns retry what fails
 */
#ifndef HORNERO_AGENT_HORNEROD_ATTEMPT_H
#define HORNERO_AGENT_HORNEROD_ATTEMPT_H

#include "agent/hornerod/attempts.h"
#include "db/job.h"

/* attempt.c */
int attempt_start(struct agent *a, const struct job *j, struct err *e);
/* An attempt that the last life started. Missing texts are "-". pid 0: reaped, but not settled. */
struct attempt_past {
	int64_t job, number, mem_mb;
	char image[UUID_LEN + 1], leaf[128], ended_by[16];
	int pid;
};
int attempt_resume(struct agent *a, const struct attempt_past *past, struct err *e);

/* attempt_known.c: fills the verdict if the artifact is known. Returns false if a supervisor is
 * needed. */
bool attempt_known(const struct agent *a, const struct job *j, struct verdict *out);

/* attempt_end.c */
/* Reaps the supervisor, reads how it ended, and concludes. */
void attempt_finish(struct attempt_run *r);
/* Reaps a supervisor that was given up and has ended after all. */
void attempt_reap(struct attempt_run *r);
/* Fills r->verdict: from the supervisor, or our own if it left none. */
void attempt_read_verdict(struct attempt_run *r, int status);
/* Writes the verdict file before anything is settled: a later life of hornerod reads it. */
void attempt_note(struct attempt_run *r);
void attempt_log_end(const struct attempt_run *r);
/* Ends an attempt as r->verdict says: removes its group, writes its row, then frees r. A later turn
 * does the steps that fail now. */
void attempt_conclude(struct attempt_run *r);
/* Settles the attempts that could not be settled when they ended. Returns true if some are left. */
bool attempt_settle_ended(struct agent *a);
/* Settles the job of a killed supervisor that does not end. It is reaped if it ends later. */
void attempt_abandon(struct attempt_run *r);
/* For a stop: waits for every attempt and settles it. Leaves processes that do not end. */
void attempt_stop_all(struct agent *a);

#endif
