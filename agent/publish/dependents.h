/*
 * dependents: finds the instances whose disks have a given base in the cache.
 *
 *     own_unchanged struct unchanged seen = UNCHANGED_INIT;
 *     if (dependents_scan(instances_path, cache_subdir, name, &seen, &d, e) < 0) …
 *     if (d.count) … d.text names them …
 *     … take Nova's lock; the same call again reads only what has changed …
 *
 * Reads the qcow2 header of every instances_path/INSTANCE/disk*, where Nova's libvirt driver puts
 * the disks. An unreadable disk counts as a dependent: to defer costs time, to replace the base of
 * a disk costs the disk. A disk that Nova's disk.info calls raw has no base, regardless of what the
 * guest wrote into it.
 */
#ifndef HORNERO_AGENT_PUBLISH_DEPENDENTS_H
#define HORNERO_AGENT_PUBLISH_DEPENDENTS_H

#include "agent/publish/unchanged.h"
#include "lib/err.h"

#include <stdbool.h>

struct dependents {
	unsigned int count;   /* instances, each once */
	unsigned int looked;  /* disks whose header was read */
	char text[512];       /* for messages: "instance A stands on the present bytes" */
	char disk[600];       /* "INSTANCE/DISK", the first that certainly has this base, or "" */
	bool in_doubt;        /* some disks could not be read */
};

/* `name` is the file name of the base in instances_path/cache_subdir; the file may be missing. The
 * first scan fills `seen`; later scans for the same name use it. */
int dependents_scan(const char *instances_path, const char *cache_subdir, const char *name,
		    struct unchanged *seen, struct dependents *out, struct err *e);

#endif
