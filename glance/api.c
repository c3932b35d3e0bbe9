/* api: DIAGNOSTICS: every answer but a good one is a sentence in e and one of enum said. */
#include "glance/api.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <ctype.h>
#include <string.h>

static const char *const names[] = {
	[SERVICE_GLANCE] = "Glance",
	[SERVICE_NOVA] = "Nova",
	[SERVICE_PLACEMENT] = "Placement",
};

/* Errors are JSON or a page of HTML. Copies the text without tags, on one line. */
static const char *plain(const struct http_answer *a, char *buf, size_t size)
{
	size_t used = 0;
	bool inside = false;

	for (const char *c = a->body; *c && used + 1 < size; c++) {
		bool is_blank = isspace((unsigned char)*c) || *c == '<';

		if (*c == '<' || *c == '>')
			inside = *c == '<';
		else if (inside)
			continue;
		if (!is_blank && *c != '>')
			buf[used++] = *c;
		else if (used > 0 && buf[used - 1] != ' ')
			buf[used++] = ' ';
	}
	while (used > 0 && buf[used - 1] == ' ')
		used--;
	buf[used] = '\0';
	return buf;
}

static enum said judge(long status)
{
	if (status >= 200 && status < 300)
		return SAID_YES;
	if (status == 404 || status == 405)
		return SAID_MISSING;
	if (status == 409)
		return SAID_CONFLICT;
	if (status == 413)
		return SAID_HELD;
	/* 401 is here only after a new login. */
	return status == 401 || status == 408 || status == 429 || status >= 500 ? SAID_WAIT
										: SAID_REFUSED;
}

enum said api_log_in(struct glance *g, struct err *e)
{
	if (keystone_log_in(g->http, &g->cloud, &g->session, e) == 0)
		return SAID_YES;
	return e->class == ERR_OPERATOR ? SAID_REFUSED : SAID_WAIT;
}

enum said api_call(struct glance *g, enum service service, const struct http_request *r,
		   struct http_answer *a, struct err *e)
{
	char text[240];

	g->retry_after_s = 0;
	for (int i = 0; i < 2; i++) {
		enum said in = *g->session.token ? SAID_YES : api_log_in(g, e);
		own_free char *url = fs_path("%s%s", g->session.endpoints[service], r->url);
		struct http_request whole = *r;

		if (in != SAID_YES)
			return in;
		if (!*g->session.endpoints[service]) {
			keystone_lacks(&g->cloud, service, e);
			return SAID_REFUSED;
		}
		whole.url = url;
		whole.token = g->session.token;
		http_answer_fini(a);
		if (http_do(g->http, &whole, a, e) < 0)
			return SAID_WAIT;
		if (a->status != 401)
			break;
		*g->session.token = '\0';
	}
	g->retry_after_s = a->retry_after_s;
	if (judge(a->status) != SAID_YES)
		err_set(e, ERR_OPERATOR, "%s answers %ld to %s %s: %s", names[service], a->status,
			r->method, r->url, plain(a, text, sizeof(text)));
	return judge(a->status);
}

enum said api_tell(struct glance *g, enum service service, const struct http_request *r,
		   struct err *e)
{
	own_answer struct http_answer a = {0};

	return api_call(g, service, r, &a, e);
}

enum said api_tell_json(struct glance *g, enum service service, const char *method,
			const char *path, const char *type, const json_t *body, struct err *e)
{
	own_free char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

	if (!text) {
		err_set(e, ERR_NOBODY, "out of memory for a request to %s", names[service]);
		return SAID_WAIT;
	}
	return api_tell(g, service,
			&(struct http_request){
				.method = method, .url = path, .type = type, .body = text},
			e);
}
