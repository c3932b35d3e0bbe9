/* reloading: DIAGNOSTICS: as reloading.h says; an answer that cannot be written is one line of the
 * log. */
#include "agent/hornerod/reloading.h"

#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

/* The check of the new program may take 10 s (handover.c); systemd waits for 90 s. */
enum { ANSWER_MS = 60000, LOOK_MS = 20, ANSWER_MAX = 4096 };

static char *path_of(const struct conf *c)
{
	return fs_path("%s/reloaded", c->run_dir);
}

/* Two answers never have the same text: the monotonic time is in it. */
void reloading_answer(const struct conf *c, const char *refusal)
{
	own_free char *path = path_of(c);
	own_free char *text = fs_path("%lld %s\n", (long long)clock_mono_ms(),
				      refusal ? refusal : "done");
	struct err e = ERR_INIT;

	if (fs_replace_unsynced(AT_FDCWD, path, text, strlen(text), 0644, &e) < 0)
		log_warn("event=reload-unanswered %s", e.msg);
}

/* Returns the last answer, or "". The caller frees it. */
static char *read_answer(const char *path)
{
	struct err ignored = ERR_INIT;
	char *text;
	size_t len;

	if (fs_read(AT_FDCWD, path, ANSWER_MAX, &text, &len, &ignored) < 0)
		return fs_path("%s", "");
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static int judge(const char *answer, struct err *e)
{
	const char *words = strchr(answer, ' ');

	if (words && strcmp(words, " done") == 0)
		return 0;
	return err_set(e, ERR_OPERATOR, "the reload is refused, and nothing changes: %s",
		       words ? words + 1 : answer);
}

int reloading_ask(const struct conf *c, pid_t pid, struct err *e)
{
	own_free char *path = path_of(c), *before = read_answer(path);
	int64_t end_ms = clock_mono_ms() + ANSWER_MS;

	if (kill(pid, SIGHUP) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot ask process %ld for a reload", (long)pid);
	while (clock_mono_ms() < end_ms) {
		own_free char *now = read_answer(path);

		if (strcmp(now, before) != 0)
			return judge(now, e);
		if (kill(pid, 0) < 0)
			return err_sys(e, ERR_OPERATOR,
				       "hornerod (process %ld) ended during the reload; its log "
				       "says why",
				       (long)pid);
		poll(NULL, 0, LOOK_MS);
	}
	return err_set(e, ERR_NOBODY,
		       "hornerod (process %ld) has not ended its reload within %d s; its log may "
		       "say why",
		       (long)pid, ANSWER_MS / 1000);
}
