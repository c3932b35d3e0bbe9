/* log: holds the only mutable globals except the failpoint. DIAGNOSTICS: none; nobody could act on
 * a log that cannot be written. */
#include "lib/log.h"

#include "lib/escape.h"
#include "lib/journal.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

static const char *program_name = "hornero";
static enum log_level most_verbose = LOG_LEVEL_INFO;
static bool to_journal, to_syslog;
static int journal = -1;

void log_open(const char *program, enum log_level most)
{
	program_name = program;
	most_verbose = most;
	to_journal = getenv("JOURNAL_STREAM") != NULL;
	if (to_journal && journal < 0)
		journal = journal_open();
}

void log_to_syslog(void)
{
	openlog(program_name, LOG_PID, LOG_DAEMON);
	to_syslog = true;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char text[2048];
	char line[4096];
	int head;
	size_t len;
	va_list ap;

	if (level > most_verbose)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (to_syslog)
		head = 0;
	else if (to_journal)
		head = snprintf(line, sizeof(line), "<%d>", (int)level);
	else
		head = snprintf(line, sizeof(line), "%s: %s", program_name,
				level <= LOG_LEVEL_ERROR  ? "error "
				: level == LOG_LEVEL_WARN ? "warning "
							  : "");
	len = (size_t)head;
	len += escape_text(line + len, sizeof(line) - len - 1, text, strlen(text), ESCAPE_LINE);
	if (to_syslog) {
		syslog((int)level, "%.*s", (int)len, line);
		return;
	}
	line[len] = '\0';
	if (journal >= 0 && journal_send(journal, program_name, (int)level, line + head) == 0)
		return;
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return;
}

const char *log_quote(char *buf, size_t size, const char *in)
{
	size_t n = 0;

	buf[n++] = '"';
	for (; *in && n + 3 < size; in++) {
		if (*in == '"' || *in == '\\')
			buf[n++] = '\\';
		buf[n++] = *in;
	}
	buf[n++] = '"';
	buf[n] = '\0';
	return buf;
}
