/*
 * aside: a temporary file in Nova's cache, beside its final name.
 *
 *     struct aside a = ASIDE_INIT;
 *     if (aside_open(&a, cache_dir_fd, request, e) < 0) …
 *     … write a.fd, fsync it, take Nova's lock …
 *     aside_link(&a, release_name, e), aside_rename(&a, final_name, e)
 *     aside_close(&a);        removes it unless it was renamed
 *
 * Its name, .hornero-UUID.JOB.ATTEMPT.TOKEN, matches no pattern of Nova's cache manager (40
 * characters; 40 and "_"; swap_, ephemeral_; SHA1.part, SHA1.converted). The publisher holds an
 * flock on it while it lives; that separates the leftover of a killed publisher from the file of a
 * slow one. Each publication has its own token, so a publisher that hangs in the kernel blocks no
 * later one.
 */
#ifndef HORNERO_AGENT_PUBLISH_STAGING_H
#define HORNERO_AGENT_PUBLISH_STAGING_H

#include "agent/publish/peer.h"
#include "lib/err.h"

struct aside {
	int dir; /* borrowed */
	int fd;
	char name[192]; /* "" once it is renamed or removed */
};

#define ASIDE_INIT { .dir = -1, .fd = -1 }

/* Creates and locks an empty file, mode 0644. As root, gives it to the owner of the directory.
 * ERR_NOBODY if another publisher works on the same publication. */
int aside_open(struct aside *a, int dir, const struct peer_request *req, struct err *e);

/* Instead of a new file, makes a hard link to `source` in dir, which keeps its owner, mode and
 * bytes. ERR_NOBODY if `source` is gone. */
int aside_take(struct aside *a, int dir, const struct peer_request *req, const char *source,
	       struct err *e);

/* Links the aside to `name` as well. Fails with e->sys EEXIST if the name is taken. Not durable
 * until the directory is synced. */
int aside_link(const struct aside *a, const char *name, struct err *e);

/* Renames the aside over final_name. Not durable until the directory is synced. */
int aside_rename(struct aside *a, const char *final_name, struct err *e);

/* Like aside_rename, but replaces nothing: fails with e->sys EEXIST if the name is taken. */
int aside_rename_new(struct aside *a, const char *final_name, struct err *e);

/* Like aside_rename, but the aside keeps its own name as well. */
int aside_link_over(const struct aside *a, const char *name, struct err *e);

void aside_close(struct aside *a);

/* Removes the asides of dead publishers from dir, of all images. Returns how many. */
int aside_sweep(int dir);

#define own_aside __attribute__((cleanup(aside_close)))

#endif
