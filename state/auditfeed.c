/* auditfeed: DIAGNOSTICS: ERR_OPERATOR if a file cannot be read or has a line that is too long. */
#include "state/auditfeed.h"

#include "lib/own.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

int auditfeed_open(struct auditfeed *f, const char *dir, struct err *e)
{
	f->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return f->dir < 0 ? err_sys(e, ERR_OPERATOR,
				    "cannot open the audit log's directory %s, which `hornero "
				    "init` makes",
				    dir)
			  : 0;
}

void auditfeed_close(struct auditfeed *f)
{
	if (f->file)
		fclose(f->file);
	own_fd_end(&f->dir);
	f->file = NULL;
	f->dir = -1;
}

/* Finds the first file behind ours. Returns 1, 0 if there is none, -1 on error. */
static int find_next(const struct auditfeed *f, char out[AUDIT_NAME], struct err *e)
{
	int copy = openat(f->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own_dir DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	if (!d)
		return err_sys(e, ERR_OPERATOR, "cannot list the audit log");
	*out = '\0';
	while ((entry = readdir(d)))
		if (audit_is_name(entry->d_name) && strcmp(entry->d_name, f->name) > 0 &&
		    (!*out || strcmp(entry->d_name, out) < 0))
			snprintf(out, AUDIT_NAME, "%.*s", AUDIT_NAME - 1, entry->d_name);
	return *out != '\0';
}

/* Returns 0, or -1 with e->sys ENOENT if there is no such file. */
static int open_file(struct auditfeed *f, const char *name, struct err *e)
{
	own_fd int fd = openat(f->dir, name,
			       O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (f->file)
		fclose(f->file);
	f->file = NULL;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot read %s of the audit log", name);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_OPERATOR, "%s of the audit log is not a regular file", name);
	f->file = fdopen(fd, "r");
	if (!f->file)
		return err_sys(e, ERR_NOBODY, "cannot read %s of the audit log", name);
	(void)steal_fd(&fd);
	memcpy(f->name, name, AUDIT_NAME);
	f->at = 0;
	return 0;
}

/* Returns 1 with a line, or with what is there of one; 0 at the end, -1 on error. */
static int read_line(struct auditfeed *f, struct err *e)
{
	int c = EOF;

	clearerr(f->file);
	for (f->len = 0; f->len < sizeof(f->line) && (c = getc_unlocked(f->file)) != EOF &&
			 c != '\n';)
		f->line[f->len++] = (char)c;
	if (ferror(f->file))
		return err_sys(e, ERR_OPERATOR, "cannot read %s of the audit log", f->name);
	if (f->len == sizeof(f->line))
		return err_set(e, ERR_OPERATOR,
			       "%s in the audit log: the line at byte %lld has more than %d "
			       "bytes, so it is not a record",
			       f->name, (long long)f->start, AUDIT_LINE_MAX);
	f->line[f->len] = '\0';
	f->whole = c == '\n';
	return f->whole || f->len > 0;
}

int auditfeed_next(struct auditfeed *f, bool all, struct err *e)
{
	char name[AUDIT_NAME];
	int got, later;

	for (;;) {
		f->start = f->file ? ftello(f->file) : 0;
		got = f->file ? read_line(f, e) : 0;
		if (got < 0)
			return -1;
		if (got > 0 && f->whole)
			break;
		later = find_next(f, name, e);
		if (later < 0)
			return -1;
		if (got > 0 && (later || all))
			break;
		if (got > 0)
			fseeko(f->file, f->start, SEEK_SET);
		if (!later)
			return 0;
		if (open_file(f, name, e) < 0)
			return -1;
	}
	f->at++;
	return 1;
}

int auditfeed_seek(struct auditfeed *f, const char *name, off_t start, struct err *e)
{
	if (f->file)
		fclose(f->file);
	f->file = NULL;
	*f->name = '\0';
	if (!*name)
		return 1;
	if (!audit_is_name(name))
		return 0;
	if (open_file(f, name, e) < 0)
		return e->sys == ENOENT ? 0 : -1;
	if (fseeko(f->file, start, SEEK_SET) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot read %s of the audit log", name);
	return 1;
}
