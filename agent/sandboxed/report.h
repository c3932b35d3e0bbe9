/*
 * report: what a sandboxed program tells its supervisor, on descriptor 3.
 *
 *     if (!report_ready()) return usage;
 *     report_line("tree %s", oid);
 *     if (work(e) < 0) return report_error(&e);
 *
 * Lines of text, the first word says what: `error TEXT` ends a failed run, and the exit code is the
 * class of the error. The supervisor takes nothing else of what happens in here as true.
 */
#ifndef HORNERO_AGENT_SANDBOXED_REPORT_H
#define HORNERO_AGENT_SANDBOXED_REPORT_H

#include "lib/err.h"

#include <stdbool.h>

enum { REPORT_FD = 3 };

/* Is descriptor fd open, as the supervisor leaves it? Asked before anything else is opened, or a file of
 * our own would be taken for the supervisor's. */
bool report_has(int fd);

/* One line; the newline is added. A supervisor that is gone ends us (SIGPIPE). */
void report_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* `error TEXT`, escaped, and the exit code of its class. */
int report_error(const struct err *e);

#endif
