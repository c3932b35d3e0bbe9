/* parent: talks to the publisher that started us. Its signal ends us; we write lines of progress.
 * DIAGNOSTICS: ERR_NOBODY after a signal. */
#include "agent/publish/flatten/flatten.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

int flatten_pause(const struct flatten *f, int fd, int timeout_ms, struct err *e)
{
	struct pollfd fds[2] = {{.fd = f->signals, .events = POLLIN}, {.fd = fd, .events = POLLIN}};

	if (poll(fds, 2, timeout_ms) > 0 && fds[0].revents)
		return err_set(e, ERR_NOBODY,
			       "it was told to end; the next attempt continues from there");
	return 0;
}

void flatten_progress(int64_t done, int64_t total)
{
	printf("progress %" PRId64 " %" PRId64 "\n", done, total);
	fflush(stdout);
}
