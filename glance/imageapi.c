/* imageapi: DIAGNOSTICS: every answer but a good one is a sentence in e and one of enum said. */
#include "glance/imageapi.h"

#include "lib/fs.h"
#include "lib/own.h"
#include "store/answer.h"
#include "store/nova.h"
#include "store/traits.h"

#include <jansson.h>
#include <string.h>

#define PATCH_TYPE "application/openstack-images-v2.1-json-patch"
enum { PROPERTY_MAX = 255 /* Glance's limit */ };

static enum said tell(struct glance *g, const struct http_request *r, struct err *e)
{
	return api_tell(g, SERVICE_GLANCE, r, e);
}

static enum said tell_json(struct glance *g, const char *method, const char *path,
			   const char *type, const json_t *body, struct err *e)
{
	return api_tell_json(g, SERVICE_GLANCE, method, path, type, body, e);
}

static void copy_text(const json_t *object, const char *name, char *out, size_t size)
{
	const char *text = json_string_value(json_object_get(object, name));

	snprintf(out, size, "%s", text ? text : "");
}

static bool has_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text && *text;
}

static bool is_text(const json_t *object, const char *name, const char *text)
{
	const char *is = json_string_value(json_object_get(object, name));

	return is && strcmp(is, text) == 0;
}

static bool has_tag(const json_t *image, const char *tag)
{
	const json_t *each;
	size_t i;

	json_array_foreach(json_object_get(image, "tags"), i, each)
		if (json_is_string(each) && strcmp(json_string_value(each), tag) == 0)
			return true;
	return false;
}

static char *required_property(const char *image)
{
	char trait[TRAIT_LEN + 1];

	trait_of(image, trait);
	return fs_path("trait:%s", trait);
}

enum said imageapi_show(struct glance *g, const char *id, struct shown *out, struct err *e)
{
	own_free char *path = fs_path("/v2/images/%s", id);
	own_free char *tag = NULL, *property = NULL;
	own_answer struct http_answer a = {0};
	json_auto_t *image = NULL;
	const json_t *size;
	enum said said = api_call(g, SERVICE_GLANCE,
				  &(struct http_request){.method = "GET", .url = path}, &a, e);

	*out = (struct shown){.size_bytes = -1};
	if (said != SAID_YES)
		return said;
	image = json_loadb(a.body, a.len, 0, NULL);
	if (!has_text(image, "status")) {
		err_set(e, ERR_NOBODY, "Glance's answer to GET %s is no image", path);
		return SAID_WAIT;
	}
	copy_text(image, "status", out->status, sizeof(out->status));
	copy_text(image, "os_hash_algo", out->hash_algo, sizeof(out->hash_algo));
	copy_text(image, "os_hash_value", out->hash, sizeof(out->hash));
	copy_text(image, "hornero_sha256", out->sha256, sizeof(out->sha256));
	copy_text(image, "hornero_image", out->image, sizeof(out->image));
	copy_text(image, "hornero_stable", out->stable, sizeof(out->stable));
	copy_text(image, "hornero_release", out->release, sizeof(out->release));
	copy_text(image, "owner", out->owner, sizeof(out->owner));
	copy_text(image, "name", out->name, sizeof(out->name));
	copy_text(image, "disk_format", out->disk_format, sizeof(out->disk_format));
	copy_text(image, "container_format", out->container_format, sizeof(out->container_format));
	tag = fs_path(IMAGEAPI_TAG "%s", out->image);
	out->is_tagged = has_tag(image, tag);
	property = required_property(out->image);
	out->is_required = is_text(image, property, "required");
	out->is_clean = is_text(image, "hornero_built", ANSWER_CLEAN);
	size = json_object_get(image, "size");
	if (json_is_integer(size))
		out->size_bytes = json_integer_value(size);
	out->min_disk = json_integer_value(json_object_get(image, "min_disk"));
	out->is_importing = has_text(image, "os_glance_import_task");
	out->has_import_failed = has_text(image, "os_glance_failed_import");
	return SAID_YES;
}

static void put(json_t *image, const char *name, const char *text)
{
	if (*text && strlen(text) <= PROPERTY_MAX)
		json_object_set_new(image, name, json_string(text));
}

/* The hardware of the boot that proved the artifact. Without such a boot Nova's defaults apply. */
static void put_hardware(json_t *image, const struct manifest *m)
{
	const char *bus = *m->boot_bus ? m->boot_bus : "virtio";

	if (strcmp(m->firmware, "uefi") == 0)
		put(image, "hw_firmware_type", "uefi");
	if (!*m->expect)
		return;
	put(image, "hw_machine_type", m->boot_machine);
	put(image, "hw_disk_bus", bus);
	if (strcmp(bus, "scsi") == 0)
		put(image, "hw_scsi_model", "virtio-scsi");
	if (!*m->firmware)
		put(image, "hw_firmware_type", "bios");
}

char *imageapi_artifact_url(const struct conf *c, const char *path)
{
	const char *base = c->glance_artifact_url;
	size_t len = base ? strlen(base) : 0;

	len -= len > 0 && base[len - 1] == '/';
	return base ? fs_path("%.*s/%s", (int)len, base, path) : NULL;
}

/* For other nodes that want these bytes instead of a build: sharedrecord.h. */
static void put_offer(json_t *image, const struct glance *g, const struct manifest *m)
{
	own_free char *path = fs_path("sha256/%s", m->made.digest);
	own_free char *url = imageapi_artifact_url(g->conf, path);

	put(image, "hornero_url", url ? url : "");
	put(image, "hornero_builder_file", m->builder_file);
	put(image, "hornero_toolchain", m->toolchain);
	if (answer_is_clean(g->conf->store_dir, m->made.key, m->made.digest))
		put(image, "hornero_built", ANSWER_CLEAN);
}

static void put_origin(json_t *image, const struct glance *g, const struct outgoing *o,
		       const struct manifest *m)
{
	put(image, "hornero_image", o->image);
	put(image, "hornero_repo", o->repo);
	put(image, "hornero_ref", o->ref);
	put(image, "hornero_commit", o->commit);
	put(image, "hornero_key", m->made.key);
	put(image, "hornero_sha256", o->digest);
	put(image, "hornero_node", g->node);
}

enum said imageapi_create(struct glance *g, const struct outgoing *o, const struct manifest *m,
			  struct err *e)
{
	own_free char *name = fs_path("%.200s@%.12s", o->repo, o->commit);
	json_auto_t *image = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:I}", "id", o->release, "name", name, "disk_format",
		"raw", "container_format", "bare", "visibility", o->visibility, "min_disk",
		(json_int_t)nova_root_gib(m->size_bytes));

	if (image) {
		put(image, "owner", o->project);
		put_hardware(image, m);
		put_origin(image, g, o, m);
		put_offer(image, g, m);
	}
	return tell_json(g, "POST", "/v2/images", NULL, image, e);
}

/* Properties that every record of a stable id has. */
static void put_stable(json_t *image, const struct glance *g, const struct stable *s)
{
	put(image, "hornero_image", s->image);
	put(image, "hornero_repo", s->repo);
	put(image, "hornero_ref", s->ref);
	put(image, "hornero_node", g->node);
}

enum said imageapi_create_stable(struct glance *g, const struct stable *s, struct err *e)
{
	json_auto_t *image = json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", s->image, "name", s->name,
				       "disk_format", "raw", "container_format", "bare",
				       "visibility", s->visibility);

	if (image) {
		put(image, "owner", s->project);
		put(image, "hornero_stable", s->policy);
		put_stable(image, g, s);
	}
	return tell_json(g, "POST", "/v2/images", NULL, image, e);
}

static json_t *change_of(const char *name, json_t *value)
{
	own_free char *path = fs_path("/%s", name);

	/* Glance takes "add" for a new value of a property, too. */
	return json_pack("{s:s, s:s, s:O}", "op", strcmp(name, "min_disk") == 0 ? "replace" : "add",
			 "path", path, "value", value);
}

enum said imageapi_describe(struct glance *g, const struct stable *s, const struct manifest *m,
			    bool has_bytes, struct err *e)
{
	own_free char *path = fs_path("/v2/images/%s", s->image);
	json_auto_t *wanted = json_object(), *patch = json_array();
	char release[UUID_LEN + 1] = "";
	const char *name;
	json_t *value;

	if (m && nova_release(s->image, s->digest, release, e) < 0)
		return SAID_WAIT;
	if (wanted && m) {
		put_hardware(wanted, m);
		json_object_set_new(wanted, "min_disk", json_integer(nova_root_gib(m->size_bytes)));
		put(wanted, "hornero_commit", s->commit);
		put(wanted, "hornero_release", release);
	}
	if (wanted && m && !has_bytes)
		put(wanted, "hornero_sha256", s->digest);
	if (wanted && !has_bytes)
		put(wanted, "hornero_stable", s->policy);
	if (wanted && has_bytes && !m) /* adopted with bytes: Glance keeps them */
		put(wanted, "hornero_stable", "follow");
	if (wanted)
		put_stable(wanted, g, s);
	json_object_foreach(wanted, name, value) {
		json_array_append_new(patch, change_of(name, value));
	}
	return tell_json(g, "PATCH", path, "application/openstack-images-v2.1-json-patch", patch,
			 e);
}

/* Glance does not name the filter that refused the URL. */
static enum said name_filter(enum said said, struct err *e)
{
	if (said == SAID_REFUSED &&
	    (strstr(e->msg, "Invalid location") || strstr(e->msg, "does not pass filtering")))
		err_wrap(e, "[import_filtering_opts] of glance-api.conf must allow host and port "
			    "of glance_artifact_url; hornero-glance(8) says more");
	return said;
}

/* Glance 2023.2 and later has a call of its own for it, which owners may use. Older ones have
 * show_multiple_locations. */
enum said imageapi_add_location(struct glance *g, const char *id, const char *url,
				const char *sha512, struct err *e)
{
	own_free char *path = fs_path("/v2/images/%s/locations", id);
	own_free char *image = fs_path("/v2/images/%s", id);
	json_auto_t *body = json_pack("{s:s, s:{s:s, s:s}}", "url", url, "validation_data",
					  "os_hash_algo", "sha512", "os_hash_value", sha512);
	json_auto_t *patch = NULL;
	enum said said = tell_json(g, "POST", path, NULL, body, e);

	if (said != SAID_MISSING)
		return name_filter(said, e);
	json_object_set_new(body, "metadata", json_object());
	patch = json_pack("[{s:s, s:s, s:O}]", "op", "add", "path", "/locations/-", "value", body);
	return name_filter(tell_json(g, "PATCH", image, PATCH_TYPE, patch, e), e);
}

enum said imageapi_import(struct glance *g, const char *id, const char *url, struct err *e)
{
	own_free char *path = fs_path("/v2/images/%s/import", id);
	json_auto_t *body = json_pack("{s:{s:s, s:s}}", "method", "name", "web-download", "uri",
					  url);

	return name_filter(tell_json(g, "POST", path, NULL, body, e), e);
}

/* A record takes printable text only. */
static void copy_words(const json_t *image, const char *name, char *out, size_t size)
{
	copy_text(image, name, out, size);
	for (char *c = out; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

/* One that hornero has marked is bound, or was. */
static bool is_offer(const struct glance *g, const json_t *image, struct offer *o)
{
	char owner[65], id[UUID_LEN + 2];

	copy_text(image, "owner", owner, sizeof(owner));
	copy_text(image, "id", id, sizeof(id));
	copy_words(image, "name", o->name, sizeof(o->name));
	if (!uuid_valid(id) || strcmp(owner, g->session.project) != 0 ||
	    strncmp(o->name, OFFER_PREFIX, strlen(OFFER_PREFIX)) != 0 ||
	    has_text(image, "hornero_image"))
		return false;
	memcpy(o->id, id, sizeof(o->id));
	copy_words(image, "status", o->status, sizeof(o->status));
	copy_words(image, "disk_format", o->disk_format, sizeof(o->disk_format));
	copy_words(image, "container_format", o->container_format, sizeof(o->container_format));
	o->size_bytes = json_integer_value(json_object_get(image, "size"));
	return o->size_bytes >= 0;
}

enum said imageapi_offers(struct glance *g, char marker[UUID_LEN + 1],
			  struct offer list[OFFERS_MOST], size_t *n, struct err *e)
{
	own_free char *path = NULL;
	own_answer struct http_answer a = {0};
	json_auto_t *page = NULL;
	const json_t *images, *each;
	enum said said = *g->session.token ? SAID_YES : api_log_in(g, e);
	size_t i;

	if (said != SAID_YES)
		return said;
	path = fs_path("/v2/images?owner=%s&limit=200%s%s", g->session.project,
		       *marker ? "&marker=" : "", marker);
	said = api_call(g, SERVICE_GLANCE,
			&(struct http_request){.method = "GET", .url = path}, &a, e);
	if (said != SAID_YES)
		return said;
	page = json_loadb(a.body, a.len, 0, NULL);
	images = json_object_get(page, "images");
	if (!json_is_array(images)) {
		err_set(e, ERR_NOBODY, "Glance's answer to GET %s is no list of images", path);
		return SAID_WAIT;
	}
	*marker = '\0';
	json_array_foreach(images, i, each) {
		if (json_object_get(page, "next"))
			copy_text(each, "id", marker, UUID_LEN + 1);
		if (*n < OFFERS_MOST && is_offer(g, each, &list[*n]))
			++*n;
	}
	if (*marker && !uuid_valid(marker))
		*marker = '\0';
	return SAID_YES;
}

enum said imageapi_upload(struct glance *g, const char *id, int fd, int64_t size_bytes,
			  struct err *e)
{
	own_free char *path = fs_path("/v2/images/%s/file", id);

	return tell(g,
		    &(struct http_request){.method = "PUT",
					   .url = path,
					   .type = "application/octet-stream",
					   .file = fd,
					   .is_file = true,
					   .size_bytes = size_bytes},
		    e);
}

enum said imageapi_tag(struct glance *g, const char *id, const char *image, bool is_current,
		       struct err *e)
{
	own_free char *path = fs_path("/v2/images/%s/tags/" IMAGEAPI_TAG "%s", id, image);
	const char *method = is_current ? "PUT" : "DELETE";
	enum said said = tell(g, &(struct http_request){.method = method, .url = path}, e);

	return said == SAID_MISSING && !is_current ? SAID_YES : said;
}

enum said imageapi_note_clean(struct glance *g, const char *id, struct err *e)
{
	own_free char *path = fs_path("/v2/images/%s", id);
	json_auto_t *patch = json_pack("[{s:s, s:s, s:s}]", "op", "add", "path", "/hornero_built",
				       "value", ANSWER_CLEAN);

	return tell_json(g, "PATCH", path, PATCH_TYPE, patch, e);
}

enum said imageapi_require(struct glance *g, const char *id, const char *image, bool is_required,
			   struct err *e)
{
	own_free char *path = fs_path("/v2/images/%s", id), *name = required_property(image);
	own_free char *at = fs_path("/%s", name);
	json_auto_t *patch = is_required ? json_pack("[{s:s, s:s, s:s}]", "op", "add", "path", at,
						     "value", "required")
					 : json_pack("[{s:s, s:s}]", "op", "remove", "path", at);

	return tell_json(g, "PATCH", path, PATCH_TYPE, patch, e);
}

enum said imageapi_act(struct glance *g, const char *id, const char *action, struct err *e)
{
	own_free char *path = fs_path("/v2/images/%s/actions/%s", id, action);

	return tell(g, &(struct http_request){.method = "POST", .url = path}, e);
}
