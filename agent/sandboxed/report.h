/*
 * report: the protocol between a sandboxed program and its supervisor, on descriptor 3.
 *
 *     if (!report_has(REPORT_FD)) return usage;
 *     report_line("tree %s", oid);
 *     if (work(e) < 0) return report_error(&e);
 *
 * A report is lines of text; the first word names the kind. `error TEXT` ends a failed run, and the
 * exit code is the class of the error. The supervisor trusts nothing else that a sandbox says.
 */
#ifndef HORNERO_AGENT_SANDBOXED_REPORT_H
#define HORNERO_AGENT_SANDBOXED_REPORT_H

#include "lib/err.h"

#include <stdbool.h>

enum { REPORT_FD = 3 };

/* Returns whether descriptor fd is open. Call it before opening anything else: otherwise a file of
 * our own may have taken the number. */
bool report_has(int fd);

/* Writes one line and adds the newline. If the supervisor is gone, SIGPIPE ends this process. */
void report_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Writes `error TEXT`, escaped. Returns the exit code of the error's class. */
int report_error(const struct err *e);

#endif
