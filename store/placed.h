/*
 * placed: which releases are in Nova's cache by our hand: STORE/release/IMAGE/RELEASE.json, one record each,
 * written after the link by hornerod and removed by hornero-keep when the file of an older one has gone.
 *
 * The record is that of warm.h, under the release's name in the cache. Of an image's releases the one of the highest
 * job is the current one. Where a file of other bytes was found under the name, which is never replaced, the record is
 * that file's, and says so (refused): as long as it is that file nobody looks at its bytes again.
 */
#ifndef HORNERO_STORE_PLACED_H
#define HORNERO_STORE_PLACED_H

#include "store/warm.h"

#include <stdbool.h>

/* w->image and w->digest make its id. Durable on return. */
int placed_save(const char *store_dir, const struct warm *w, struct err *e);
int placed_remove(const char *store_dir, const struct warm *w, struct err *e);

/* What the cache says of a record now, as warm_state_of; WARM_FOREIGN where the file was refused. That it was is forgotten
 * (w->refused) when it is another one by now. */
enum warm_state placed_state_of(const char *cache_dir, struct warm *w, struct err *e);

/* Is there a record of this release of the image? */
bool placed_is_recorded(const char *store_dir, const char *image, const char *release);

/* As warm_load and warm_look, of one artifact's release under an image. */
int placed_load(const char *store_dir, const char *image, const char *digest, struct warm *out, struct err *e);
int placed_look(const char *store_dir, const char *cache_dir, const char *image, const char *digest, struct warm *out,
		 enum warm_state *state, struct err *e);

/* The current one; WARM_NONE where there is none. */
int placed_look_newest(const char *store_dir, const char *cache_dir, const char *image, struct warm *out,
			enum warm_state *state, struct err *e);

/* Every record of an image, in no order. each() returning non-zero stops, and is returned. */
int placed_each(const char *store_dir, const char *image, int (*each)(void *arg, struct warm *w, struct err *e),
		 void *arg, struct err *e);

#endif
