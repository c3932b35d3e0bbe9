/* answer: DIAGNOSTICS: a status for the client: 404 if there is no published and whole artifact of
 * this digest, 503 if the node is short of a resource. */
#include "serve/answer.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/sha.h"
#include "serve/range.h"
#include "serve/response.h"
#include "store/served.h"
#include "store/store.h"

#include <stdio.h>
#include <string.h>

#define PREFIX "/sha256/"
#define STABLE "/stable/"

/* The bytes to send: n of fd, from first on. */
struct content {
	int fd;
	uint64_t size, first, n;
	bool part; /* the client asked for a range, which may be everything */
	bool is_stable; /* the path may be gone at the next request */
	char etag[SHA256_HEX + 3];
};

static const char *header(struct MHD_Connection *to, const char *name)
{
	return MHD_lookup_connection_value(to, MHD_HEADER_KIND, name);
}

static void describe(struct MHD_Response *r, const char *etag, bool is_stable)
{
	MHD_add_response_header(r, MHD_HTTP_HEADER_ETAG, etag);
	MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL,
				is_stable ? "no-cache" : "public, max-age=31536000, immutable");
	MHD_add_response_header(r, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
}

/* Takes c->fd. */
static enum MHD_Result send_content(struct MHD_Connection *to, struct client *k,
				    const struct content *c)
{
	struct MHD_Response *r = MHD_create_response_from_fd_at_offset64(c->n, c->fd, c->first);
	char range[80];

	if (!r) {
		close(c->fd);
		return MHD_NO;
	}
	describe(r, c->etag, c->is_stable);
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, "application/octet-stream");
	snprintf(range, sizeof(range), "bytes %llu-%llu/%llu", (unsigned long long)c->first,
		 (unsigned long long)(c->first + c->n - 1), (unsigned long long)c->size);
	if (c->part)
		MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_RANGE, range);
	k->bytes = k->head ? 0 : c->n;
	k->file = c->fd;
	k->file_end = (int64_t)(c->first + c->n);
	return response_send(to, k, c->part ? MHD_HTTP_PARTIAL_CONTENT : MHD_HTTP_OK, r);
}

static enum MHD_Result send_unchanged(struct MHD_Connection *to, struct client *k,
				      const struct content *c)
{
	struct MHD_Response *r =
		MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);

	if (r)
		describe(r, c->etag, c->is_stable);
	return response_send(to, k, MHD_HTTP_NOT_MODIFIED, r);
}

/* Whether the client wants only bytes of this artifact. Dates never match: we send none. */
static bool range_applies(struct MHD_Connection *to, const char *etag)
{
	const char *when = header(to, MHD_HTTP_HEADER_IF_RANGE);

	return !when || strcmp(when, etag) == 0;
}

static bool client_has_it(struct MHD_Connection *to, const char *etag)
{
	const char *known = header(to, MHD_HTTP_HEADER_IF_NONE_MATCH);

	return known && (strcmp(known, "*") == 0 || strstr(known, etag));
}

static enum MHD_Result send_artifact(struct MHD_Connection *to, struct client *k,
				     const char *digest, bool is_stable, int *fd, uint64_t size)
{
	struct content c = {.size = size, .n = size, .is_stable = is_stable};
	enum range range = RANGE_ALL;
	char all[40];

	snprintf(c.etag, sizeof(c.etag), "\"%s\"", digest);
	if (client_has_it(to, c.etag))
		return send_unchanged(to, k, &c);
	if (range_applies(to, c.etag))
		range = range_read(header(to, MHD_HTTP_HEADER_RANGE), size, &c.first, &c.n);
	snprintf(all, sizeof(all), "bytes */%llu", (unsigned long long)size);
	if (range == RANGE_NONE)
		return response_refuse(to, k, MHD_HTTP_RANGE_NOT_SATISFIABLE, "no such bytes\n",
			      MHD_HTTP_HEADER_CONTENT_RANGE, all);
	c.part = range == RANGE_PART;
	c.fd = steal_fd(fd);
	return send_content(to, k, &c);
}

static enum MHD_Result refuse_error(struct MHD_Connection *to, struct client *k,
				    const struct err *e)
{
	/* It is not in the store, or was collected just now. */
	if (e->sys == ENOENT)
		return response_refuse(to, k, MHD_HTTP_NOT_FOUND, "no such artifact\n", NULL, NULL);
	log_warn("event=not-served peer=%s digest=%s %s", k->peer, k->digest, e->msg);
	if (e->sys == EMFILE || e->sys == ENFILE || e->sys == ENOMEM)
		return response_refuse(to, k, MHD_HTTP_SERVICE_UNAVAILABLE, "not now\n",
			      MHD_HTTP_HEADER_RETRY_AFTER, "5");
	return response_refuse(to, k, MHD_HTTP_NOT_FOUND, "no such artifact\n", NULL, NULL);
}

/* Returns the digest that a path names, or NULL if nothing is served by it: /sha256/DIGEST, or
 * /stable/UUID/DIGEST while that is current under the stable id. */
static const char *digest_at(const char *store_dir, const char *url, bool *is_stable)
{
	const char *slash = strrchr(url, '/');
	const char *digest = slash ? slash + 1 : "";
	char uuid[UUID_LEN + 1];

	*is_stable = strncmp(url, STABLE, strlen(STABLE)) == 0;
	if (!sha256_valid(digest))
		return NULL;
	if (!*is_stable)
		return strncmp(url, PREFIX, strlen(PREFIX)) == 0 &&
				       digest == url + strlen(PREFIX) &&
				       served_has(store_dir, digest)
			       ? digest
			       : NULL;
	snprintf(uuid, sizeof(uuid), "%s", url + strlen(STABLE));
	return uuid_valid(uuid) && slash == url + strlen(STABLE) + UUID_LEN &&
			       served_is_current(store_dir, uuid, digest)
		       ? digest
		       : NULL;
}

enum MHD_Result answer(const char *store_dir, struct MHD_Connection *to, struct client *k,
		       const char *url, const char *method)
{
	struct err e = ERR_INIT;
	const char *digest;
	struct manifest m;
	own_fd int fd = -1;
	bool is_stable;

	k->bytes = 0;
	*k->digest = '\0';
	k->head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
	if (!k->head && strcmp(method, MHD_HTTP_METHOD_GET) != 0)
		return response_refuse(to, k, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD only\n",
			      MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	digest = digest_at(store_dir, url, &is_stable);
	if (!digest)
		return response_refuse(to, k, MHD_HTTP_NOT_FOUND, "no such artifact\n", NULL, NULL);
	snprintf(k->digest, sizeof(k->digest), "%.12s", digest);
	fd = store_open(store_dir, digest, &m, &e);
	if (fd < 0)
		return refuse_error(to, k, &e);
	return send_artifact(to, k, digest, is_stable, &fd, (uint64_t)m.size_bytes);
}

enum MHD_Result answer_body(struct MHD_Connection *to, struct client *k)
{
	const char *length = header(to, MHD_HTTP_HEADER_CONTENT_LENGTH);

	k->bytes = 0;
	*k->digest = '\0';
	if (!header(to, MHD_HTTP_HEADER_TRANSFER_ENCODING) && (!length || strcmp(length, "0") == 0))
		return MHD_YES;
	return response_refuse(to, k, MHD_HTTP_BAD_REQUEST, "no request here has a body\n",
		      MHD_HTTP_HEADER_CONNECTION, "close");
}
