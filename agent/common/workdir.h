/*
 * workdir: the directory repo_base/UUID of an image. All of it can be rebuilt from the repository;
 * see worktree.h.
 *
 *     WORK/src, cache, tree   worktree.h
 *     WORK/source             source of the last build (key_source). hornero-build writes it; no
 *                             builder's sandbox sees it. If it differs or is missing, a build
 *                             starts clean: leftovers of another source or compiler are not reused
 *     WORK/core               what a kernel's disk keeps for the next one (kernel2disk/core.h). A
 *                             checkout that starts clean removes it
 *     WORK/fetched/KEY        what the builder's fetch left for these lock files (key_fetched).
 *                             Builds see it read-only, and a clean build keeps it
 *     WORK/fetched/tmp        a fetch fills it, then it gets its name
 */
#ifndef HORNERO_AGENT_COMMON_WORKDIR_H
#define HORNERO_AGENT_COMMON_WORKDIR_H

#include "lib/du.h"
#include "lib/err.h"

#include <stdbool.h>

/* A confirmation uses repo_base/UUID.confirm, next to the image's own directory, which stays for
 * the next push. */
#define WORKDIR_CONFIRM ".confirm"

#define WORKDIR_CORE "core"

/* A process removes a KEY only under an exclusive lock of fetched. A confirmation reads that of
 * repo_base/UUID under a shared lock. */
#define WORKDIR_FETCHED "fetched"
#define WORKDIR_FETCHED_TMP "tmp"

/* As du_add, for checkout, cache and fetched files together. */
bool workdir_size(struct du *sum, int work);

/* Returns whether the leftovers belong to this source. */
bool workdir_is_of(int work, const char *source);
/* Records that the leftovers belong to this source, or to none if NULL. */
int workdir_note_source(int work, const char *source, struct err *e);

/* Removes checkout, cache and fetched files. The caller holds the lock of `work`, so that no
 * build uses it. */
int workdir_clear(int work, struct err *e);

/* Removes the temporary files that a killed checkout or fetch leaves in repo_base/NAME: the next
 * one would replace them, but there may be none. The caller knows that neither runs. Returns 0,
 * also if there is none, or -1 on error. */
int workdir_clear_tmp(int repo_base, const char *name, struct err *e);
/* The same for each image in the directory. Continues after an error. */
int workdir_clear_all_tmp(const char *dir, struct err *e);

/* Renames DIR/UUID to DIR/left.UUID.N, for hornero-collect: a process that cannot be killed may
 * still write to it. The next build creates a new one. Returns 0, also if there is none, or -1 on
 * error. */
int workdir_set_aside(const char *dir, const char *uuid, struct err *e);

/* Returns whether name is such a DIR/left name. */
bool workdir_is_aside(const char *name);

#endif
