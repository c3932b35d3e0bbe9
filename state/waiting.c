/* waiting: pure. DIAGNOSTICS: none. */
#include "state/waiting.h"

#include <string.h>

static const struct waiting_entry entries[] = {
	[WAITING_NOTHING] = {"", true, false, ""},
	[WAITING_LOCK] = {"lock", true, false,
		"Nova fetches an image of the same name and holds its lock."},
	[WAITING_FLATTENING] = {"flattening", true, false,
		"Disks of instances are made independent of the old bytes."},
	[WAITING_RETRY] = {"retry", true, false, "The publication failed and is tried again."},
	[WAITING_DISK] = {"disk", true, false, "A disk is too full."},
	[WAITING_PRESSURE] = {"pressure", true, true,
		"The node is short of memory, disk or processor time."},
	[WAITING_INSTANCE] = {"instance", false, false, "An instance stands on the old bytes."},
	[WAITING_FOREIGN] = {"foreign", false, false,
		"A file that hornero did not put there has the image\\(aqs name in the cache."},
	[WAITING_PUBLISHER] = {"publisher", false, false,
		"The publisher ended without an answer, again and again."},
	[WAITING_DRAIN] = {"drain", false, false, "An operator drains the node."},
	[WAITING_PAUSE] = {"pause", false, true, "A user paused the image, or all of the node."},
	[WAITING_UNKNOWN] = {"unknown", false, false, ""},
};
enum { N_ENTRIES = sizeof(entries) / sizeof(entries[0]) };
_Static_assert(N_ENTRIES == WAITING_UNKNOWN + 1, "each one has its entry");

const struct waiting_entry *waiting_entry(enum waiting w)
{
	return &entries[(unsigned int)w < N_ENTRIES ? w : WAITING_UNKNOWN];
}

enum waiting waiting_parse(const char *name)
{
	for (int w = WAITING_NOTHING; name && w < WAITING_UNKNOWN; w++)
		if (strcmp(entries[w].name, name) == 0)
			return (enum waiting)w;
	return name ? WAITING_UNKNOWN : WAITING_NOTHING;
}
