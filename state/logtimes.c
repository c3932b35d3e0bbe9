/* logtimes: DIAGNOSTICS: errno. Times that cannot be written are missing. */
#include "state/logtimes.h"

#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

void logtimes_note(struct logtimes *t, const char *data, size_t len)
{
	const char *end = memrchr(data, '\n', len);
	int64_t now = clock_mono_ms();
	char line[64];

	if (t->fd >= 0 && (t->noted_ms == 0 || now - t->noted_ms >= LOGTIMES_STEP_MS)) {
		int n = snprintf(line, sizeof(line), "%lld %lld\n", (long long)t->begin,
				 (long long)clock_wall_ms());

		(void)fs_write_all(t->fd, line, (size_t)n);
		t->noted_ms = now;
	}
	if (end)
		t->begin = t->size + (end + 1 - data);
	t->size += (int64_t)len;
}

int logtimes_find(const char *log, const struct steady *clock, int64_t since_ms, int64_t *offset)
{
	own_free char *path = fs_path("%.*s.times", (int)(strlen(log) - strlen(".log")), log);
	own_file FILE *f = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char line[64];

	if (fd < 0)
		return -1;
	f = fdopen(fd, "r");
	if (!f) {
		close(fd);
		return -1;
	}
	while (fgets(line, sizeof(line), f)) {
		long long at, ms;
		char end;
		bool whole = sscanf(line, "%lld %lld%c", &at, &ms, &end) == 3 && end == '\n';

		if (!whole || at < 0 ||
		    steady_present_of_wall_ms(clock, ms) + LOGTIMES_STEP_MS <= since_ms)
			continue;
		*offset = at;
		return 1;
	}
	return 0;
}
