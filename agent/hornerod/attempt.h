/*
 * attempt: one attempt, from its start to the state that its job gets.
 *
 *     attempt_start(a, &job, e)     attempt.c: cgroup, supervisor; or neither (attempt_known.c)
 *     … the loop hears of its end …
 *     attempt_finish(r)             attempt_end.c: verdict, row; what cannot be done yet is, in
 * later turns
 */
#ifndef HORNERO_AGENT_HORNEROD_ATTEMPT_H
#define HORNERO_AGENT_HORNEROD_ATTEMPT_H

#include "agent/hornerod/attempts.h"
#include "db/job.h"

/* attempt.c */
int attempt_start(struct agent *a, const struct job *j, struct err *e);
/* One that the life before us started; texts are "-" where there are none. pid 0: reaped then, not
 * settled yet. */
struct attempt_past {
	int64_t job, number, mem_mb;
	char image[UUID_LEN + 1], leaf[128], ended_by[16];
	int pid;
};
int attempt_resume(struct agent *a, const struct attempt_past *past, struct err *e);

/* attempt_known.c: the verdict of an attempt whose artifact is known; false: a supervisor must
 * look. */
bool attempt_known(const struct agent *a, const struct job *j, struct verdict *out);

/* attempt_end.c */
/* Reap its supervisor, learn how it ended, conclude. */
void attempt_finish(struct attempt_run *r);
/* One that was given up has ended after all. */
void attempt_reap(struct attempt_run *r);
/* r->verdict: the supervisor's, or ours where it left none. */
void attempt_read_verdict(struct attempt_run *r, int status);
/* Writes the verdict file before anything is settled: a later life of hornerod reads it. */
void attempt_note(struct attempt_run *r);
void attempt_log_end(const struct attempt_run *r);
/* Ends an attempt as r->verdict says: removes its group, writes its row, then frees r. A later turn
 * does the steps that fail now. */
void attempt_conclude(struct attempt_run *r);
/* Settle those that ended and could not be settled then. True: some are left. */
bool attempt_settle_ended(struct agent *a);
/* Its supervisor was killed and does not end: settle the job without it. It is reaped when it ends
 * after all. */
void attempt_abandon(struct attempt_run *r);
/* Wait for and settle every attempt: for a stop. A process that does not end is left to the kernel.
 */
void attempt_stop_all(struct agent *a);

#endif
