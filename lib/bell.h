/*
 * bell: the doorbell, a datagram socket DIR/doorbell (DIR is conf's run_dir).
 *
 * Any datagram wakes hornerod. bell_ring never blocks and does not report whether hornerod received
 * it: the work is already in the queue. bell_look announces refs of one repository that have no row
 * in the queue, so it must not get lost. It waits for room in the socket. If there is none, or
 * hornerod does not listen, it leaves the file DIR/look.
 */
#ifndef HORNERO_LIB_BELL_H
#define HORNERO_LIB_BELL_H

#include "lib/err.h"

#include <stdbool.h>

void bell_ring(const char *run_dir);

enum { BELL_REPO_MAX = 255 /* bytes of a repository's name */ };

/* Asks hornerod to compare the refs of repo with the warm artifacts at once. If repo is NULL or
 * longer than BELL_REPO_MAX, hornerod compares all repositories. Blocks for at most half a second.
 * Returns false if hornerod did not take it; its next start or next turn then looks at all. */
bool bell_look(const char *run_dir, const char *repo);

/* Whether hornerod runs. It holds DIR/agent.lock as long as it lives, also across a reload. Returns
 * 1 if it runs, 0 if not, -1 if the lock cannot be read. */
int bell_is_attended(const char *run_dir);

/* Returns the process that holds that lock, 0 if there is none or we cannot see it. Takes about 10
 * ms: the kernel lists its locks after a grace period. */
long bell_agent(const char *run_dir);

/* For hornerod: writes its PID into the lock. */
void bell_note_agent(int lock);

/* The same at once: the PID in the lock, if a hornerod has it. Only to inform: whoever may write to
 * DIR may have put it there. */
long bell_noted_agent(const char *run_dir);

/* Opens hornerod's end, non-blocking. Creates the socket under a temporary name with mode 0660 (the
 * directory's setgid bit gives it the queue's group), then renames it over an old one. Returns a
 * descriptor, or -1 with e filled. */
int bell_listen(const char *run_dir, struct err *e);

/* Reads all pending datagrams. Calls look() with the name of each repository that bell_look
 * announced, "" for all. The name comes from an untrusted sender: check it. */
void bell_drain(int fd, void (*look)(void *arg, const char *repo), void *arg);

/* Whether DIR/look was left since the last call. Removes it. */
bool bell_was_missed(const char *run_dir);

#endif
