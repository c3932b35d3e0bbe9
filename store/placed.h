/*
 * placed: records the releases that we put into Nova's cache: STORE/release/IMAGE/RELEASE.json.
 * hornerod writes it after the link; hornero-keep removes it once the file of an older release is
 * gone.
 *
 * The record is that of warm.h, under the release's name in the cache. An image's current release
 * is the one with the highest job. If a file of other bytes has the name, it is never replaced; the
 * record then describes that file and is marked `refused`. As long as the file stays, its bytes are
 * not read again.
 */
#ifndef HORNERO_STORE_PLACED_H
#define HORNERO_STORE_PLACED_H

#include "store/warm.h"

#include <stdbool.h>

/* w->image and w->digest determine its id. Durable on return. */
int placed_save(const char *store_dir, const struct warm *w, struct err *e);
int placed_remove(const char *store_dir, const struct warm *w, struct err *e);

/* Compares a record with the cache, like warm_state_of. Returns WARM_FOREIGN if the file was
 * refused; clears w->refused if the file has been replaced since. */
enum warm_state placed_state_of(const char *cache_dir, struct warm *w, struct err *e);

/* Returns true if there is a record of this release of the image. */
bool placed_is_recorded(const char *store_dir, const char *image, const char *release);

/* As warm_load and warm_look, for one artifact's release under an image. */
int placed_load(const char *store_dir, const char *image, const char *digest, struct warm *out,
		struct err *e);
int placed_look(const char *store_dir, const char *cache_dir, const char *image, const char *digest,
		struct warm *out, enum warm_state *state, struct err *e);

/* Looks at the current release; WARM_NONE if there is none. */
int placed_look_newest(const char *store_dir, const char *cache_dir, const char *image,
		       struct warm *out, enum warm_state *state, struct err *e);

/* Calls each() for every record of an image, in no particular order. Stops if each() returns
 * non-zero and returns that. */
int placed_each(const char *store_dir, const char *image,
		int (*each)(void *arg, struct warm *w, struct err *e), void *arg, struct err *e);

#endif
