/* journal: DIAGNOSTICS: none; the caller has another way. */
#include "lib/journal.h"

#include "lib/own.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
enum { DATAGRAM_MAX = 16384 };

static const char *const fields[] = {"event", "job", "attempt", "image", "repo",
				     "key",   "peer", "digest", NULL};

/* The variable names the file of the stream: a child may have another one. */
static bool is_our_stream(void)
{
	const char *text = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return text && sscanf(text, "%llu:%llu", &dev, &ino) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

int journal_open(void)
{
	static const struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET};
	own_fd int fd = -1;

	if (!is_our_stream())
		return -1;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return -1;
	return steal_fd(&fd);
}

static bool is_field(const char *name, size_t len)
{
	for (size_t i = 0; fields[i]; i++)
		if (strlen(fields[i]) == len && memcmp(fields[i], name, len) == 0)
			return true;
	return false;
}

/* Returns the end of a value, which may be quoted. */
static const char *value_end(const char *at)
{
	if (*at != '"')
		return at + strcspn(at, " ");
	for (at++; *at && *at != '"'; at++)
		at += *at == '\\' && at[1];
	return *at ? at + 1 : at;
}

static void put_field(FILE *out, const char *name, size_t len, const char *value,
		      const char *end)
{
	fputs("HORNERO_", out);
	for (size_t i = 0; i < len; i++)
		fputc(toupper((unsigned char)name[i]), out);
	fprintf(out, "=%.*s\n", (int)(end - value), value);
}

static void put_fields(FILE *out, const char *at)
{
	for (;;) {
		size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyz_");
		const char *value = at + len + 1, *end;

		if (len == 0 || at[len] != '=')
			return;
		end = value_end(value);
		if (is_field(at, len) && *value != '"' && end > value)
			put_field(out, at, len, value, end);
		if (*end != ' ')
			return;
		at = end + 1;
	}
}

size_t journal_format(char *buf, size_t size, const char *program, int level, const char *line)
{
	FILE *out = fmemopen(buf, size, "w");
	long len;

	if (!out)
		return 0;
	fprintf(out, "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nMESSAGE=%s\n", level, program, line);
	put_fields(out, line);
	len = ftell(out);
	return fclose(out) == 0 && len > 0 && (size_t)len < size ? (size_t)len : 0;
}

int journal_send(int fd, const char *program, int level, const char *line)
{
	char text[DATAGRAM_MAX];
	size_t len = journal_format(text, sizeof(text), program, level, line);

	return len > 0 && send(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len ? 0
											   : -1;
}
