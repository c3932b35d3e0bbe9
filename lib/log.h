/*
 * log: one event per line, on standard error.
 *
 *     log_info("event=claimed job=%lld image=%s", id, uuid);
 *
 * Fields are key=value. Put a value that may contain blanks or comes from outside last, quoted by
 * log_quote. The whole line is escaped once more: no pushed byte reaches a terminal or forges a
 * second line. Under systemd ($JOURNAL_STREAM) the journal gets each line with fields
 * (lib/journal.h), or else standard error with its <priority>. If standard error belongs to another
 * program, log_to_syslog sends the lines to syslog instead.
 */
#ifndef HORNERO_LIB_LOG_H
#define HORNERO_LIB_LOG_H

#include <stddef.h>

enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARN = 4, LOG_LEVEL_INFO = 6, LOG_LEVEL_DEBUG = 7 };

/* Sets the prefix of each line (static storage) and the most verbose level shown. */
void log_open(const char *program, enum log_level most);

/* From now on logs to syslog (facility LOG_DAEMON) and not to standard error. Call after
 * log_open. */
void log_to_syslog(void);

void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* Writes in as a double-quoted value with " and \ escaped into buf (size >= 3). Returns buf. */
const char *log_quote(char *buf, size_t size, const char *in);

#endif
