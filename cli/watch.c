/* watch: DIAGNOSTICS: none; without inotify the caller wakes more often. */
#include "cli/watch.h"

#include <poll.h>
#include <sys/inotify.h>

struct watch watch_open(void)
{
	return (struct watch){.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK),
			      .nap_ms = WATCH_FIRST_NAP_MS,
			      .extra = -1,
			      .reader = -1};
}

void watch_add(struct watch *w, const char *path)
{
	uint32_t mask = IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_CLOSE_WRITE;

	if (w->fd < 0 || inotify_add_watch(w->fd, path, mask) < 0)
		w->blind = 1;
}

enum watch_end watch_wait(struct watch *w, int64_t left_ms)
{
	struct pollfd fds[] = {{.fd = w->fd, .events = POLLIN},
			       {.fd = w->extra, .events = POLLIN},
			       {.fd = w->reader}};
	int nap_ms = w->fd < 0 || w->blind ? WATCH_BLIND_NAP_MS : w->nap_ms;
	char events[4096];

	w->nap_ms = w->nap_ms < WATCH_NAP_MS / 2 ? 2 * w->nap_ms : WATCH_NAP_MS;
	if (left_ms < nap_ms)
		nap_ms = left_ms < 0 ? 0 : (int)left_ms;
	/* If poll fails or is interrupted, the caller only looks again earlier. */
	if (poll(fds, 3, nap_ms) > 0 && fds[0].revents) {
		while (read(w->fd, events, sizeof(events)) > 0)
			;
		w->nap_ms = WATCH_FIRST_NAP_MS;
	}
	return fds[1].revents ? WATCH_EXTRA : fds[2].revents ? WATCH_ALONE : WATCH_LOOK;
}
