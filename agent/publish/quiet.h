/*
 * quiet: instance directories that were looked at, and in which nothing was made since.
 *
 * Under Nova's lock the dependents are looked for a second time. A thousand directories take 18 ms to
 * list and 2 ms to stat, and an overlay cannot come into a directory without changing its mtime: so
 * the first look remembers what it saw, the second one passes over what is as it was.
 *
 *     quiet_begin(&q, top_fd);            nothing is remembered on network filesystems, whose
 *                                         attributes may be old
 *     if (!quiet_knows(&q, &st)) { … look …; quiet_add(&q, &st); }
 *     quiet_seal(&q);                     from now on quiet_knows() answers
 */
#ifndef HORNERO_AGENT_PUBLISH_QUIET_H
#define HORNERO_AGENT_PUBLISH_QUIET_H

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

/* fd is on a filesystem of this kernel alone: what stat says is what is, and nobody else writes there. */
bool quiet_is_local(int fd);

void quiet_begin(struct quiet *q, int top);

/* st was taken before the directory was listed. One that changed within the last two seconds is not
 * remembered: the clock of a filesystem is coarse, and it may change once more at the same time. */
void quiet_add(struct quiet *q, const struct stat *st);
void quiet_seal(struct quiet *q);

/* False until it is sealed. */
bool quiet_knows(const struct quiet *q, const struct stat *st);
void quiet_fini(struct quiet *q);

#define own_quiet __attribute__((cleanup(quiet_fini)))

#endif
