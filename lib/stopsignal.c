/* stopsignal: DIAGNOSTICS: ERR_NOBODY if descriptors run out. */
#include "lib/stopsignal.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

const int stopsignal_usual[] = {SIGTERM, SIGINT, 0};

int stopsignal_open(const int *signals, struct err *e)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (const int *s = signals; *s; s++)
		sigaddset(&set, *s);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_sys(e, ERR_NOBODY, "cannot watch for signals") : fd;
}

bool stopsignal_read(int fd)
{
	struct signalfd_siginfo info;

	return read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info);
}
