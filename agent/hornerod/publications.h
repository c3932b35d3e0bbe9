/*
 * publications: the publications in flight, and the images whose next one waits.
 *
 * A publication is in flight until its publisher has ended or is given up. A publisher that hangs
 * in the kernel can change Nova's cache only under Nova's lock, for which the next one waits.
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
	int socket;                /* -1: it has answered, and must still end */
	struct child publisher;    /* pid 0: a socket unit serves us */
	sd_event_source *watch;    /* of the socket, then of the publisher's end */
	sd_event_source *kill_timer; /* when it is killed; for a socket unit, when it must answer */
	pid_t process;             /* of the publisher; a socket unit's says so, and is 0 before */
	struct process_still still;
	int64_t start_ms;          /* monotonic */
	int64_t killed_ms;         /* monotonic, first kill; 0: not killed */
	char hung[128];            /* why it was killed; "": it worked */
	bool given_up;             /* hangs: another one may publish the image */
	bool answered;
	bool prepares;             /* its attempt still runs: publication_early.c */
};

/* Returns NULL on error. */
struct publication *publication_add(struct agent *a, const struct job *j, const struct verdict *v,
				    struct err *e);
/* Whether a publication of the image is in flight; NULL: of any image. One that only prepares is
 * not. */
bool publication_in_flight(const struct agent *a, const char *image);
/* Closes the socket: no further reply is read. */
void publication_hang_up(struct publication *p);
/* Frees it. If a socket unit's publisher was given up, we are not told when that ends. */
void publication_forget(struct publication *p);

/* Closes the socket, has the publisher end, and then frees it. let_go() returns at once; end_now()
 * blocks for a limited time. */
void publication_let_go(struct publication *p);
void publication_end_now(struct publication *p);

/* An image that is not published again before a given time. */
struct pause {
	struct pause *next;
	char image[UUID_LEN + 1];
	int64_t until_ms;          /* monotonic */
};

/* Pauses the image for so many ms from now. Out of memory: no pause, one more attempt. */
void publication_pause(struct agent *a, const char *image, int64_t ms);
/* Returns when (monotonic) the image may be published again; 0: now. */
int64_t publication_paused(struct agent *a, const char *image);
void publication_forget_pauses(struct agent *a);

#endif
