/*
 * dependents: the instances whose disks stand on a base of the cache.
 *
 *     own_quiet struct quiet seen = QUIET_INIT;
 *     if (dependents_scan(instances_path, cache_subdir, name, &seen, &d, e) < 0) …
 *     if (d.count) … d.text says who
 *     … take Nova's lock; the same call again looks only where something has changed
 *
 * Looks at the qcow2 header of every instances_path/INSTANCE/disk*, which is where Nova's libvirt
 * driver puts an instance's disks. What cannot be read counts as a dependent: deferring costs time,
 * replacing a base under a disk costs the disk. A disk that Nova's disk.info calls raw stands on nothing,
 * whatever its guest has written there.
 */
#ifndef HORNERO_AGENT_PUBLISH_DEPENDENTS_H
#define HORNERO_AGENT_PUBLISH_DEPENDENTS_H

#include "agent/publish/quiet.h"
#include "lib/err.h"

#include <stdbool.h>

struct dependents {
	unsigned int count;   /* instances, each once */
	unsigned int looked;  /* disks whose header was read */
	char text[512];       /* for people: "instance A stands on the present bytes" */
	char disk[600];       /* "INSTANCE/DISK", the first that stands on it for certain; "" for none */
	bool in_doubt;        /* some could not be read */
};

/* name: the base's file name below instances_path/cache_subdir; it need not be there. seen: filled by the
 * first scan, used by later ones for the same name. */
int dependents_scan(const char *instances_path, const char *cache_subdir, const char *name, struct quiet *seen,
		    struct dependents *out, struct err *e);

#endif
