/*
 * live: shows something again and again: on a terminal as a screen that is redrawn until Ctrl-C.
 *
 *     struct live l;
 *     if (live_open(&l, cli, call, 1, e) < 0) …
 *     return live_run(&l, show, arg, e);
 *
 * The word has the options --iterations and --interval. During live_run the signals that end a
 * program are blocked; a show() that takes long polls l->signals and calls live_take_signal.
 */
#ifndef HORNERO_CLI_LIVE_H
#define HORNERO_CLI_LIVE_H

#include "cli/cli.h"

enum { LIVE_FOREVER = 0 };

struct live {
	int64_t left;    /* updates left, or LIVE_FOREVER */
	int interval_ms;
	int signals;     /* readable after a signal; -1 outside live_run */
	int ended_by;    /* the signal that ended it, or 0 */
	bool drawn;      /* on a terminal: draw a full screen */
};

/* Reads the options. piped: the updates if standard output is no terminal and --iterations is not
 * given. Returns 0, or -1 with ERR_USAGE. */
int live_open(struct live *l, const struct cli *cli, const struct call *call, int64_t piped,
	      struct err *e);

/* Calls show() for each update; it prints, or returns -1. Returns what the last one returned. */
int live_run(struct live *l, int (*show)(void *arg, struct err *e), void *arg, struct err *e);

/* Begins a screen; nothing if there is none. */
void live_home(const struct live *l);

/* Returns the number of n rows that fit on the screen below `head` lines; n if there is none. */
size_t live_rows(const struct live *l, size_t n, size_t head);

/* Reads a signal. Returns false if it ends the program. */
bool live_take_signal(struct live *l);

/* Parses seconds, from least to 3600, of an option. Returns 0, or -1 with ERR_USAGE. */
int live_seconds(const char *option, const char *text, double least, int *ms, struct err *e);

#endif
