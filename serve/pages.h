/*
 * pages: the response to one request to `hornero-serve --metrics`: GET or HEAD of /metrics, the
 * node's figures, or of /status, its report. Others write both files, into STATE/metrics; we only
 * read them.
 */
#ifndef HORNERO_SERVE_PAGES_H
#define HORNERO_SERVE_PAGES_H

#include "serve/clients.h"

#include <microhttpd.h>

/* Queues the response and describes it in k. The file stays open until it is sent, so it may be
 * replaced meanwhile. */
enum MHD_Result pages_answer(const char *dir, struct MHD_Connection *to, struct client *k,
			     const char *url, const char *method);

#endif
