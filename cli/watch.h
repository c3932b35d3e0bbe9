/*
 * watch: wait until one of some directories or files changes, by inotify, with a bounded nap for what
 * inotify cannot see (another mount's writes, a limit of watches).
 *
 *     own_watch struct watch w = watch_open();
 *     watch_add(&w, c->queue_dir);
 *     for (;;) { look; watch_wait(&w, left_ms); }
 *
 * Add before the first look: a change in between then wakes the wait.
 */
#ifndef HORNERO_CLI_WATCH_H
#define HORNERO_CLI_WATCH_H

#include <stdint.h>
#include <unistd.h>

enum { WATCH_NAP_MS = 1000, WATCH_BLIND_NAP_MS = 50 };

struct watch {
	int fd;    /* -1: no inotify to be had */
	int blind; /* something could not be watched: nap shortly */
	int extra;  /* a descriptor that ends the wait too (signals), or -1; borrowed */
	int reader; /* a pipe or socket that we write to: the wait ends when nobody reads it any more; -1; borrowed */
};

enum watch_end { WATCH_LOOK = 0, WATCH_EXTRA, WATCH_ALONE };

struct watch watch_open(void);

/* Changes of a file, or of a directory and of the files in it. */
void watch_add(struct watch *w, const char *path);

/* Until a change, or left_ms, or the nap is over: WATCH_LOOK. Else `extra` is readable, or nobody reads `reader`. */
enum watch_end watch_wait(struct watch *w, int64_t left_ms);

static inline void watch_close(const struct watch *w)
{
	if (w->fd >= 0)
		close(w->fd);
}
#define own_watch __attribute__((cleanup(watch_close)))

#endif
