/*
 * watch: waits by inotify until a watched directory or file changes. Each wait is bounded, because
 * inotify misses some changes (another mount's writes, a limit of watches). SQLite writes its log
 * before others may see what it wrote, and then tells nobody: so the waits after a change are short
 * and grow.
 *
 *     own_watch struct watch w = watch_open();
 *     watch_add(&w, c->queue_dir);
 *     for (;;) { look; watch_wait(&w, left_ms); }
 *
 * Call watch_add before the first look, so that a change in between ends the wait.
 */
#ifndef HORNERO_CLI_WATCH_H
#define HORNERO_CLI_WATCH_H

#include <stdint.h>
#include <unistd.h>

enum { WATCH_FIRST_NAP_MS = 5, WATCH_NAP_MS = 1000, WATCH_BLIND_NAP_MS = 50 };

struct watch {
	int fd;    /* -1: inotify is unavailable */
	int blind; /* a watch failed: use short naps */
	int nap_ms; /* the longest next wait; doubles until something changes */
	int extra;  /* also ends the wait when readable (signals), or -1; borrowed */
	/* A pipe or socket that we write to, or -1; borrowed. Losing its readers ends the wait. */
	int reader;
};

/* A watch of nothing: its waits are naps. */
#define WATCH_CLOSED {.fd = -1, .extra = -1, .reader = -1}

enum watch_end { WATCH_LOOK = 0, WATCH_EXTRA, WATCH_ALONE };

struct watch watch_open(void);

/* Watches a file, or a directory and the files in it. */
void watch_add(struct watch *w, const char *path);

/* Returns WATCH_EXTRA if `extra` is readable, WATCH_ALONE if `reader` has no reader any more,
 * WATCH_LOOK after a change, after left_ms, or at the end of the nap. */
enum watch_end watch_wait(struct watch *w, int64_t left_ms);

static inline void watch_close(const struct watch *w)
{
	if (w->fd >= 0)
		close(w->fd);
}
#define own_watch __attribute__((cleanup(watch_close)))

#endif
