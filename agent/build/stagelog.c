/* stagelog: DIAGNOSTICS: none; an unwritable log fails no attempt. */
#include "agent/build/stagelog.h"

#include "lib/fs.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MARK "| "

enum looks { LIKE_NOTHING, LIKE_OURS, NOT_YET };

static void write_out(struct stage_log *log)
{
	if (log->nout == 0)
		return;
	logtimes_note(&log->times, log->out, log->nout);
	(void)fs_write_all(log->fd, log->out, log->nout);
	log->nout = 0;
}

static void put(struct stage_log *log, const char *data, size_t len)
{
	if (len == 0)
		return;
	log->open_line = data[len - 1] != '\n';
	while (len > 0) {
		size_t room = sizeof(log->out) - log->nout;
		size_t n = len < room ? len : room;

		memcpy(log->out + log->nout, data, n);
		log->nout += n;
		data += n;
		len -= n;
		if (log->nout == sizeof(log->out))
			write_out(log);
	}
}

/* Compares letters only and skips all other ASCII. A non-ASCII or control character before the
 * first other letter may look like anything and hide the rest, so it counts as ours. */
static enum looks looks_like(const char *head, size_t len)
{
	static const char ours[] = "hornero";
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		char c = (char)tolower((unsigned char)head[i]);

		if (c != '\t' && (c < 0x20 || c > 0x7e))
			return LIKE_OURS;
		if (c == '0' && at > 0)
			c = 'o';
		if (c < 'a' || c > 'z')
			continue;
		if (c != ours[at])
			return LIKE_NOTHING;
		if (!ours[++at])
			return LIKE_OURS;
	}
	return len < STAGELOG_HEAD ? NOT_YET : LIKE_NOTHING;
}

static void let_go(struct stage_log *log, enum looks looks)
{
	if (looks == LIKE_OURS)
		put(log, MARK, strlen(MARK));
	put(log, log->head, log->nhead);
	log->nhead = 0;
	log->decided = true;
}

/* Takes one line, or part of it. */
static void take_line(struct stage_log *log, const char *data, size_t len)
{
	bool ends = data[len - 1] == '\n';

	while (!log->decided && len > 0 && *data != '\n') {
		enum looks looks;

		log->head[log->nhead++] = *data++;
		len--;
		looks = looks_like(log->head, log->nhead);
		if (looks != NOT_YET)
			let_go(log, looks);
	}
	if (!log->decided && ends)
		let_go(log, LIKE_NOTHING);
	put(log, data, len);
	if (ends)
		log->decided = false;
}

bool stagelog_take(struct stage_log *log, const char *data, size_t len, bool ours)
{
	int64_t room = log->limit_bytes - log->used_bytes;
	size_t kept = (int64_t)len <= room ? len : (size_t)(room > 0 ? room : 0);

	log->used_bytes += (int64_t)kept;
	if (ours)
		put(log, data, kept);
	for (size_t at = 0, n; !ours && at < kept; at += n) {
		const char *end = memchr(data + at, '\n', kept - at);

		n = end ? (size_t)(end - (data + at)) + 1 : kept - at;
		take_line(log, data + at, n);
	}
	write_out(log);
	return kept == len;
}

void stagelog_flush(struct stage_log *log)
{
	if (log->nhead > 0)
		let_go(log, LIKE_NOTHING);
	log->decided = false;
	if (log->open_line)
		put(log, "\n", 1);
	write_out(log);
}

void stage_note(struct stage_log *log, const char *fmt, ...)
{
	char text[1024];
	char line[1100];
	va_list ap;
	int n;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	stagelog_flush(log);
	n = snprintf(line, sizeof(line), "hornero: %s\n", text);
	put(log, line, (size_t)n);
	write_out(log);
}
