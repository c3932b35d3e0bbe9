/* grow: DIAGNOSTICS: ERR_NOBODY if memory runs out. */
#include "lib/grow.h"

#include <string.h>

int grow_add(struct grow *g, const void *data, size_t len, struct err *e)
{
	if (g->room - g->len < len + 1) {
		size_t room = 2 * g->room + len + 64;
		char *bigger = realloc(g->data, room);

		if (!bigger)
			return err_set(e, ERR_NOBODY, "out of memory for %zu bytes", room);
		g->data = bigger;
		g->room = room;
	}
	if (len > 0)
		memcpy(g->data + g->len, data, len);
	g->len += len;
	return 0;
}
