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

#include <termios.h>

enum { LIVE_FOREVER = 0 };

struct live {
	int64_t left;    /* updates left, or LIVE_FOREVER */
	int interval_ms;
	int signals;     /* readable after a signal; -1 outside live_run */
	int ended_by;    /* the signal that ended it, or 0 */
	bool drawn;      /* on a terminal: draw a full screen */
	/* Called for each key if has_keys: a byte, or LIVE_UP, LIVE_DOWN. Returns false to end. */
	bool (*on_key)(void *arg, int key);
	bool has_keys;   /* standard input is that terminal and ours, and on_key is set */
	struct termios typed; /* its settings as they were */
};

enum { LIVE_UP = 256, LIVE_DOWN };

/* Reads the options. piped: the updates if standard output is no terminal and --iterations is not
 * given. Returns 0, or -1 with ERR_USAGE. */
int live_open(struct live *l, const struct cli *cli, const struct call *call, int64_t piped,
	      struct err *e);

/* Calls show() for each update; it prints, or returns -1. Returns what the last one returned. */
int live_run(struct live *l, int (*show)(void *arg, struct err *e), void *arg, struct err *e);

/* Call before live_run to take keys: lines are no longer edited, and Ctrl-C still ends. */
void live_keys(struct live *l, bool (*on_key)(void *arg, int key));

/* Runs a program on the terminal as it was before, and returns to the screen at its end. Ctrl-C
 * ends that program alone. */
void live_lend(struct live *l, const char *const *argv);

/* Begins a screen; nothing if there is none. */
void live_home(const struct live *l);

/* Returns the number of n rows that fit on the screen below `head` lines; n if there is none. */
size_t live_rows(const struct live *l, size_t n, size_t head);

/* Reads a signal. Returns false if it ends the program. */
bool live_take_signal(struct live *l);

/* Parses seconds, from least to 3600, of an option. Returns 0, or -1 with ERR_USAGE. */
int live_seconds(const char *option, const char *text, double least, int *ms, struct err *e);

#endif
