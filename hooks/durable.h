/*
 * durable: the half of a push's durability that git leaves out: the directories.
 *
 *     durable_sync(repo, refs, n, e)     post-receive, before the job's row
 *
 * With core.fsync=committed,reference git fsyncs every object and every ref file, and
 * then renames or links them into directories that nobody fsyncs (git's
 * core.fsync knows of none). A row could then outlive the commit that it names.
 *
 * Which directories? Those of objects/ (the fan-out, pack/, objects/ itself where one of them is new),
 * those on the way to each pushed ref, and the repository's own where packed-refs is: of all these the
 * ones that changed since everything was on disk last. That moment is the modification time of the empty
 * file DURABLE_SYNCED in the repository, set behind the last fsync to just before the first one. So a hook
 * that was killed, or a push that was refused after git had moved its objects in, is made up for by the
 * next push. The file needs no fsync: an older time costs a few fsyncs more. Without it, or when the
 * clock was set back, everything is synced.
 */
#ifndef HORNERO_HOOKS_DURABLE_H
#define HORNERO_HOOKS_DURABLE_H

#include "lib/err.h"

#include <stddef.h>

#define DURABLE_SYNCED "hornero.synced"

/* repo is the open bare repository; refs are names that refline let pass. On return each
 * ref's directory chain and the object directories are on disk. Never syncfs: other
 * people's gigabytes are on this filesystem too. */
int durable_sync(int repo, const char *const *refs, size_t n, struct err *e);

#endif
