/* fairtime: DIAGNOSTICS: none; if usage cannot be read, the time counts as the group's own wait. */
#include "lib/fairtime.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000000)

enum {
	THREADS_TEXT = 65536,
	THREADS_MOST = 512, /* threads to look at, the newest first; of very many some run */
	PERIOD_MS = 100,    /* of the quotas */
};

/* ---- reading the group ---- */

static bool read_at(int dir, const char *file, char *out, size_t size)
{
	own_fd int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t n;

	if (fd < 0)
		return false;
	while (used < size - 1 && (n = read(fd, out + used, size - 1 - used)) > 0)
		used += (size_t)n;
	out[used] = '\0';
	return true;
}

/* Returns the number behind `field`, or -1 if there is none. */
static int64_t field_at(int dir, const char *file, const char *field)
{
	char text[4096];
	const char *at;

	if (!read_at(dir, file, text, sizeof(text)))
		return -1;
	at = *field ? strstr(text, field) : text;
	return at ? strtoll(at + strlen(field), NULL, 10) : -1;
}

static int64_t run_of(const int *dirs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int64_t ns = field_at(dirs[i], "cpuacct.usage", "");
		int64_t us = ns < 0 ? field_at(dirs[i], "cpu.stat", "usage_usec ") : -1;

		if (ns >= 0 || us >= 0)
			return ns >= 0 ? ns : us * 1000;
	}
	return -1;
}

/* On cgroup v1 only one of the hierarchies has the file. */
static int64_t throttled_of(const int *dirs, size_t n)
{
	static const char *const above[] = {"../cpu.stat", "../../cpu.stat"};
	static const char field[] = "nr_throttled ";
	size_t i = 0;
	int64_t sum = -1;

	for (; i < n && sum < 0; i++)
		sum = field_at(dirs[i], "cpu.stat", field);
	for (size_t level = 0; sum >= 0 && level < sizeof(above) / sizeof(above[0]); level++) {
		int64_t periods = field_at(dirs[i - 1], above[level], field);

		sum += periods > 0 ? periods : 0;
	}
	return sum > 0 ? sum : 0;
}

/* The state follows the name, which may contain any byte. */
static bool wants(int proc, long thread)
{
	char path[32], text[512];
	const char *name_end;

	snprintf(path, sizeof(path), "%ld/stat", thread);
	if (thread <= 0 || !read_at(proc, path, text, sizeof(text)))
		return false;
	name_end = strrchr(text, ')');
	return name_end && strncmp(name_end, ") R", 3) == 0;
}

static bool one_wants(int dir)
{
	own_fd int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	own_free char *list = malloc(THREADS_TEXT);
	char *line;

	if (!list || proc < 0 ||
	    (!read_at(dir, "cgroup.threads", list, THREADS_TEXT) &&
	     !read_at(dir, "tasks", list, THREADS_TEXT)))
		return false;
	for (int looked = 0; looked < THREADS_MOST && (line = strrchr(list, '\n')); looked++) {
		*line = '\0';
		line = strrchr(list, '\n');
		if (wants(proc, strtol(line ? line + 1 : list, NULL, 10)))
			return true;
	}
	return false;
}

void fairtime_read(const int *dirs, size_t n, struct fairtime_use *out)
{
	*out = (struct fairtime_use){.run_ns = run_of(dirs, n)};
	if (out->run_ns < 0)
		return;
	out->throttled = throttled_of(dirs, n);
	out->wants = one_wants(dirs[0]);
}

/* ---- the clock ---- */

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t window_counts(const struct fairtime *t)
{
	return t->window_ns - t->want_ns + least(t->run_ns, t->want_ns);
}

void fairtime_begin(struct fairtime *t, int64_t now_ns, const struct fairtime_use *now)
{
	*t = (struct fairtime){.last = *now, .last_ns = now_ns};
}

void fairtime_skip(struct fairtime *t, int64_t now_ns, const struct fairtime_use *now)
{
	t->last = *now;
	t->last_ns = now_ns;
}

static bool is_full(const struct fairtime *t)
{
	return t->window_ns >= FAIRTIME_WINDOW_MS * MS;
}

static void close_window(struct fairtime *t)
{
	t->before_ns += window_counts(t);
	t->window_ns = t->want_ns = t->run_ns = t->throttled = 0;
}

int64_t fairtime_look(struct fairtime *t, int64_t now_ns, const struct fairtime_use *now)
{
	int64_t gone_ns = now_ns - t->last_ns;
	bool is_known = now->run_ns >= 0 && t->last.run_ns >= 0;
	bool is_wanted = is_known && now->wants;

	if (is_full(t))
		close_window(t);
	if (!is_wanted)
		gone_ns = least(gone_ns, FAIRTIME_GAP_MS * MS);
	t->window_ns += gone_ns;
	t->want_ns += is_wanted ? gone_ns : 0;
	if (is_known && now->run_ns > t->last.run_ns)
		t->run_ns += now->run_ns - t->last.run_ns;
	t->throttled += now->throttled - t->last.throttled;
	fairtime_skip(t, now_ns, now);
	return (t->before_ns + window_counts(t)) / MS;
}

bool fairtime_is_starved(const struct fairtime *t, double *percent)
{
	if (t->window_ns == 0 || t->want_ns < t->window_ns / 2 || t->run_ns >= t->want_ns / 2 ||
	    t->throttled * PERIOD_MS * MS > t->window_ns / 10)
		return false;
	*percent = 100.0 * (double)t->run_ns / (double)t->window_ns;
	return true;
}
