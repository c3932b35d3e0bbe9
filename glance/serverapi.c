/* serverapi: DIAGNOSTICS: as api. */
#include "glance/serverapi.h"

#include "lib/fs.h"
#include "lib/own.h"
#include "lib/sha.h"

#include <string.h>

enum { PAGE = 100, PAGES_MOST = 100 };

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* The caller decrefs the answer; NULL if it is no JSON. */
static enum said get(struct glance *g, const char *path, json_t **out, struct err *e)
{
	own_answer struct http_answer a = {0};
	enum said said = api_call(g, SERVICE_NOVA,
				  &(struct http_request){.method = "GET", .url = path}, &a, e);

	*out = said == SAID_YES ? json_loadb(a.body, a.len, 0, NULL) : NULL;
	return said;
}

/* Nova shows the host to administrators alone, but its digest with the project to every user. */
static bool is_here(const struct glance *g, const json_t *server)
{
	const char *host = g->conf->nova_host ? g->conf->nova_host : g->node;
	own_free char *both = fs_path("%s%s", text_of(server, "tenant_id"), host);
	char digest[SHA224_HEX + 1];
	struct err ignored = ERR_INIT;

	return sha224_string(both, digest, &ignored) == 0 &&
	       strcmp(text_of(server, "hostId"), digest) == 0;
}

static bool take(const json_t *server, struct server *out)
{
	const char *id = text_of(server, "id"), *status = text_of(server, "status");
	const char *image = text_of(json_object_get(server, "image"), "id");

	if (!uuid_valid(id) || !*status)
		return false;
	memcpy(out->id, id, sizeof(out->id));
	snprintf(out->status, sizeof(out->status), "%s", status);
	snprintf(out->image, sizeof(out->image), "%s", uuid_valid(image) ? image : "");
	return true;
}

/* Returns false if the list is full. */
static bool take_page(const struct glance *g, const json_t *page, const char *key,
		      const char *value, struct servers *out)
{
	const json_t *each;
	size_t i;

	json_array_foreach(page, i, each) {
		if (strcmp(text_of(json_object_get(each, "metadata"), key), value) != 0)
			continue;
		if (!is_here(g, each)) {
			out->elsewhere++;
			continue;
		}
		if (out->n == SERVERS_MOST)
			return false;
		out->n += take(each, &out->list[out->n]);
	}
	return true;
}

enum said serverapi_list(struct glance *g, const char *key, const char *value, struct servers *out,
			 struct err *e)
{
	char marker[UUID_LEN + 1] = "";

	out->n = out->elsewhere = 0;
	for (int i = 0; i < PAGES_MOST; i++) {
		own_free char *path = fs_path("/servers/detail?limit=%d%s%s", PAGE,
					      *marker ? "&marker=" : "", marker);
		json_auto_t *body = NULL;
		enum said said = get(g, path, &body, e);
		const json_t *page = json_object_get(body, "servers");
		const char *last = text_of(json_array_get(page, json_array_size(page) - 1), "id");

		if (said != SAID_YES)
			return said;
		if (!json_is_array(page)) {
			err_set(e, ERR_NOBODY, "Nova's answer to GET %s is no list of servers",
				path);
			return SAID_WAIT;
		}
		if (!take_page(g, page, key, value, out)) {
			err_set(e, ERR_OPERATOR, "more than %d servers of this node have %s",
				SERVERS_MOST, key);
			return SAID_REFUSED;
		}
		if (!json_object_get(body, "servers_links") || !uuid_valid(last))
			return SAID_YES;
		memcpy(marker, last, sizeof(marker));
	}
	err_set(e, ERR_OPERATOR, "the project has more than %d servers", PAGE * PAGES_MOST);
	return SAID_REFUSED;
}

enum said serverapi_show(struct glance *g, const char *id, struct server *out, struct err *e)
{
	own_free char *path = fs_path("/servers/%s", id);
	json_auto_t *body = NULL;
	enum said said = get(g, path, &body, e);

	if (said != SAID_YES || take(json_object_get(body, "server"), out))
		return said;
	err_set(e, ERR_NOBODY, "Nova's answer to GET %s is no server", path);
	return SAID_WAIT;
}

static enum said act(struct glance *g, const char *id, const json_t *action, struct err *e)
{
	own_free char *path = fs_path("/servers/%s/action", id);

	return api_tell_json(g, SERVICE_NOVA, "POST", path, NULL, action, e);
}

enum said serverapi_rebuild(struct glance *g, const char *id, const char *image, struct err *e)
{
	json_auto_t *action = json_pack("{s:{s:s}}", "rebuild", "imageRef", image);

	return act(g, id, action, e);
}

enum said serverapi_start(struct glance *g, const char *id, struct err *e)
{
	json_auto_t *action = json_pack("{s:n}", "os-start");

	return act(g, id, action, e);
}

enum said serverapi_console(struct glance *g, const char *id, char **text, struct err *e)
{
	own_free char *path = fs_path("/servers/%s/action", id);
	own_answer struct http_answer a = {0};
	json_auto_t *body = NULL;
	enum said said = api_call(g, SERVICE_NOVA,
				  &(struct http_request){.method = "POST", .url = path,
							 .body = "{\"os-getConsoleOutput\": {}}"},
				  &a, e);

	*text = NULL;
	if (said != SAID_YES)
		return said;
	body = json_loadb(a.body, a.len, 0, NULL);
	*text = strdup(text_of(body, "output"));
	if (*text)
		return SAID_YES;
	err_set(e, ERR_NOBODY, "out of memory for a console");
	return SAID_WAIT;
}
