/*
 * log: one event, one line, on standard error.
 *
 *     log_info("event=claimed job=%lld image=%s", id, uuid);
 *
 * Fields are key=value. A value that may hold blanks or comes from outside goes
 * last, in quotes, through log_quote. The whole line is escaped once more, so
 * no pushed byte reaches a terminal or forges a second line. Under systemd
 * ($JOURNAL_STREAM) each line carries its <priority>. Where standard error is a
 * stranger's, the same lines go to syslog.
 */
#ifndef HORNERO_LIB_LOG_H
#define HORNERO_LIB_LOG_H

#include <stddef.h>

enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARN = 4, LOG_LEVEL_INFO = 6, LOG_LEVEL_DEBUG = 7 };

/* Name in front of each line (static storage), and the most verbose level shown. */
void log_open(const char *program, enum log_level most);

/* From here on to syslog (facility LOG_DAEMON), and nothing to standard error. After log_open. */
void log_to_syslog(void);

void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* in as a double-quoted value with " and \ escaped, in buf (size >= 3). Returns buf. */
const char *log_quote(char *buf, size_t size, const char *in);

#endif
