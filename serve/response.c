/* response: DIAGNOSTICS: MHD_NO if memory is short: the library closes the connection. */
#include "serve/response.h"

#include <string.h>

enum MHD_Result response_send(struct MHD_Connection *to, struct client *k, unsigned int status,
			      struct MHD_Response *r)
{
	enum MHD_Result sent;

	if (!r)
		return MHD_NO;
	k->status = status;
	sent = MHD_queue_response(to, status, r);
	MHD_destroy_response(r);
	return sent;
}

enum MHD_Result response_refuse(struct MHD_Connection *to, struct client *k, unsigned int status,
				const char *text, const char *name, const char *value)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(strlen(text), (void *)text,
								 MHD_RESPMEM_PERSISTENT);

	if (r)
		MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain");
	if (r && name)
		MHD_add_response_header(r, name, value);
	return response_send(to, k, status, r);
}
