/*
 * publications: those in flight, and the images whose next one waits.
 *
 * One is in flight until its publisher has ended, or is given up: a publisher that hangs in the
 * kernel can change Nova's cache only under Nova's lock, for which the next one waits.
 */
#ifndef HORNERO_AGENT_HORNEROD_PUBLICATIONS_H
#define HORNERO_AGENT_HORNEROD_PUBLICATIONS_H

#include "agent/common/verdict.h"
#include "db/job.h"
#include "lib/process.h"
#include "lib/spawn.h"
#include "lib/uuid.h"

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct agent;

struct publication {
	struct publication *next;
	struct agent *agent;
	int64_t job, attempt;
	char image[UUID_LEN + 1];
	struct verdict verdict;
	int socket;                /* -1: it has spoken, and only its end is awaited */
	struct child publisher;    /* pid 0 where a socket unit serves us */
	sd_event_source *watch;    /* of the socket, then of its end */
	sd_event_source *patience; /* until it is killed; behind a socket unit, until it has to say
				      something */
	pid_t process; /* of its publisher; behind a socket unit as it said, and 0 before */
	struct process_still still;
	int64_t start_ms;          /* monotonic */
	int64_t killed_ms;         /* monotonic, when it was first killed; 0: not */
	bool given_up; /* it neither works nor ends, and another one may publish the image */
	bool answered;
};

/* NULL on error. */
struct publication *publication_add(struct agent *a, const struct job *j, const struct verdict *v,
				    struct err *e);
/* image NULL: any at all. */
bool publication_in_flight(const struct agent *a, const char *image);
/* Its socket is closed, and what it says is not heard any more. */
void publication_hang_up(struct publication *p);
/* It has ended. Behind a socket unit nobody tells us of the end of one that was given up. */
void publication_forget(struct publication *p);

/* An image that is not published again before a time. */
struct pause {
	struct pause *next;
	char image[UUID_LEN + 1];
	int64_t until_ms;          /* monotonic */
};

/* From now on for ms. Out of memory: no pause, one more try. */
void publication_pause(struct agent *a, const char *image, int64_t ms);
/* Until when (monotonic) this image waits; 0: it does not. */
int64_t publication_paused(struct agent *a, const char *image);
void publication_forget_pauses(struct agent *a);

#endif
