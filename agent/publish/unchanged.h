/*
 * quiet: remembers instance directories without dependents, to skip those that have not changed.
 *
 * We look for dependents a second time under Nova's lock. To list a thousand directories takes 18
 * ms, to stat them 2 ms, and a new overlay always changes the mtime of its directory. So the second
 * look skips each directory with the times that the first look saw.
 *
 *     quiet_begin(&q, top_fd);            remembers nothing on network filesystems, whose
 *                                         attributes may be stale
 *     if (!quiet_knows(&q, &st)) { … look …; quiet_add(&q, &st); }
 *     quiet_seal(&q);                     from now on quiet_knows() answers
 */
#ifndef HORNERO_AGENT_PUBLISH_UNCHANGED_H
#define HORNERO_AGENT_PUBLISH_UNCHANGED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct quiet {
	struct quiet_dir *list;
	size_t n, room;
	int64_t begun_s;
	bool is_usable, is_sealed;
};

#define QUIET_INIT { .n = 0 }

/* Is fd on a filesystem that only this kernel writes? There, stat() is never stale. */
bool quiet_is_local(int fd);

void quiet_begin(struct quiet *q, int top);

/* Remembers a directory; take st before listing it. Skips directories that changed within the last
 * two seconds: filesystem clocks are coarse, and a second change may get the same time. */
void quiet_add(struct quiet *q, const struct stat *st);
void quiet_seal(struct quiet *q);

/* Is the directory unchanged since quiet_add()? False before quiet_seal(). */
bool quiet_knows(const struct quiet *q, const struct stat *st);
void quiet_fini(struct quiet *q);

#define own_quiet __attribute__((cleanup(quiet_fini)))

#endif
