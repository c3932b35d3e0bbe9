/* keystone: the Identity API v3, POST /v3/auth/tokens. DIAGNOSTICS: as its header says; no message
 * has a secret or a token. */
#include "glance/keystone.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <jansson.h>
#include <string.h>

static const char *const types[] = {
	[SERVICE_GLANCE] = "image",
	[SERVICE_NOVA] = "compute",
	[SERVICE_PLACEMENT] = "placement",
};

/* Keystone's default domain has this id unless an operator chose another. */
static json_t *domain(const char *id, const char *name)
{
	return name && !id ? json_pack("{s:s}", "name", name)
			   : json_pack("{s:s}", "id", id ? id : "default");
}

static json_t *password_of(const struct cloud *c)
{
	json_t *user = c->user_id
			       ? json_pack("{s:s, s:s}", "id", c->user_id, "password", c->password)
			       : json_pack("{s:s, s:s, s:o}", "name", c->username, "password",
					   c->password, "domain",
					   domain(c->user_domain_id, c->user_domain_name));

	return json_pack("{s:[s], s:{s:o}}", "methods", "password", "password", "user", user);
}

static json_t *scope_of(const struct cloud *c)
{
	json_t *project = c->project_id
				  ? json_pack("{s:s}", "id", c->project_id)
				  : json_pack("{s:s, s:o}", "name", c->project_name, "domain",
					      domain(c->project_domain_id, c->project_domain_name));

	return json_pack("{s:o}", "project", project);
}

/* An application credential has its scope in itself. */
static json_t *login(const struct cloud *c)
{
	if (c->application_credential_id)
		return json_pack("{s:{s:{s:[s], s:{s:s, s:s}}}}", "auth", "identity", "methods",
				 "application_credential", "application_credential", "id",
				 c->application_credential_id, "secret",
				 c->application_credential_secret);
	return json_pack("{s:{s:o, s:o}}", "auth", "identity", password_of(c), "scope",
			 scope_of(c));
}

/* The length of url without slashes at its end, and without the version there. */
static size_t base_len(const char *url, const char *version)
{
	size_t len = strlen(url), skip = strlen(version);

	while (len > 0 && url[len - 1] == '/')
		len--;
	return len > skip && strncmp(url + len - skip, version, skip) == 0 ? len - skip : len;
}

static char *tokens_url(const char *auth_url)
{
	return fs_path("%.*s/v3/auth/tokens", (int)base_len(auth_url, "/v3"), auth_url);
}

static const char *text_at(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static const char *url_of(const json_t *service, const struct cloud *c)
{
	const char *interface = c->interface ? c->interface : "public";
	const json_t *endpoint;
	size_t i;

	json_array_foreach(json_object_get(service, "endpoints"), i, endpoint) {
		const char *region = text_at(endpoint, "region_id");

		if (!*region)
			region = text_at(endpoint, "region");
		if (strcmp(text_at(endpoint, "interface"), interface) == 0 &&
		    (!c->region_name || strcmp(region, c->region_name) == 0))
			return text_at(endpoint, "url");
	}
	return NULL;
}

/* Some catalogues have the version in Glance's URL. */
static int take_url(const char *url, enum service service, struct session *out, struct err *e)
{
	size_t len = base_len(url, service == SERVICE_GLANCE ? "/v2" : "");

	if (len == 0 || len >= KEYSTONE_URL_MAX)
		return err_set(e, ERR_OPERATOR, "Keystone's catalogue has no usable URL of type %s",
			       types[service]);
	memcpy(out->endpoints[service], url, len);
	out->endpoints[service][len] = '\0';
	return 0;
}

int keystone_lacks(const struct cloud *c, enum service service, struct err *e)
{
	return err_set(e, ERR_OPERATOR,
		       "Keystone's catalogue has no %s endpoint of type %s%s%s; see interface "
		       "and region_name in glance_credentials",
		       c->interface ? c->interface : "public", types[service],
		       c->region_name ? " in region " : "", c->region_name ? c->region_name : "");
}

static int take_endpoint(const json_t *token, enum service service, const struct cloud *c,
			 struct session *out, struct err *e)
{
	const json_t *each;
	size_t i;

	json_array_foreach(json_object_get(token, "catalog"), i, each) {
		const char *url = strcmp(text_at(each, "type"), types[service]) == 0
					  ? url_of(each, c)
					  : NULL;

		if (url)
			return take_url(url, service, out, e);
	}
	return 0;
}

/* All images need Glance; the other services only some. */
static int take_endpoints(const json_t *token, const struct cloud *c, struct session *out,
			  struct err *e)
{
	for (enum service s = 0; s < SERVICES; s++)
		if (take_endpoint(token, s, c, out, e) < 0)
			return -1;
	return *out->endpoints[SERVICE_GLANCE] ? 0 : keystone_lacks(c, SERVICE_GLANCE, e);
}

static int take_session(const struct http_answer *a, const struct cloud *c, struct session *out,
			struct err *e)
{
	json_auto_t *body = json_loadb(a->body, a->len, 0, NULL);
	const json_t *token = json_object_get(body, "token");

	if (!*a->token || !token)
		return err_set(e, ERR_NOBODY, "Keystone's answer has no token");
	memcpy(out->token, a->token, sizeof(out->token));
	snprintf(out->project, sizeof(out->project), "%s",
		 text_at(json_object_get(token, "project"), "id"));
	return take_endpoints(token, c, out, e);
}

int keystone_log_in(struct http *h, const struct cloud *cloud, struct session *out, struct err *e)
{
	json_auto_t *body = login(cloud);
	own_free char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	own_free char *url = tokens_url(cloud->auth_url);
	own_answer struct http_answer a = {0};
	struct session s = {0};
	int rc;

	if (!text)
		return err_set(e, ERR_NOBODY, "out of memory for a login");
	rc = http_do(h, &(struct http_request){.method = "POST", .url = url, .body = text}, &a, e);
	explicit_bzero(text, strlen(text));
	if (rc < 0)
		return -1;
	if (a.status == 401 || a.status == 403)
		return err_set(e, ERR_OPERATOR,
			       "Keystone refuses the credentials (%ld to POST %s); see "
			       "glance_credentials",
			       a.status, url);
	if (a.status == 404)
		return err_set(e, ERR_OPERATOR, "there is no Keystone v3 at %s; see auth_url", url);
	if (a.status != 201 && a.status != 200)
		return err_set(e, ERR_NOBODY, "Keystone answers %ld to POST %s", a.status, url);
	if (take_session(&a, cloud, &s, e) < 0)
		return -1;
	*out = s;
	explicit_bzero(&s, sizeof(s));
	return 0;
}
