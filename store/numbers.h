/* numbers: the highest job number outside the queue: in the names of logs and verdicts, in fences,
 * in the store's records. Read when the queue has lost it, so that no number is used twice. */
#ifndef HORNERO_STORE_NUMBERS_H
#define HORNERO_STORE_NUMBERS_H

#include <stdint.h>

/* Returns 0 if there is none. Skips files that cannot be read. */
int64_t numbers_highest(const char *log_dir, const char *fence_dir, const char *store_dir);

#endif
