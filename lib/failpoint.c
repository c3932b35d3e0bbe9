/* failpoint: at most one point is armed. DIAGNOSTICS: none; the process dies or stops on
 * purpose. */
#include "lib/failpoint.h"

#include "lib/log.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static const char *armed;

void failpoint_arm(const char *spec)
{
	armed = spec && *spec ? spec : NULL;
	if (armed)
		log_warn("event=failpoint-armed point=%s", armed);
}

void failpoint(const char *name)
{
	size_t len;
	const char *act;

	if (!armed)
		return;
	len = strlen(name);
	if (strncmp(armed, name, len) != 0 || (armed[len] != '\0' && armed[len] != ':'))
		return;
	act = armed[len] == ':' ? armed + len + 1 : "kill";
	log_warn("event=failpoint point=%s", armed);
	if (strcmp(act, "exit") == 0)
		_exit(1);
	raise(strcmp(act, "stop") == 0 ? SIGSTOP : SIGKILL);
}
