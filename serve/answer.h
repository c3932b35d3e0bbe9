/*
 * answer: the response to one request: GET or HEAD of /sha256/DIGEST, by the digest of a published
 * artifact, or of /stable/UUID/DIGEST (store/served.h), whole or a range. Everything else is
 * refused.
 */
#ifndef HORNERO_SERVE_ANSWER_H
#define HORNERO_SERVE_ANSWER_H

#include "serve/clients.h"

#include <microhttpd.h>

/* Queues the response and describes it in k. The file stays open until it is sent, so a collector
 * may remove the artifact meanwhile. */
enum MHD_Result answer(const char *store_dir, struct MHD_Connection *to, struct client *k,
		       const char *url, const char *method);

/* Refuses a request that announces a body; else queues nothing and returns MHD_YES. */
enum MHD_Result answer_body(struct MHD_Connection *to, struct client *k);

#endif
