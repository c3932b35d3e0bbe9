/* current: DIAGNOSTICS: as placed. */
#include "agent/common/current.h"

#include "store/nova.h"
#include "store/placed.h"

#include <string.h>

int current_of(const struct conf *c, const struct image *img, struct current *out, struct err *e)
{
	enum warm_state state;
	struct warm newest;

	*out = (struct current){.newest = ""};
	memcpy(out->image, img->uuid, sizeof(out->image));
	if (!image_wants_release(img))
		return 0;
	if (placed_look_newest(c->store_dir, c->cache_dir, img->uuid, &newest, &state, e) < 0)
		return -1;
	if (state != WARM_NONE)
		memcpy(out->newest, newest.made.digest, sizeof(out->newest));
	return 0;
}

int current_has(const struct current *now, const struct image *img, const char *digest,
		struct err *e)
{
	char id[UUID_LEN + 1];

	if (nova_release(img->uuid, digest, id, e) < 0)
		return -1;
	return (img->pinned && strcmp(img->pinned, id) == 0) || strcmp(now->newest, digest) == 0;
}

int current_is(const struct conf *c, const struct image *img, const char *digest, struct err *e)
{
	struct current now;

	return current_of(c, img, &now, e) < 0 ? -1 : current_has(&now, img, digest, e);
}
