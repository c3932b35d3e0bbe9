/*
 * aside: a file that is on its way into Nova's cache, beside its final name.
 *
 *     struct aside a = ASIDE_INIT;
 *     if (aside_open(&a, cache_dir_fd, request, e) < 0) …
 *     … write a.fd, fsync it, take Nova's lock …
 *     aside_link(&a, release_name, e), aside_rename(&a, final_name, e)
 *     aside_close(&a);        removes it where it was not renamed
 *
 * Its name, .hornero-UUID.JOB.ATTEMPT.TOKEN, is outside every pattern of Nova's cache manager (40
 * characters; 40 and "_"; swap_, ephemeral_; SHA1.part, SHA1.converted). Its maker holds an flock on
 * it as long as it lives, so that what a killed publisher left is told from what a slow one writes. No two publishers share a
 * name: each publication has its own token, so one that hangs in the kernel keeps no later one from its file.
 */
#ifndef HORNERO_AGENT_PUBLISH_ASIDE_H
#define HORNERO_AGENT_PUBLISH_ASIDE_H

#include "agent/publish/peer.h"
#include "lib/err.h"

struct aside {
	int dir; /* borrowed */
	int fd;
	char name[192]; /* "" once it is renamed or removed */
};

#define ASIDE_INIT { .dir = -1, .fd = -1 }

/* A new empty file, mode 0644, locked; root gives it to the directory's owner. ERR_NOBODY where
 * another publisher of the same publication is at work. */
int aside_open(struct aside *a, int dir, const struct peer_request *req, struct err *e);

/* Instead of a new file, one more name for what `source` names in dir: its owner, mode and bytes stay. ERR_NOBODY
 * where it has gone. */
int aside_take(struct aside *a, int dir, const struct peer_request *req, const char *source, struct err *e);

/* Under `name` as well, where there is nothing yet; e->sys is EEXIST where there is. Not yet durable. */
int aside_link(const struct aside *a, const char *name, struct err *e);

/* Over final_name, in the same directory. Not yet durable. */
int aside_rename(struct aside *a, const char *final_name, struct err *e);

/* The same where nothing has that name; e->sys is EEXIST where something has it by now. */
int aside_rename_new(struct aside *a, const char *final_name, struct err *e);

/* As aside_rename, but the aside keeps its own name as well. */
int aside_link_over(const struct aside *a, const char *name, struct err *e);

void aside_close(struct aside *a);

/* Remove what publishers that are gone left in dir, of any image. Returns how many. */
int aside_sweep(int dir);

#define own_aside __attribute__((cleanup(aside_close)))

#endif
