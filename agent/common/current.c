/* current: DIAGNOSTICS: as placed. */
#include "agent/common/current.h"

#include "store/nova.h"
#include "store/placed.h"

#include <string.h>

int current_is(const struct conf *c, const struct image *img, const char *digest, struct err *e)
{
	char id[UUID_LEN + 1];
	enum warm_state state;
	struct warm newest;

	if (nova_release(img->uuid, digest, id, e) < 0)
		return -1;
	if (img->pinned && strcmp(img->pinned, id) == 0)
		return 1;
	if (!image_wants_release(img))
		return 0;
	if (placed_look_newest(c->store_dir, c->cache_dir, img->uuid, &newest, &state, e) < 0)
		return -1;
	return state != WARM_NONE && strcmp(newest.made.digest, digest) == 0;
}
