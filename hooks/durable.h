/*
 * durable: makes a push's directories durable, which git leaves out.
 *
 *     durable_sync(repo, refs, n, e)     post-receive, before the job's row
 *
 * With core.fsync=committed,reference git fsyncs every object and every ref file, and then renames
 * or links them into directories that nobody fsyncs (git's core.fsync has no value for them). A row
 * could then outlive the commit that it names.
 *
 * durable_sync looks at these directories:
 *
 * - those of objects/: the fan-out, pack/, and objects/ itself if one of them is new;
 * - those on the path to each pushed ref;
 * - the repository's own, which holds packed-refs.
 *
 * It syncs those that changed since everything was last on disk. That moment is the modification
 * time of DURABLE_SYNCED, an empty file in the repository. After the last fsync the hook sets it to
 * the time just before the first one. So if a hook was killed, or a push was refused after git had
 * moved its objects in, the next push makes up for it. The file needs no fsync: an older time costs
 * a few more fsyncs. If the file is missing or the clock was set back, everything is synced.
 */
#ifndef HORNERO_HOOKS_DURABLE_H
#define HORNERO_HOOKS_DURABLE_H

#include "lib/err.h"

#include <stddef.h>

#define DURABLE_SYNCED "hornero.synced"

/* Syncs the directory chain of each ref and the object directories. repo is the open bare
 * repository; refs are names that refline accepted. Never uses syncfs: the filesystem also holds
 * gigabytes of others. */
int durable_sync(int repo, const char *const *refs, size_t n, struct err *e);

#endif
