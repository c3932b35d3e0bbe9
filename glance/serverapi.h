/* serverapi: the calls of Nova's Compute API v2.1 that a rollout needs, one function each. */
#ifndef HORNERO_GLANCE_SERVERAPI_H
#define HORNERO_GLANCE_SERVERAPI_H

#include "glance/api.h"
#include "lib/uuid.h"

#include <stddef.h>

enum { SERVERS_MOST = 1000 };

struct server {
	char id[UUID_LEN + 1];
	char status[33];          /* Nova's word */
	char image[UUID_LEN + 1]; /* "": it boots a volume */
};

struct servers {
	struct server list[SERVERS_MOST];
	size_t n;
	size_t elsewhere; /* with the key, on other nodes */
};

/* All fill e unless they return SAID_YES. Its class has no meaning. */

/* Lists the servers of the token's project on this node whose metadata key is value. */
enum said serverapi_list(struct glance *g, const char *key, const char *value, struct servers *out,
			 struct err *e);
enum said serverapi_show(struct glance *g, const char *id, struct server *out, struct err *e);
/* Nova sets the server's image before it answers, and works on it afterwards. */
enum said serverapi_rebuild(struct glance *g, const char *id, const char *image, struct err *e);
enum said serverapi_start(struct glance *g, const char *id, struct err *e);
/* Reads the end of its console, as much as Nova gives. The caller frees *text. */
enum said serverapi_console(struct glance *g, const char *id, char **text, struct err *e);

#endif
