/* http: the only file that knows libcurl. DIAGNOSTICS: ERR_NOBODY if no answer came or it was too
 * long, ERR_US if libcurl cannot be set up. */
#include "glance/http.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

enum {
	CONNECT_S = 15,
	REQUEST_S = 60,
	STALL_S = 60,
	SLOW_S = 30,
	SLOW_BYTES = 16384, /* a second */
};

struct http {
	CURL *curl;
	const char *cacert;
	http_stop *stop;
	void *arg;
};

struct http *http_new(const char *cacert, http_stop *stop, void *arg, struct err *e)
{
	struct http *h = calloc(1, sizeof(*h));

	if (h && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		h->curl = curl_easy_init();
	if (!h || !h->curl) {
		err_set(e, ERR_US, "libcurl cannot be set up");
		free(h);
		return NULL;
	}
	h->cacert = cacert;
	h->stop = stop;
	h->arg = arg;
	return h;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	curl_easy_cleanup(h->curl);
	curl_global_cleanup();
	free(h);
}

void http_answer_fini(struct http_answer *a)
{
	free(a->body);
	explicit_bzero(a, sizeof(*a));
}

/* Returns fewer than n bytes to end the request. */
static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct http_answer *a = arg;
	size_t more = size * n;
	char *grown;

	if (more > HTTP_ANSWER_MAX - a->len)
		return 0;
	grown = realloc(a->body, a->len + more + 1);
	if (!grown)
		return 0;
	memcpy(grown + a->len, data, more);
	a->body = grown;
	a->len += more;
	a->body[a->len] = '\0';
	return more;
}

/* A download, while it runs. */
struct saving {
	const struct http *h;
	const struct http_request *r;
	struct http_answer *a;
	const char *why; /* it was ended so; NULL */
};

/* Pages of other statuses are an answer like any other. */
static size_t on_save(char *data, size_t size, size_t n, void *arg)
{
	struct saving *s = arg;
	size_t more = size * n;
	long status = 0;

	curl_easy_getinfo(s->h->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		return on_body(data, size, n, s->a);
	if ((int64_t)more > s->r->size_bytes - s->a->saved_bytes) {
		s->why = "it has more bytes than its record says";
		return 0;
	}
	if (fs_write_all(s->r->file, data, more) < 0) {
		s->why = strerror(errno);
		return 0;
	}
	sha256_add(s->r->save, data, more);
	s->a->saved_bytes += (int64_t)more;
	return more;
}

static bool is_near4(uint32_t address)
{
	return address >> 24 == 0 || address >> 24 == 127 || address >> 16 == 0xa9fe ||
	       address >> 28 >= 0xe;
}

static bool is_near6(const struct in6_addr *a)
{
	uint32_t last;

	memcpy(&last, a->s6_addr + 12, sizeof(last));
	if (IN6_IS_ADDR_V4MAPPED(a) || IN6_IS_ADDR_V4COMPAT(a))
		return is_near4(ntohl(last));
	return IN6_IS_ADDR_UNSPECIFIED(a) || IN6_IS_ADDR_LOOPBACK(a) || IN6_IS_ADDR_LINKLOCAL(a) ||
	       IN6_IS_ADDR_MULTICAST(a);
}

/* Judges the address itself, after the name was looked up: a name may lead anywhere. */
static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct saving *s = arg;
	const struct sockaddr_in *v4 = (const void *)&to->addr;
	const struct sockaddr_in6 *v6 = (const void *)&to->addr;

	(void)purpose;
	if (to->family == AF_INET ? is_near4(ntohl(v4->sin_addr.s_addr))
				  : to->family != AF_INET6 || is_near6(&v6->sin6_addr)) {
		s->why = "its address is of this machine or of one link alone";
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* Copies the value of the header `name` of the line, without blanks around it. Returns false if the
 * line has another header or the value does not fit. */
static bool header_value(const char *line, size_t len, const char *name, char *out, size_t size)
{
	size_t skip = strlen(name);

	if (len <= skip || strncasecmp(line, name, skip) != 0)
		return false;
	line += skip;
	len -= skip;
	while (len > 0 && (*line == ' ' || *line == '\t')) {
		line++;
		len--;
	}
	while (len > 0 && line[len - 1] <= ' ')
		len--;
	if (len >= size)
		return false;
	memcpy(out, line, len);
	out[len] = '\0';
	return true;
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	struct http_answer *a = arg;
	char seconds[16];

	/* Each answer of a request begins anew: 100 Continue precedes that of an upload. */
	if (size * n > 5 && strncmp(data, "HTTP/", 5) == 0)
		a->retry_after_s = 0;
	header_value(data, size * n, "X-Subject-Token:", a->token, sizeof(a->token));
	if (header_value(data, size * n, "Retry-After:", seconds, sizeof(seconds)))
		a->retry_after_s = strtol(seconds, NULL, 10);
	return size * n;
}

/* libcurl's offset is its own: read by position, so that a repeated request starts at 0. */
struct source {
	int fd;
	int64_t at, size_bytes;
};

static size_t on_read(char *to, size_t size, size_t n, void *arg)
{
	struct source *s = arg;
	int64_t left = s->size_bytes - s->at;
	size_t want = left < (int64_t)(size * n) ? (size_t)left : size * n;
	ssize_t got;

	do
		got = pread(s->fd, to, want, s->at);
	while (got < 0 && errno == EINTR);
	if (got < 0 || (got == 0 && want > 0))
		return CURL_READFUNC_ABORT;
	s->at += got;
	return (size_t)got;
}

static int on_seek(void *arg, curl_off_t offset, int origin)
{
	struct source *s = arg;

	if (origin != SEEK_SET)
		return CURL_SEEKFUNC_CANTSEEK;
	s->at = offset;
	return CURL_SEEKFUNC_OK;
}

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct saving *s = arg;
	const struct http *h = s->h;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return (h->stop && h->stop(h->arg)) || (s->r->stop && s->r->stop(s->r->stop_arg));
}

static bool add_header(struct curl_slist **list, const char *name, const char *value)
{
	size_t size = strlen(name) + strlen(value) + 3;
	char *line = malloc(size);
	struct curl_slist *grown = NULL;

	if (line) {
		snprintf(line, size, "%s: %s", name, value);
		grown = curl_slist_append(*list, line);
		explicit_bzero(line, size);
		free(line);
	}
	if (grown)
		*list = grown;
	return grown;
}

static void set_body(CURL *c, const struct http_request *r, struct source *s)
{
	if (r->is_file) {
		curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(c, CURLOPT_READFUNCTION, on_read);
		curl_easy_setopt(c, CURLOPT_READDATA, s);
		curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, on_seek);
		curl_easy_setopt(c, CURLOPT_SEEKDATA, s);
		curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->size_bytes);
		curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
		curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)STALL_S);
		return;
	}
	curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)REQUEST_S);
	if (r->body) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, r->body);
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)strlen(r->body));
	} else if (strcmp(r->method, "GET") != 0) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, "");
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, 0L);
	}
}

static void set_save(CURL *c, const struct http_request *r, struct saving *s)
{
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)r->limit_ms);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)SLOW_S);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_save);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, s);
	if (!r->is_foreign)
		return;
	curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, s);
}

static void set_up(struct http *h, const struct http_request *r, struct http_answer *a,
		   struct saving *s)
{
	CURL *c = h->curl;

	curl_easy_reset(c);
	curl_easy_setopt(c, CURLOPT_URL, r->url);
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, r->method);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	if (h->cacert)
		curl_easy_setopt(c, CURLOPT_CAINFO, h->cacert);
	curl_easy_setopt(c, CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, a);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, a);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, s);
}

int http_do(struct http *h, const struct http_request *r, struct http_answer *a, struct err *e)
{
	const char *type = r->type ? r->type : "application/json";
	struct source s = {.fd = r->file, .size_bytes = r->size_bytes};
	struct saving saving = {.h = h, .r = r, .a = a};
	struct curl_slist *headers = NULL;
	char why[CURL_ERROR_SIZE] = "";
	CURLcode rc;

	memset(a, 0, sizeof(*a));
	set_up(h, r, a, &saving);
	set_body(h->curl, r, &s);
	if (r->save)
		set_save(h->curl, r, &saving);
	curl_easy_setopt(h->curl, CURLOPT_ERRORBUFFER, why);
	if (!add_header(&headers, "Accept", r->save ? "*/*" : "application/json") ||
	    ((r->body || r->is_file) && !add_header(&headers, "Content-Type", type)) ||
	    (r->version && !add_header(&headers, "OpenStack-API-Version", r->version)) ||
	    (r->token && !add_header(&headers, "X-Auth-Token", r->token))) {
		curl_slist_free_all(headers);
		return err_set(e, ERR_NOBODY, "out of memory for a request");
	}
	curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, headers);
	rc = curl_easy_perform(h->curl);
	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &a->status);
	curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(h->curl, CURLOPT_ERRORBUFFER, NULL);
	curl_slist_free_all(headers);
	/* A server may refuse an upload and hang up before it has all bytes. */
	if (rc == CURLE_SEND_ERROR && a->status >= 400)
		rc = CURLE_OK;
	if (rc != CURLE_OK && saving.why)
		return err_set(e, ERR_NOBODY, "%s: %s", r->url, saving.why);
	if (rc == CURLE_WRITE_ERROR)
		return err_set(e, ERR_NOBODY, "the answer to %s %s has more than %d bytes",
			       r->method, r->url, HTTP_ANSWER_MAX);
	if (rc != CURLE_OK)
		return err_set(e, ERR_NOBODY, "no answer to %s %s: %s", r->method, r->url,
			       *why ? why : curl_easy_strerror(rc));
	if (!a->body && !(a->body = strdup("")))
		return err_set(e, ERR_NOBODY, "out of memory for an answer");
	return 0;
}
