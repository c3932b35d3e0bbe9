/* refs: what a ref of a bare repository points to, for the sweep. Only refs are read, no object. */
#ifndef HORNERO_AGENT_UPKEEP_SWEEP_REFS_H
#define HORNERO_AGENT_UPKEEP_SWEEP_REFS_H

#include "lib/err.h"

/* Object id of `ref`, exactly that name, in oid. 1 found, 0 no such ref, -1 the repository cannot
 * be read (ERR_OPERATOR, sys ENOENT where there is none). An annotated tag is peeled to its commit.
 */
int refs_read(const char *repo_path, const char *ref, char oid[65], struct err *e);

/* Once, before and after. */
int refs_init(struct err *e);
void refs_fini(void);

#endif
