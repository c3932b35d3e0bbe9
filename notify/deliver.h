/* deliver: runs the operator's programs of events_dir with one event. */
#ifndef HORNERO_NOTIFY_DELIVER_H
#define HORNERO_NOTIFY_DELIVER_H

#include "lib/err.h"

#include <stddef.h>
#include <stdint.h>

enum { DELIVER_NAME_MAX = 64 };

struct delivery {
	const char *dir;        /* events_dir */
	const char *event;      /* its kind, for HORNERO_EVENT */
	int64_t timeout_s;      /* for each program */
	const char *text;       /* the event, on their standard input */
	size_t len;
	int stop;               /* ends the delivery when readable */
	char done[DELIVER_NAME_MAX + 1]; /* the last program that ended well; "" */
};

enum delivered {
	DELIVERED_ALL,
	DELIVERED_FAILED,  /* e says which program and why */
	DELIVERED_STOPPED, /* by `stop` */
};

/* Runs the programs by the order of their names, beginning after d->done, which it moves on, until
 * one fails. A program is a regular file that may be executed and that only root or our own user
 * may change; other files, and names with a leading dot, are left out. */
enum delivered deliver(struct delivery *d, struct err *e);

#endif
