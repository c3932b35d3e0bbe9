/* done: DIAGNOSTICS: a time that cannot be written is logged; one that cannot be read is none. */
#include "state/done.h"

#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>

const char *done_name(enum done d)
{
	static const char *const names[] = {[DONE_SWEEP] = "sweep", [DONE_KEEP] = "keep",
					    [DONE_COLLECT] = "collect", [DONE_SCRUB] = "scrub"};

	return names[d];
}

/* Not synced: a run that is forgotten is soon followed by another. */
void done_note(const char *run_dir, enum done d, int64_t at_ms)
{
	own_free char *path = fs_path("%s/done.%s", run_dir, done_name(d));
	own_free char *text = fs_path("%lld\n", (long long)at_ms);
	struct err e = ERR_INIT;

	if (fs_replace_unsynced(AT_FDCWD, path, text, strlen(text), 0640, &e) < 0)
		log_warn("event=not-noted %s", e.msg);
}

int64_t done_when(const char *run_dir, enum done d)
{
	own_free char *path = fs_path("%s/done.%s", run_dir, done_name(d));
	own_free char *text = NULL;
	struct err ignored = ERR_INIT;
	size_t len;

	if (fs_read(AT_FDCWD, path, 64, &text, &len, &ignored) < 0)
		return 0;
	return strtoll(text, NULL, 10);
}
