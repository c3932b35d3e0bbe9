/*
 * api: one call of an OpenStack API, with the credentials of hornero-glance.
 *
 * It logs in if there is no token, and once more if the service does not take the token any more.
 * The answer of the service decides who acts next: enum said.
 */
#ifndef HORNERO_GLANCE_API_H
#define HORNERO_GLANCE_API_H

#include "conf/conf.h"
#include "glance/keystone.h"

#include <jansson.h>

enum said {
	SAID_YES,
	SAID_MISSING,  /* 404, 405: there is no such object or call */
	SAID_CONFLICT, /* 409: the object has changed or is busy; look again */
	SAID_HELD,     /* 413: a quota or a size limit */
	SAID_REFUSED,  /* 400, 403 and others: an operator must change something */
	SAID_WAIT,     /* 429, 5xx, or no answer */
};

struct glance {
	const struct conf *conf;
	struct http *http;
	struct cloud cloud;
	struct session session;
	char node[65];         /* this node's name */
	int64_t retry_after_s; /* that the last answer asked for; 0: nothing */
};

/* All fill e unless they return SAID_YES. Its class has no meaning. */

enum said api_log_in(struct glance *g, struct err *e);

/* Sends r, whose url is a path below the service's endpoint. */
enum said api_call(struct glance *g, enum service service, const struct http_request *r,
		   struct http_answer *a, struct err *e);
/* The same without a use for the answer. */
enum said api_tell(struct glance *g, enum service service, const struct http_request *r,
		   struct err *e);
/* body: borrowed; NULL: memory ran out. type: as in struct http_request. */
enum said api_tell_json(struct glance *g, enum service service, const char *method,
			const char *path, const char *type, const json_t *body, struct err *e);

#endif
