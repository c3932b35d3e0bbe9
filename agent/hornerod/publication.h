/*
 * publication: one publication, from the publisher that is asked to the state that its job gets.
 */
#ifndef HORNERO_AGENT_HORNEROD_PUBLICATION_H
#define HORNERO_AGENT_HORNEROD_PUBLICATION_H

#include "agent/common/answer.h"
#include "agent/hornerod/publications.h"

/* publication.c */
/* On error the job says what went wrong: it waits, or is held. */
void publication_start(struct agent *a, const struct job *j);
struct publication_past {
	int64_t job, attempt, start_ms;
	char image[UUID_LEN + 1];
	int socket, pid; /* socket -1: it has spoken; pid 0: not our child */
	int process;     /* 0: unknown */
};
int publication_resume(struct agent *a, const struct publication_past *past, struct err *e);
/* Its publisher was killed, or may not be: go on without it, unless that was tried for this image.
 * It may be freed. */
void publication_give_up(struct publication *p);
void publication_stop_all(struct agent *a);

/* published.c */
/* Takes an answer of the publisher. Returns 1 if it says that something is in the cache, which is
 * then recorded, 0 if it says something else, -1 on error. *is_last: it is the last answer. */
int published_take(struct publication *p, const struct answer *a, bool *is_last, struct err *e);
/* These very bytes are warm already: only the records learn that they satisfy this commit too.
 * Returns 1 if settled, 0 if not so, -1 on error. */
int published_already(struct agent *a, const struct verdict *v, struct err *e);

#endif
