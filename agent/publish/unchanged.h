/*
 * unchanged: remembers instance directories without dependents, to skip those that have not
 * changed.
 *
 * We look for dependents a second time under Nova's lock. To list a thousand directories takes 18
 * ms, to stat them 2 ms, and a new overlay always changes the mtime of its directory. So the second
 * look skips each directory with the times that the first look saw.
 *
 *     unchanged_begin(&u, top_fd);            remembers nothing on network filesystems, whose
 *                                         attributes may be stale
 *     if (!unchanged_knows(&u, &st)) { … look …; unchanged_add(&u, &st); }
 *     unchanged_seal(&u);                     from now on unchanged_knows() answers
 */
#ifndef HORNERO_AGENT_PUBLISH_UNCHANGED_H
#define HORNERO_AGENT_PUBLISH_UNCHANGED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct unchanged {
	struct unchanged_dir *list;
	size_t n, room;
	int64_t begun_s;
	bool is_usable, is_sealed;
};

#define UNCHANGED_INIT { .n = 0 }

/* Is fd on a filesystem that only this kernel writes? There, stat() is never stale. */
bool unchanged_is_local(int fd);

void unchanged_begin(struct unchanged *u, int top);

/* Remembers a directory; take st before listing it. Skips directories that changed within the last
 * two seconds: filesystem clocks are coarse, and a second change may get the same time. */
void unchanged_add(struct unchanged *u, const struct stat *st);
void unchanged_seal(struct unchanged *u);

/* Is the directory unchanged since unchanged_add()? False before unchanged_seal(). */
bool unchanged_knows(const struct unchanged *u, const struct stat *st);
void unchanged_fini(struct unchanged *u);

#define own_unchanged __attribute__((cleanup(unchanged_fini)))

#endif
