/*
 * http: one request to Keystone or Glance and its answer, by libcurl.
 *
 *     own_http struct http *h = http_new(cacert, stop, arg, e);
 *     struct http_request r = {.method = "GET", .url = url, .token = token};
 *     own_answer struct http_answer a = {0};
 *     if (http_do(h, &r, &a, e) < 0) …      no answer: ERR_NOBODY, try again
 *     if (a.status == 404) …
 *
 * TLS is verified, nothing is redirected, only http and https are spoken. An answer has at most
 * HTTP_ANSWER_MAX bytes. A request ends after a minute, an upload when it moves no byte for one, a
 * download when it moves less than 16 KiB a second for half a minute.
 */
#ifndef HORNERO_GLANCE_HTTP_H
#define HORNERO_GLANCE_HTTP_H

#include "lib/err.h"
#include "lib/sha.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_ANSWER_MAX = 4 << 20, HTTP_TOKEN_MAX = 16384 };

struct http;

/* Called several times a second during a request. Return true to end it. */
typedef bool http_stop(void *arg);

/* cacert: a file of CAs instead of the system's, or NULL; borrowed. */
struct http *http_new(const char *cacert, http_stop *stop, void *arg, struct err *e);
void http_free(struct http *h);

struct http_request {
	const char *method, *url;
	const char *token;   /* X-Auth-Token, or NULL */
	const char *version; /* OpenStack-API-Version, or NULL */
	const char *type;    /* Content-Type of the body, or NULL: JSON */
	const char *body;    /* NULL: none, or the file */
	int file;            /* with is_file: its bytes from the start are the body */
	bool is_file;
	int64_t size_bytes;  /* of the file, or of what save expects */
	struct sha256 *save; /* not NULL: the body of a 200 goes to file and into this digest; one
			      * byte more than size_bytes ends it */
	int64_t limit_ms;    /* of the whole request, with save */
	bool is_foreign;     /* url is another's word: without a proxy, and to no address of this
			      * machine alone or of one link alone */
	http_stop *stop;     /* besides that of http_new(); NULL: none */
	void *stop_arg;
};

struct http_answer {
	long status;
	char *body; /* terminated; "" if there is none */
	size_t len;
	char token[HTTP_TOKEN_MAX]; /* X-Subject-Token; "" */
	int64_t retry_after_s;      /* 0: not said */
	int64_t saved_bytes;
};

int http_do(struct http *h, const struct http_request *r, struct http_answer *a, struct err *e);
void http_answer_fini(struct http_answer *a);

static inline void http_end(struct http **h)
{
	http_free(*h);
}
#define own_http   __attribute__((cleanup(http_end)))
#define own_answer __attribute__((cleanup(http_answer_fini)))

#endif
