/* report: DIAGNOSTICS: none. A line that cannot be written is lost; the exit code still gives the
 * class of the error. */
#include "agent/sandboxed/report.h"

#include "lib/escape.h"
#include "lib/fs.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool report_has(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

void report_line(const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	n = n < (int)sizeof(line) - 1 ? n : (int)sizeof(line) - 2;
	line[n] = '\n';
	(void)fs_write_all(REPORT_FD, line, (size_t)n + 1);
}

int report_error(const struct err *e)
{
	/* Bounded so that the line fits one buffer of the supervisor and one write to a pipe. */
	char text[1000];

	escape_text(text, sizeof(text), e->msg, strlen(e->msg), ESCAPE_LINE);
	report_line("error %s", text);
	return err_exit(e->class);
}
