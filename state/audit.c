/* audit: DIAGNOSTICS: ERR_OPERATOR if the log cannot be read or written, ERR_NOBODY if the disk is
 * full or another writer holds the lock for too long, ERR_US for a record that is too long. */
#include "state/audit.h"

#include "lib/clock.h"
#include "lib/escape.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { TAIL = 2 * AUDIT_LINE_MAX + 2, SYSLOG_AUTHPRIV_INFO = 10 << 3 | 6 };

static bool are_digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return true;
}

bool audit_is_name(const char *name)
{
	return strlen(name) == strlen("2026-11.jsonl") && are_digits(name, 4) && name[4] == '-' &&
	       are_digits(name + 5, 2) && strcmp(name + 7, ".jsonl") == 0;
}

bool audit_parse(const char *line, size_t len, int64_t *n, char prev[SHAPLAIN_HEX + 1])
{
	static const char first[] = "{\"n\":", second[] = ",\"prev\":\"";
	const char *at = line + strlen(first), *end = line + len;
	int64_t number = 0;
	size_t digits = 0;

	if (len < strlen(first) || memcmp(line, first, strlen(first)) != 0 || end[-1] != '}')
		return false;
	for (; at < end && *at >= '0' && *at <= '9' && digits < 18; at++, digits++)
		number = 10 * number + (*at - '0');
	if (digits == 0 || (size_t)(end - at) < strlen(second) + SHAPLAIN_HEX + 2 ||
	    memcmp(at, second, strlen(second)) != 0 || at[strlen(second) + SHAPLAIN_HEX] != '"')
		return false;
	at += strlen(second);
	for (size_t i = 0; i < SHAPLAIN_HEX; i++)
		if (!strchr("0123456789abcdef", at[i]) || !at[i])
			return false;
	memcpy(prev, at, SHAPLAIN_HEX);
	prev[SHAPLAIN_HEX] = '\0';
	*n = number;
	return true;
}

/* Cuts the last line off the text. Returns it, with its length. */
static const char *last_line(const char *text, size_t *len, size_t *line_len)
{
	const char *end = text + *len, *before = *len > 0 ? memrchr(text, '\n', *len) : NULL;
	const char *line = before ? before + 1 : text;

	*line_len = (size_t)(end - line);
	*len = before ? (size_t)(before - text) : 0;
	return line;
}

/* Finds the end of the chain in a file that is not empty: the digest of its last line, and the
 * number of its last record. A writer that died may have left pieces of lines behind that. */
static int read_end(struct audit *a, int fd, const char *name, off_t size, struct err *e)
{
	own_free char *buf = malloc(TAIL);
	off_t from = size > TAIL ? size - TAIL : 0;
	ssize_t got = buf ? fs_pread(fd, buf, TAIL, from) : -1;
	char prev[SHAPLAIN_HEX + 1];
	const char *line;
	size_t left, len;
	bool found;

	if (got <= 0 || got != size - from)
		return err_sys(e, ERR_OPERATOR, "cannot read %s of the audit log", name);
	a->torn = buf[got - 1] != '\n';
	left = (size_t)got - !a->torn;
	line = last_line(buf, &left, &len);
	shaplain_hex(line, len, a->last);
	while (!(found = audit_parse(line, len, &a->n, prev)) && left > 0)
		line = last_line(buf, &left, &len);
	if (found || from == 0)
		return 0;
	return err_set(e, ERR_OPERATOR,
		       "the end of %s in the audit log has no record; `hornero events --audit "
		       "--verify` says more; to begin a new log, move the files of that directory "
		       "elsewhere",
		       name);
}

/* Finds the newest file that is not empty. Returns 1 with its end read, 0 if there is none. */
static int find_end(struct audit *a, char newest[AUDIT_NAME], struct err *e)
{
	char names[2][AUDIT_NAME] = {"", ""}; /* the newest, and the newest that is not empty */
	own_fd int fd = -1;
	own_dir DIR *d = NULL;
	struct dirent *entry;
	struct stat st;
	int copy = openat(a->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	d = copy < 0 ? NULL : fdopendir(copy);
	if (!d)
		return err_sys(e, ERR_OPERATOR, "cannot list the audit log");
	while ((entry = readdir(d))) {
		if (!audit_is_name(entry->d_name))
			continue;
		if (strcmp(entry->d_name, names[0]) > 0)
			memcpy(names[0], entry->d_name, AUDIT_NAME - 2);
		if (strcmp(entry->d_name, names[1]) > 0 &&
		    fstatat(a->dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size > 0)
			memcpy(names[1], entry->d_name, AUDIT_NAME - 2);
	}
	memcpy(newest, names[0], AUDIT_NAME);
	if (!*names[1])
		return 0;
	fd = openat(a->dir, names[1], O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot open %s of the audit log", names[1]);
	if (read_end(a, fd, names[1], st.st_size, e) < 0)
		return -1;
	a->torn = a->torn && strcmp(names[0], names[1]) == 0;
	return 1;
}

/* The name never goes back, even if the clock does. */
static void choose_name(struct audit *a, const char *newest)
{
	time_t now = (time_t)(clock_wall_ms() / 1000);
	struct tm tm;

	if (!gmtime_r(&now, &tm) || strftime(a->name, sizeof(a->name), "%Y-%m.jsonl", &tm) == 0 ||
	    strcmp(newest, a->name) > 0)
		snprintf(a->name, sizeof(a->name), "%s", *newest ? newest : "1970-01.jsonl");
}

/* Other members of the queue's group may have put something else under the name. */
static int open_file(struct audit *a, const char *dir, struct err *e)
{
	const int flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	struct stat st;

	a->fd = openat(a->dir, a->name, flags | O_CLOEXEC);
	if (a->fd < 0 && errno == ENOENT) {
		a->fd = openat(a->dir, a->name, flags | O_CREAT | O_EXCL | O_CLOEXEC, 0660);
		if (a->fd >= 0 && (fchmod(a->fd, 0660) < 0 ||
				   FAILSTEP("audit-made-sync", fsync(a->dir)) < 0))
			return err_sys(e, ERR_OPERATOR, "cannot make %s/%s", dir, a->name);
	}
	if (a->fd < 0 || fstat(a->fd, &st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot open the audit log %s/%s", dir, a->name);
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return err_set(e, ERR_OPERATOR,
			       "%s/%s (the audit log) is not a regular file of one name; remove it",
			       dir, a->name);
	a->size = st.st_size;
	return 0;
}

int audit_open(struct audit *a, const char *dir, int wait_ms, struct err *e)
{
	char newest[AUDIT_NAME];
	int held;

	a->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (a->dir < 0)
		return err_sys(e, ERR_OPERATOR,
			       "cannot open the audit log's directory %s, which `hornero init` "
			       "makes",
			       dir);
	held = fs_flock(a->dir, wait_ms, e);
	if (held <= 0)
		return held < 0 ? -1
				: err_set(e, ERR_NOBODY,
					  "another process has held the lock of the audit log %s "
					  "for %d ms; try again",
					  dir, wait_ms);
	a->n = 0;
	a->torn = false;
	memcpy(a->last, AUDIT_FIRST, sizeof(a->last));
	if (find_end(a, newest, e) < 0)
		return err_wrap(e, "%s", dir);
	choose_name(a, newest);
	return open_file(a, dir, e);
}

static void drop_record(struct audit *a)
{
	if (a->record)
		fclose(a->record);
	free(a->text);
	a->record = NULL;
	a->text = NULL;
}

static void put_text(struct audit *a, const char *text)
{
	size_t len = strlen(text);
	own_free char *clean = malloc(4 * len + 1);

	fputc('"', a->record);
	if (clean)
		escape_text(clean, 4 * len + 1, text, len, ESCAPE_LINE);
	for (const char *c = clean ? clean : "?"; *c; c++) {
		if (*c == '"' || *c == '\\')
			fputc('\\', a->record);
		fputc(*c, a->record);
	}
	fputc('"', a->record);
}

static void put_name(struct audit *a, const char *name)
{
	fprintf(a->record, "%s\"%s\":", a->first ? "" : ",", name);
	a->first = false;
}

void audit_begin(struct audit *a, const char *event)
{
	int64_t now_ms = clock_wall_ms();
	time_t now = (time_t)(now_ms / 1000);
	char at[32] = "";
	struct tm tm;

	drop_record(a);
	a->record = open_memstream(&a->text, &a->len);
	if (!a->record)
		return;
	if (gmtime_r(&now, &tm))
		strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%S", &tm);
	fprintf(a->record, "%s{\"n\":%lld,\"prev\":\"%s\",\"at\":\"%s.%03dZ\",\"event\":\"%s\"",
		a->torn ? "\n" : "", (long long)a->n + 1, a->last, at, (int)(now_ms % 1000), event);
	a->first = false;
}

void audit_text(struct audit *a, const char *name, const char *text)
{
	if (!a->record)
		return;
	put_name(a, name);
	if (text)
		put_text(a, text);
	else
		fputs("null", a->record);
}

void audit_number(struct audit *a, const char *name, int64_t number)
{
	if (!a->record)
		return;
	put_name(a, name);
	fprintf(a->record, "%lld", (long long)number);
}

void audit_list(struct audit *a, const char *name)
{
	if (!a->record)
		return;
	put_name(a, name);
	fputc('[', a->record);
	a->first = true;
}

void audit_item(struct audit *a)
{
	if (!a->record)
		return;
	fputs(a->first ? "{" : ",{", a->record);
	a->first = true;
}

void audit_item_end(struct audit *a)
{
	if (a->record)
		fputc('}', a->record);
	a->first = false;
}

void audit_word(struct audit *a, const char *text)
{
	if (!a->record)
		return;
	fputs(a->first ? "" : ",", a->record);
	put_text(a, text);
	a->first = false;
}

void audit_list_end(struct audit *a)
{
	if (a->record)
		fputc(']', a->record);
	a->first = false;
}

size_t audit_room_used(struct audit *a)
{
	if (a->record)
		fflush(a->record);
	return a->record ? a->len : 0;
}

/* A piece of a line must not stay, since the caller is told that nothing was written. */
static int write_line(struct audit *a, struct err *e)
{
	if (fs_write_all(a->fd, a->text, a->len) == 0)
		return 0;
	err_sys(e, ERR_OPERATOR, "cannot write to %s of the audit log", a->name);
	(void)!ftruncate(a->fd, a->size);
	return -1;
}

int audit_end(struct audit *a, struct err *e)
{
	size_t skip = a->torn;
	bool full = !a->record;

	if (a->record) {
		fputs("}\n", a->record);
		full = fclose(a->record) != 0;
		a->record = NULL;
	}
	if (full) {
		drop_record(a);
		return err_set(e, ERR_NOBODY, "out of memory for a record of the audit log");
	}
	if (a->len > AUDIT_LINE_MAX) {
		drop_record(a);
		return err_set(e, ERR_US, "a record of the audit log has %zu bytes, at most %d fit",
			       a->len, AUDIT_LINE_MAX);
	}
	if (write_line(a, e) < 0) {
		drop_record(a);
		return -1;
	}
	shaplain_hex(a->text + skip, a->len - skip - 1, a->last);
	a->n++;
	a->size += (off_t)a->len;
	a->torn = false;
	drop_record(a);
	return 0;
}

/* A copy of the digest that the writers of the log cannot change. Never waits: a log daemon that
 * hangs must not hold up pushes. */
static void tell_syslog(const struct audit *a)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	own_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char text[160];
	int len = snprintf(text, sizeof(text), "<%d>hornero-audit: file=%s n=%lld sha256=%s",
			   SYSLOG_AUTHPRIV_INFO, a->name, (long long)a->n, a->last);

	if (fd >= 0)
		(void)sendto(fd, text, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL,
			     (const struct sockaddr *)&to, sizeof(to));
}

void audit_tell(struct audit *a)
{
	flock(a->dir, LOCK_UN);
	tell_syslog(a);
}

int audit_sync(struct audit *a, struct err *e)
{
	/* Others may append meanwhile: their sync then has less to do. */
	flock(a->dir, LOCK_UN);
	if (FAILSTEP("audit-sync", fdatasync(a->fd)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot sync %s of the audit log", a->name);
	tell_syslog(a);
	return 0;
}

void audit_close(struct audit *a)
{
	drop_record(a);
	own_fd_end(&a->fd);
	own_fd_end(&a->dir);
	a->fd = a->dir = -1;
}
