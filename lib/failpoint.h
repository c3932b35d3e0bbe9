/*
 * failpoint: points at which tests kill or stop the process, or let a durable step fail.
 *
 *     failpoint("publish-copied");
 *     if (FAILSTEP("store-rename", rename(from, to)) < 0)
 *             return err_sys(e, ERR_OPERATOR, "cannot rename %s", from);
 *
 * Neither does anything unless the configuration arms that point (key `failpoint`; never the
 * environment, which a pusher may control):
 *
 *     failpoint: [PROGRAM/]NAME[:ACTION[:N]]
 *
 * ACTION is kill (the default), stop (SIGSTOP), exit (_exit(1)), log (a line each time), or, for a
 * step, the error ENOSPC, EIO, EINTR or ENOMEM: the call is not made, and returns -1. It happens
 * the N-th time (default: the first) that one process passes the point, and never again in that
 * process; `stop` happens from that time on. NAME `all` is every point.
 *
 * The macros write each name into the section "hornero_failpoints" of the program:
 *
 *     readelf -p hornero_failpoints PROGRAM        "point NAME" or "step NAME"
 */
#ifndef HORNERO_LIB_FAILPOINT_H
#define HORNERO_LIB_FAILPOINT_H

#include "lib/err.h"

#include <stdbool.h>

enum { FAILPOINT_SPEC_MAX = 120 };

#define FAILPOINT_LISTED(kind, name)                                                               \
	({                                                                                         \
		static const char listed[]                                                         \
			__attribute__((section("hornero_failpoints"), aligned(1), used)) =         \
				kind " " name;                                                     \
		listed + sizeof(kind);                                                             \
	})

#define failpoint(name) failpoint_pass(FAILPOINT_LISTED("point", name))

/* The value of call, an expression that returns -1 with errno set on error; or -1, without having
 * made the call, if the step is armed to fail. */
#define FAILSTEP(name, call)                                                                       \
	(failpoint_fails(FAILPOINT_LISTED("step", name)) ? failpoint_failed() : (call))

/* Checks spec. Returns 0, or -1 with e filled: it says what is allowed. */
int failpoint_check(const char *spec, struct err *e);

/* Arms spec, of which it keeps a copy; NULL or "" disarms. An invalid one arms nothing. The spec
 * that is armed already keeps its count. */
void failpoint_arm(const char *spec);

/* Whether this process has an armed point. */
bool failpoint_is_armed(void);

void failpoint_pass(const char *name);
bool failpoint_fails(const char *name);

/* Returns -1. */
static inline int failpoint_failed(void)
{
	return -1;
}

#endif
