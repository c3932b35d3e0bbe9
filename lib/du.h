/* du: what files below a name take on their disk. */
#ifndef HORNERO_LIB_DU_H
#define HORNERO_LIB_DU_H

#include <stdbool.h>
#include <stdint.h>

struct du {
	int64_t bytes, files; /* blocks, a file of several names in parts; inodes */
};

/* Add the file or tree `name` of dir; one that is not there is nothing. No link is followed. false: some of it cannot be
 * looked at, or lies too deep, and is not in. */
bool du_add(struct du *sum, int dir, const char *name);

#endif
