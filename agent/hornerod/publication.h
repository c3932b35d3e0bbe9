/*
 * publication: one publication, from the request to the publisher to the job's next state.
 */
#ifndef HORNERO_AGENT_HORNEROD_PUBLICATION_H
#define HORNERO_AGENT_HORNEROD_PUBLICATION_H

#include "agent/common/reply.h"
#include "agent/hornerod/attempts.h"
#include "agent/hornerod/publications.h"

/* publication.c */
/* On error the job waits or is held, and its row says why. */
void publication_start(struct agent *a, const struct job *j);
struct publication_past {
	int64_t job, attempt, start_ms;
	char image[UUID_LEN + 1];
	int socket, pid; /* socket -1: it has answered; pid 0: not our child */
	int process;     /* 0: unknown */
};
int publication_resume(struct agent *a, const struct publication_past *past, struct err *e);
/* Continues without a publisher that was killed, or that we may not kill, unless that was tried for
 * this image already. May free p. */
void publication_give_up(struct publication *p);
void publication_stop_all(struct agent *a);

/* publication_early.c */
/* The attempt's artifact is staged: has a publisher copy it while its digest is made. Small files
 * are not worth it. An error costs only that time. */
void publication_prepare(struct agent *a, const struct attempt_run *r);
/* Returns the publication that prepared for this job's attempt, now with its verdict, or NULL. */
struct publication *publication_prepared(struct agent *a, const struct job *j,
					 const struct verdict *v);
/* Lets those go whose attempt has ended and was not published. */
void publication_drop_prepared(struct agent *a);

/* publication_end.c */
/* Takes a reply of the publisher. Returns 1 if it says that something is in the cache, which is
 * then recorded, 0 if it says something else, -1 on error. *is_last: it is the last reply. */
int publication_record(struct publication *p, const struct reply *a, bool *is_last, struct err *e);
/* If the same bytes are warm already, only records that they are this commit's, too. Returns 1 if
 * settled, 0 if they are not warm, -1 on error. */
int publication_already_warm(struct agent *a, const struct verdict *v, struct err *e);

#endif
