/* logtimes: DIAGNOSTICS: errno. Times that cannot be written are missing. */
#include "state/logtimes.h"

#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *path_of(const char *log)
{
	return fs_path("%.*s.times", (int)(strlen(log) - strlen(".log")), log);
}

void logtimes_init(struct logtimes *t, const char *log)
{
	*t = (struct logtimes){.path = path_of(log), .fd = -1};
}

void logtimes_fini(struct logtimes *t)
{
	free(t->path);
	own_fd_end(&t->fd);
	*t = (struct logtimes)LOGTIMES_NONE;
}

static void add(const struct logtimes *t, int64_t offset, int64_t ms)
{
	char line[64];
	int n = snprintf(line, sizeof(line), "%lld %lld\n", (long long)offset, (long long)ms);

	(void)fs_write_all(t->fd, line, (size_t)n);
}

static void begin_file(struct logtimes *t)
{
	t->fd = open(t->path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
		     0640);
	if (t->fd < 0)
		return;
	(void)fchmod(t->fd, 0640);
	add(t, 0, t->first_ms);
}

void logtimes_note(struct logtimes *t, const char *data, size_t len)
{
	const char *end = memrchr(data, '\n', len);
	int64_t now = clock_mono_ms();

	if (!t->path)
		return;
	if (t->first_ms == 0) {
		t->first_ms = clock_wall_ms();
		t->noted_ms = now;
	} else if (now - t->noted_ms >= LOGTIMES_STEP_MS) {
		if (t->fd < 0)
			begin_file(t);
		if (t->fd >= 0)
			add(t, t->begin, clock_wall_ms());
		t->noted_ms = now;
	}
	if (end)
		t->begin = t->size + (end + 1 - data);
	t->size += (int64_t)len;
}

int logtimes_find(const char *log, const struct steady *clock, int64_t since_ms, int64_t *offset)
{
	own_free char *path = path_of(log);
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
