/*
 * bell: the doorbell, a datagram socket DIR/doorbell (DIR is conf's run_dir).
 *
 * Any datagram wakes hornerod. bell_ring never blocks, and its caller does not learn whether it was heard: what it announces is
 * in the queue already. bell_look announces what is not: refs of one repository that no row tells of. So it waits for room in
 * the socket, and leaves the file DIR/look if there is none, or if hornerod does not listen.
 */
#ifndef HORNERO_LIB_BELL_H
#define HORNERO_LIB_BELL_H

#include "lib/err.h"

#include <stdbool.h>

void bell_ring(const char *run_dir);

enum { BELL_REPO_MAX = 255 /* bytes of a repository's name */ };

/* Have hornerod compare the refs of repo with what is warm, at once; NULL or a longer name: those of all repositories. Blocks for
 * half a second at most. False: hornerod does not listen; its next start, or its next turn, looks at all. */
bool bell_look(const char *run_dir, const char *repo);

/* Whether somebody is there to hear it: hornerod holds DIR/agent.lock as long as it lives, also across a reload. 1, 0; -1 where
 * we may not look. */
int bell_is_attended(const char *run_dir);

/* hornerod's end: made aside and renamed over an old one, mode 0660 (the directory's setgid bit
 * gives it the queue's group). Non-blocking. Descriptor or -1 with e filled. */
int bell_listen(const char *run_dir, struct err *e);

/* Take everything that lies there; look() gets the name of each repository that bell_look announced, "" for all. The name is what
 * somebody sent: check it. */
void bell_drain(int fd, void (*look)(void *arg, const char *repo), void *arg);

/* Whether DIR/look was left since the last call. */
bool bell_was_missed(const char *run_dir);

#endif
