/*
 * staging: a temporary file in Nova's cache, beside its final name.
 *
 *     struct staging s = STAGING_INIT;
 *     if (staging_open(&s, cache_dir_fd, request, e) < 0) …
 *     … write s.fd, fsync it, take Nova's lock …
 *     staging_link(&s, release_name, e), staging_rename(&s, final_name, e)
 *     staging_close(&s);        removes it unless it was renamed
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

struct staging {
	int dir; /* borrowed */
	int fd;
	char name[192]; /* "" once it is renamed or removed */
};

#define STAGING_INIT { .dir = -1, .fd = -1 }

/* Creates and locks an empty file, mode 0644. As root, gives it to the owner of the directory.
 * ERR_NOBODY if another publisher works on the same publication. */
int staging_open(struct staging *s, int dir, const struct peer_request *req, struct err *e);

/* Instead of a new file, makes a hard link to `source` in dir, which keeps its owner, mode and
 * bytes. ERR_NOBODY if `source` is gone. */
int staging_take(struct staging *s, int dir, const struct peer_request *req, const char *source,
		 struct err *e);

/* Links the staging file to `name` as well. Fails with e->sys EEXIST if the name is taken. Not
 * durable until the directory is synced. */
int staging_link(const struct staging *s, const char *name, struct err *e);

/* Renames the staging file over final_name. Not durable until the directory is synced. */
int staging_rename(struct staging *s, const char *final_name, struct err *e);

/* Like staging_rename, but replaces nothing: fails with e->sys EEXIST if the name is taken. */
int staging_rename_new(struct staging *s, const char *final_name, struct err *e);

/* Like staging_rename, but the staging file keeps its own name as well. */
int staging_link_over(const struct staging *s, const char *name, struct err *e);

void staging_close(struct staging *s);

/* Removes the staging files of dead publishers from dir, of all images. Returns how many. It passes
 * over a file that a dying publisher still holds: a later call removes it. */
int staging_sweep(int dir);

#define own_staging __attribute__((cleanup(staging_close)))

#endif
