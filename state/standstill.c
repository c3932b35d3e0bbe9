/* standstill: DIAGNOSTICS: ERR_OPERATOR if run_dir is not writable. */
#include "state/standstill.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define KIND "kind="
enum { KIND_MAX = 32 };

static char *drain_path(const char *run_dir)
{
	return fs_path("%s/drain", run_dir);
}

/* Not synced: the disk may be what is full. */
int standstill_say(const char *run_dir, const struct standstill *s, struct err *e)
{
	own_free char *path = fs_path("%s/standstill", run_dir);
	own_free char *text = fs_path(KIND "%s\n%s", waiting_name(s->kind), s->text);

	if (s->kind != WAITING_NOTHING)
		return fs_replace_unsynced(AT_FDCWD, path, text, strlen(text), 0640, e);
	if (FAILSTEP("standstill-unlink", unlink(path)) < 0 && errno != ENOENT)
		return err_sys(e, ERR_OPERATOR, "cannot remove %s", path);
	return 0;
}

bool standstill_read(const char *run_dir, struct standstill *out)
{
	own_free char *path = fs_path("%s/standstill", run_dir);
	own_free char *text = NULL;
	struct err ignored = ERR_INIT;
	const char *from;
	char *end;
	size_t len;

	*out = (struct standstill){.kind = WAITING_NOTHING};
	if (fs_read(AT_FDCWD, path, STANDSTILL_MAX + KIND_MAX, &text, &len, &ignored) < 0 ||
	    len == 0)
		return false;
	from = text;
	out->kind = WAITING_UNKNOWN;
	if (strncmp(text, KIND, strlen(KIND)) == 0 && (end = strchr(text, '\n'))) {
		*end = '\0';
		out->kind = waiting_parse(text + strlen(KIND));
		from = end + 1;
	}
	snprintf(out->text, sizeof(out->text), "%s", from);
	/* `hornero resume` has ended the drain, and hornerod has not looked yet. */
	if (out->kind == WAITING_DRAIN && !drain_is_on(run_dir))
		*out = (struct standstill){.kind = WAITING_NOTHING};
	return out->kind != WAITING_NOTHING;
}

int drain_begin(const char *run_dir, struct err *e)
{
	own_free char *path = drain_path(run_dir);
	own_fd int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);

	return fd < 0 ? err_sys(e, ERR_OPERATOR, "cannot make %s", path) : 0;
}

int drain_end(const char *run_dir, struct err *e)
{
	own_free char *path = drain_path(run_dir);

	return FAILSTEP("standstill-end", unlink(path)) < 0 && errno != ENOENT
		       ? err_sys(e, ERR_OPERATOR, "cannot remove %s", path)
		       : 0;
}

bool drain_is_on(const char *run_dir)
{
	own_free char *path = drain_path(run_dir);

	return access(path, F_OK) == 0;
}
