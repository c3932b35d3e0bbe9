/* grow: a buffer that grows as bytes are added. */
#ifndef HORNERO_LIB_GROW_H
#define HORNERO_LIB_GROW_H

#include "lib/err.h"

#include <stddef.h>
#include <stdlib.h>

struct grow {
	char *data; /* NULL until something is added */
	size_t len, room;
};

/* Returns 0, or -1 with ERR_NOBODY if memory runs out. */
int grow_add(struct grow *g, const void *data, size_t len, struct err *e);

static inline void grow_end(struct grow *g)
{
	free(g->data);
}
#define own_grow __attribute__((cleanup(grow_end)))

#endif
