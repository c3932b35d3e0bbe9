/*
 * systemd: tells systemd that the program serves (Type=notify) and that its loop turns
 * (WatchdogSec=), as sd_notify(3) does, without libsystemd. Elsewhere it only prints READY.
 *
 *     struct systemd s = systemd_open();        before filters of system calls
 *     …
 *     systemd_ready(&s);
 *     for (;;)
 *             poll(fds, n, systemd_ms(&s, ms));
 *
 * A program that hangs says nothing, and systemd restarts it.
 */
#ifndef HORNERO_LIB_SYSTEMD_H
#define HORNERO_LIB_SYSTEMD_H

struct systemd {
	int fd;       /* -1: systemd does not ask */
	int every_ms; /* 0: the unit has no watchdog */
};

#define SYSTEMD_NONE {.fd = -1}

/* The descriptor stays open for the life of the program. */
struct systemd systemd_open(void);

/* Says, once, that the program serves: READY on standard output, and READY=1 to systemd. */
void systemd_ready(const struct systemd *s);

/* Says that the program lives. Returns how long it may wait: ms (-1: for ever), or less. */
int systemd_ms(const struct systemd *s, int ms);

#endif
