/* cause: pure. DIAGNOSTICS: none. */
#include "state/cause.h"

#include <string.h>

static const struct cause_entry entries[] = {
	[CAUSE_NONE] = {"", ERR_NONE, false, ""},
	[CAUSE_EXIT] = {"exit", ERR_PUSHER, false,
		"The builder ended with an exit status other than 0."},
	[CAUSE_SIGNAL] = {"signal", ERR_NONE, false,
		"A signal other than SIGKILL ended the builder, or a program of hornero."},
	[CAUSE_KILLED] = {"killed", ERR_NONE, true,
		"SIGKILL ended the builder. If it does so in three attempts, the build does it."},
	[CAUSE_OOM] = {"oom", ERR_PUSHER, false, "The build reached its memory limit."},
	[CAUSE_PIDS] = {"pids", ERR_PUSHER, false, "The build reached its limit of processes."},
	[CAUSE_CROWDED] = {"crowded", ERR_NOBODY, false,
		"Other builds left too little memory, or too few processes."},
	[CAUSE_TIMEOUT] = {"timeout", ERR_NONE, false, "A stage took longer than build_timeout."},
	[CAUSE_STARVED] = {"starved", ERR_NOBODY, false, "The node was too busy to run a stage."},
	[CAUSE_SILENCE] = {"silence", ERR_PUSHER, false,
		"The builder printed nothing for silence_timeout."},
	[CAUSE_LOG] = {"log", ERR_PUSHER, false, "The builder printed more than log_limit."},
	[CAUSE_DISK] = {"disk", ERR_NONE, false, "A disk became full, by the build or by others."},
	[CAUSE_HANGS] = {"hangs", ERR_NOBODY, true,
		"A process hangs in the kernel and does not die of SIGKILL."},
	[CAUSE_SANDBOX] = {"sandbox", ERR_NONE, true, "A sandbox could not be made."},
	[CAUSE_CONFIGURATION] = {"configuration", ERR_NONE, false,
		"A file of the node's configuration cannot be used."},
	[CAUSE_CHECKOUT] = {"checkout", ERR_NONE, false,
		"The commit could not be checked out, or names no builder of this node,\n"
		"or it has settings that its builder does not allow."},
	[CAUSE_TOOL] = {"tool", ERR_OPERATOR, false,
		"A program that the builder needs is missing."},
	[CAUSE_FETCH] = {"fetch", ERR_NONE, false,
		"Files that the build needs from elsewhere could not be fetched,\n"
		"or this node does not allow it."},
	[CAUSE_ARTIFACT] = {"artifact", ERR_NONE, false,
		"The builder left no artifact, several, or none that can be read."},
	[CAUSE_CHECK] = {"check", ERR_NONE, false,
		"The check refused the artifact, or did not end well."},
	[CAUSE_BOOT] = {"boot", ERR_NONE, false,
		"The artifact did not boot as expected, or cannot be booted on this node."},
	[CAUSE_STORE] = {"store", ERR_NONE, false,
		"The artifact could not be stored, or is no longer in the store."},
	[CAUSE_PUBLISH] = {"publish", ERR_OPERATOR, false,
		"The publisher cannot work as the node is configured."},
	[CAUSE_PINNED] = {"pinned", ERR_OPERATOR, false,
		"The release to which the image is pinned cannot be published."},
	[CAUSE_MOVED] = {"moved", ERR_NOBODY, false, "The artifact to confirm is no longer warm."},
	[CAUSE_START] = {"start", ERR_NONE, false, "The attempt could not be started."},
	[CAUSE_CRASH] = {"crash", ERR_NONE, false,
		"hornerod, or the supervisor of the attempt, ended without a verdict."},
	[CAUSE_STOPPED] = {"stopped", ERR_NOBODY, false, "hornerod was stopped."},
	[CAUSE_CANCELLED] = {"cancelled", ERR_NOBODY, false, "A user cancelled the job."},
	[CAUSE_YIELDED] = {"yielded", ERR_NOBODY, false, "A confirmation made way for other work."},
	[CAUSE_INPUTS] = {"inputs", ERR_NOBODY, false,
		"A tool or an input of the builder changed while the build ran."},
	[CAUSE_REPEATED] = {"repeated", ERR_PUSHER, false,
		"The build of the same content failed before. It was not built again."},
	[CAUSE_UNKNOWN] = {"unknown", ERR_NONE, false, ""},
};
enum { N_ENTRIES = sizeof(entries) / sizeof(entries[0]) };
_Static_assert(N_ENTRIES == CAUSE_UNKNOWN + 1, "each cause has its entry");

const struct cause_entry *cause_entry(enum cause c)
{
	return &entries[(unsigned int)c < N_ENTRIES ? c : CAUSE_UNKNOWN];
}

enum cause cause_parse(const char *name)
{
	for (int c = CAUSE_NONE; name && c < CAUSE_UNKNOWN; c++)
		if (strcmp(entries[c].name, name) == 0)
			return (enum cause)c;
	return name ? CAUSE_UNKNOWN : CAUSE_NONE;
}
