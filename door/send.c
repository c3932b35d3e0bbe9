/* send: DIAGNOSTICS: a process that libssh keeps for itself says so in the log and ends. */
#include "door/send.h"

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

enum { SEND_MAX_S = 1 };

static void on_stuck(int number)
{
	static const char line[] = "hornero-door: warning event=stuck what=\"a client with which libssh sends for ever\"\n";

	(void)number;
	(void)!write(STDERR_FILENO, line, sizeof(line) - 1);
	_exit(1);
}

/* Processor time, not time: a loaded machine is no reason. Nothing counts between two sends. */
static void limit_send(int seconds)
{
	const struct itimerval t = {.it_value.tv_sec = seconds};

	setitimer(ITIMER_VIRTUAL, &t, NULL);
}

int send_some(ssh_channel channel, const char *data, size_t len, bool is_err)
{
	int sent;

	signal(SIGVTALRM, on_stuck);
	limit_send(SEND_MAX_S);
	sent = is_err ? ssh_channel_write_stderr(channel, data, (uint32_t)len)
		      : ssh_channel_write(channel, data, (uint32_t)len);
	limit_send(0);
	return sent > 0 ? sent : 0;
}
