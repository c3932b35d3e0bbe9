/* keystone: logs in with the credentials of clouds.yaml: a token, and the addresses of services
 * from the catalogue. */
#ifndef HORNERO_GLANCE_KEYSTONE_H
#define HORNERO_GLANCE_KEYSTONE_H

#include "conf/cloud.h"
#include "glance/http.h"

enum { KEYSTONE_URL_MAX = 512 };

enum service { SERVICE_GLANCE, SERVICE_NOVA, SERVICE_PLACEMENT, SERVICES /* their number */ };

struct session {
	char token[HTTP_TOKEN_MAX];       /* "": not logged in */
	char project[65];                 /* the id of the token's project; "": unknown */
	char endpoints[SERVICES][KEYSTONE_URL_MAX]; /* without a slash at the end; Glance's
						     * without /v2. "": not in the catalogue */
};

/* Replaces *out on success. ERR_OPERATOR if the credentials are refused or the catalogue has no
 * Glance, ERR_NOBODY if Keystone does not answer. */
int keystone_log_in(struct http *h, const struct cloud *cloud, struct session *out, struct err *e);

/* Sets e: the catalogue has no endpoint of the service. Returns -1. */
int keystone_lacks(const struct cloud *c, enum service service, struct err *e);

#endif
