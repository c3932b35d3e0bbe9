/* placementapi: DIAGNOSTICS: as api. */
#include "glance/placementapi.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <string.h>

#define API_VERSION "placement 1.6"

static enum said get(struct glance *g, const char *path, const char *member, json_t **out,
		     struct err *e)
{
	own_answer struct http_answer a = {0};
	struct http_request r = {.method = "GET", .url = path, .version = API_VERSION};
	enum said said = api_call(g, SERVICE_PLACEMENT, &r, &a, e);

	*out = said == SAID_YES ? json_loadb(a.body, a.len, 0, NULL) : NULL;
	if (said != SAID_YES || json_is_array(json_object_get(*out, member)))
		return said;
	json_decref(*out);
	*out = NULL;
	err_set(e, ERR_NOBODY, "Placement's answer to GET %s has no %s", path, member);
	return SAID_WAIT;
}

enum said placementapi_find(struct glance *g, const char *name, char id[UUID_LEN + 1],
			    struct err *e)
{
	own_free char *path = fs_path("/resource_providers?name=%s", name);
	json_auto_t *body = NULL;
	enum said said = get(g, path, "resource_providers", &body, e);
	const json_t *list = json_object_get(body, "resource_providers");
	const char *found = json_string_value(json_object_get(json_array_get(list, 0), "uuid"));

	if (said != SAID_YES)
		return said;
	if (found && uuid_valid(found)) {
		memcpy(id, found, UUID_LEN + 1);
		return SAID_YES;
	}
	err_set(e, ERR_OPERATOR, "Placement has no resource provider %s; see placement_provider",
		name);
	return SAID_MISSING;
}

enum said placementapi_traits(struct glance *g, const char *id, json_t **traits,
			      int64_t *generation, struct err *e)
{
	own_free char *path = fs_path("/resource_providers/%s/traits", id);
	json_auto_t *body = NULL;
	enum said said = get(g, path, "traits", &body, e);

	*traits = json_incref(json_object_get(body, "traits"));
	*generation = json_integer_value(json_object_get(body, "resource_provider_generation"));
	return said;
}

static enum said put(struct glance *g, const char *path, const char *text, struct err *e)
{
	return api_tell(g, SERVICE_PLACEMENT,
			&(struct http_request){
				.method = "PUT", .url = path, .body = text, .version = API_VERSION},
			e);
}

enum said placementapi_make(struct glance *g, const char *trait, struct err *e)
{
	own_free char *path = fs_path("/traits/%s", trait);

	return put(g, path, NULL, e);
}

enum said placementapi_set(struct glance *g, const char *id, json_t *traits, int64_t generation,
			   struct err *e)
{
	own_free char *path = fs_path("/resource_providers/%s/traits", id);
	json_auto_t *body = json_pack("{s:I, s:O}", "resource_provider_generation",
				      (json_int_t)generation, "traits", traits);
	own_free char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

	if (text)
		return put(g, path, text, e);
	err_set(e, ERR_NOBODY, "out of memory for a request to Placement");
	return SAID_WAIT;
}
