/* refs: the commit that a ref of a bare repository points to, for the sweep. */
#ifndef HORNERO_AGENT_UPKEEP_SWEEP_REFS_H
#define HORNERO_AGENT_UPKEEP_SWEEP_REFS_H

#include "lib/err.h"

/* Writes the commit id of exactly `ref` into oid; peels annotated tags. Returns 1 if found, 0 if
 * there is no such ref, -1 on error (ERR_OPERATOR; sys ENOENT if there is no repository). */
int refs_read(const char *repo_path, const char *ref, char oid[65], struct err *e);

/* Call each once: before the first refs_read() and after the last. */
int refs_init(struct err *e);
void refs_fini(void);

#endif
