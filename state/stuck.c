/* stuck: DIAGNOSTICS: ERR_OPERATOR if run_dir is not writable. An unreadable file counts as
 * missing. */
#include "state/stuck.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/process.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void stuck_add(char *text, const char *image, const char *fmt, ...)
{
	char line[STUCK_LINE];
	size_t used = strlen(text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (used + UUID_LEN + strlen(line) + 3 < STUCK_TEXT)
		snprintf(text + used, STUCK_TEXT - used, "%s %s\n", image ? image : "-", line);
}

/* Not synced: it describes only this moment. */
int stuck_write(const char *run_dir, const char *text, struct err *e)
{
	own_free char *path = fs_path("%s/stuck", run_dir);

	if (*text)
		return fs_replace_unsynced(AT_FDCWD, path, text, strlen(text), 0640, e);
	if (FAILSTEP("stuck-unlink", unlink(path)) < 0 && errno != ENOENT)
		return err_sys(e, ERR_OPERATOR, "cannot remove %s", path);
	return 0;
}

void stuck_each(const char *run_dir, const char *image, void (*fn)(void *arg, const char *sentence),
		void *arg)
{
	own_free char *path = fs_path("%s/stuck", run_dir);
	own_free char *text = NULL;
	struct err ignored = ERR_INIT;
	char *rest, *line;
	size_t len;

	if (fs_read(AT_FDCWD, path, STUCK_TEXT, &text, &len, &ignored) < 0)
		return;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		char *sentence = strchr(line, ' ');

		if (!sentence)
			continue;
		*sentence++ = '\0';
		if (!image || strcmp(line, "-") == 0 || strcmp(line, image) == 0)
			fn(arg, sentence);
	}
}

bool stuck_holder(const char *queue_dir, char buf[STUCK_LINE])
{
	pid_t pid = process_with_flock(queue_dir);
	struct process p;
	char program[64];

	if (pid <= 0 || !process_look(pid, &p) || !process_is_stopped(p.state))
		return false;
	if (!process_program(pid, program, sizeof(program)))
		snprintf(program, sizeof(program), "%s", p.name);
	snprintf(buf, STUCK_LINE,
		 "%s (process %d) holds the queue and %s, so nobody can write a job; hornerod "
		 "kills it if it may; otherwise, as root: kill -9 %d",
		 program, (int)pid, process_state_words(p.state), (int)pid);
	return true;
}
