/* du: disk usage of a file or tree. */
#ifndef HORNERO_LIB_DU_H
#define HORNERO_LIB_DU_H

#include <stdbool.h>
#include <stdint.h>

struct du {
	/* Allocated blocks (a file with several names counts in parts), and inodes. */
	int64_t bytes, files;
};

/* Adds the file or tree `name` of dir to sum, without following links. A missing name counts as
 * nothing. Returns false if a part is unreadable or nested too deep; that part is not counted. */
bool du_add(struct du *sum, int dir, const char *name);

#endif
