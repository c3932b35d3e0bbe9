/* response: what all responses of hornero-serve have in common. */
#ifndef HORNERO_SERVE_RESPONSE_H
#define HORNERO_SERVE_RESPONSE_H

#include "serve/clients.h"

#include <microhttpd.h>

/* Takes r; NULL: it could not be made. */
enum MHD_Result response_send(struct MHD_Connection *to, struct client *k, unsigned int status,
			      struct MHD_Response *r);

/* name, value: a further header, or NULL. */
enum MHD_Result response_refuse(struct MHD_Connection *to, struct client *k, unsigned int status,
				const char *text, const char *name, const char *value);

#endif
