/*
 * earlier: supervisors of a killed life of hornerod.
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

/* At a start, before the groups are cleared: sends SIGTERM to all of them. */
void earlier_end_begin(struct agent *a);
/* Waits for them, and kills those that do not end. Some may remain nevertheless. */
void earlier_end(struct agent *a);
/* At a reload: takes over the children that the last life had given up. */
void earlier_take_children(struct agent *a);
/* Forget those that have ended; forget all. */
void earlier_look(struct agent *a);
void earlier_forget(struct agent *a);

#endif
