/* numbers: the highest job number that anything outside of the queue bears: logs and verdicts by their names, fences,
 * the store's records. Asked where the queue does not know it any more, so that no number comes twice. */
#ifndef HORNERO_STORE_NUMBERS_H
#define HORNERO_STORE_NUMBERS_H

#include <stdint.h>

/* 0: nothing bears one. What cannot be read is passed over. */
int64_t numbers_highest(const char *log_dir, const char *fence_dir, const char *store_dir);

#endif
