/*
 * earlier: supervisors of a life of hornerod that was killed.
 */
#ifndef HORNERO_AGENT_HORNEROD_EARLIER_H
#define HORNERO_AGENT_HORNEROD_EARLIER_H

#include <sys/types.h>

struct agent;

struct earlier {
	struct earlier *next;
	pid_t pid;
	int pidfd;
};

/* At a start, before the groups are cleared: SIGTERM to all of them; */
void earlier_end_begin(struct agent *a);
/* then wait for them, and kill those that stay. Some may stay all the same. */
void earlier_end(struct agent *a);
/* At a reload: children that the life before had given up. */
void earlier_take_children(struct agent *a);
/* Forget those that have ended since, or all. */
void earlier_look(struct agent *a);
void earlier_forget(struct agent *a);

#endif
