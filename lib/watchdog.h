/*
 * watchdog: tells systemd that the program's loop turns (WatchdogSec=, sd_notify(3)), without
 * libsystemd. Does nothing where the unit has no watchdog.
 *
 *     struct watchdog w = watchdog_open();      before filters of system calls
 *     for (;;)
 *             poll(fds, n, watchdog_ms(&w, ms));
 *
 * A program that hangs says nothing, and systemd restarts it.
 */
#ifndef HORNERO_LIB_WATCHDOG_H
#define HORNERO_LIB_WATCHDOG_H

struct watchdog {
	int fd; /* -1: there is none */
	int every_ms;
};

#define WATCHDOG_NONE {.fd = -1}

/* The descriptor stays open for the life of the program. */
struct watchdog watchdog_open(void);

/* Says that the program lives. Returns how long it may wait: ms (-1: for ever), or less. */
int watchdog_ms(const struct watchdog *w, int ms);

#endif
