/* placementapi: the calls of the Placement API (1.6) that the traits of this node need. */
#ifndef HORNERO_GLANCE_PLACEMENTAPI_H
#define HORNERO_GLANCE_PLACEMENTAPI_H

#include "glance/api.h"
#include "lib/uuid.h"

#include <stddef.h>

/* All fill e unless they return SAID_YES. Its class has no meaning. */

/* Finds the resource provider of this name. */
enum said placementapi_find(struct glance *g, const char *name, char id[UUID_LEN + 1],
			    struct err *e);
/* Reads the traits of a provider, an array of texts, and the generation that a change must name.
 * The caller decrefs *traits. */
enum said placementapi_traits(struct glance *g, const char *id, json_t **traits,
			      int64_t *generation, struct err *e);
/* Makes a trait known. May be repeated. */
enum said placementapi_make(struct glance *g, const char *trait, struct err *e);
/* Sets all traits of a provider. SAID_CONFLICT if it has changed since that generation. */
enum said placementapi_set(struct glance *g, const char *id, json_t *traits, int64_t generation,
			   struct err *e);

#endif
