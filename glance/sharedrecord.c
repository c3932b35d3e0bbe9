/* sharedrecord: DIAGNOSTICS: as imageapi. A record that does not count is passed over. */
#include "glance/sharedrecord.h"

#include "lib/fs.h"
#include "lib/own.h"
#include "store/answer.h"
#include "store/nova.h"

#include <jansson.h>
#include <string.h>

static const char *text_of(const json_t *image, const char *name)
{
	const char *text = json_string_value(json_object_get(image, name));

	return text ? text : "";
}

static bool is(const json_t *image, const char *name, const char *text)
{
	return strcmp(text_of(image, name), text) == 0;
}

/* The project in which this node registers the image. */
static const char *project_of(const struct glance *g, const struct wanted *w)
{
	return *w->project ? w->project : g->session.project;
}

/* Lists the active records with this property. Glance's filters are not relied on: the caller looks
 * at each record. The caller decrefs *out. */
static enum said list(struct glance *g, const char *property, const char *value, json_t **out,
		      struct err *e)
{
	own_free char *path = fs_path("/v2/images?%s=%s&status=active&sort_key=created_at"
				      "&sort_dir=desc&limit=%d", property, value,
				      2 * SHARED_RECORDS_MOST);
	own_answer struct http_answer a = {0};
	enum said said = api_call(g, SERVICE_GLANCE,
				  &(struct http_request){.method = "GET", .url = path}, &a, e);

	if (said != SAID_YES)
		return said;
	*out = json_loadb(a.body, a.len, 0, NULL);
	if (json_is_array(json_object_get(*out, "images")))
		return SAID_YES;
	json_decref(*out);
	*out = NULL;
	err_set(e, ERR_NOBODY, "Glance's answer to GET %s is no list of images", path);
	return SAID_WAIT;
}

static bool is_of_project(const struct glance *g, const struct wanted *w, const json_t *image)
{
	return *project_of(g, w) && is(image, "owner", project_of(g, w)) &&
	       is(image, "status", "active");
}

static bool is_plain(const char *text, size_t most)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return len <= most;
}

static bool take(const struct glance *g, const struct wanted *w, const json_t *image,
		 struct shared_record *out)
{
	const json_t *size = json_object_get(image, "size");
	const char *of = text_of(image, "hornero_image"), *node = text_of(image, "hornero_node");
	const char *url = text_of(image, "hornero_url");
	char release[UUID_LEN + 1];
	struct err ignored = ERR_INIT;

	*out = (struct shared_record){.size_bytes = json_integer_value(size)};
	if (!is_of_project(g, w, image) || !is(image, "disk_format", "raw") ||
	    !is(image, "container_format", "bare") || !is(image, "hornero_key", w->key) ||
	    !is(image, "hornero_built", ANSWER_CLEAN) || !uuid_valid(of) ||
	    !sha256_valid(text_of(image, "hornero_sha256")) || out->size_bytes < 1 ||
	    out->size_bytes > g->conf->image_size_limit_bytes)
		return false;
	snprintf(out->digest, sizeof(out->digest), "%s", text_of(image, "hornero_sha256"));
	if (nova_release(of, out->digest, release, &ignored) < 0 || !is(image, "id", release))
		return false;
	memcpy(out->release, release, sizeof(release));
	snprintf(out->node, sizeof(out->node), "%s",
		 *node && is_plain(node, sizeof(out->node) - 1) ? node : "another node");
	if (is_plain(url, SHARED_URL_MAX))
		snprintf(out->url, sizeof(out->url), "%s", url);
	return true;
}

/* The commit is the same, so the difference is in what the nodes themselves have. */
static void explain(const struct glance *g, const struct wanted *w, const json_t *images,
		    struct shared_records *out)
{
	const json_t *image;
	size_t i;

	json_array_foreach(images, i, image) {
		const char *node = text_of(image, "hornero_node");
		bool file = !is(image, "hornero_builder_file", w->builder_file);
		bool tools = !is(image, "hornero_toolchain", w->toolchain);

		if (!is_of_project(g, w, image) || !is(image, "hornero_commit", w->commit) ||
		    !is_plain(node, sizeof(g->node) - 1))
			continue;
		if (is(image, "hornero_key", w->key)) {
			snprintf(out->why, sizeof(out->why), "%s has it by an incremental build, "
				 "which no clean build has confirmed yet", node);
			return;
		}
		snprintf(out->why, sizeof(out->why), "%s has this commit under another content "
			 "key: %s; `hornero image show --json` on both nodes shows the parts",
			 node,
			 file && tools ? "its builder file and its toolchain differ"
			 : file        ? "its builder file differs"
			 : tools       ? "its toolchain differs: a version, or a file of `inputs`"
				       : "its architecture, its expected boot or its subdirectory "
					 "differs");
		return;
	}
}

enum said shared_records_find(struct glance *g, const struct wanted *w,
			      struct shared_records *out, struct err *e)
{
	json_auto_t *by_key = NULL, *by_commit = NULL;
	const json_t *image;
	struct err ignored = ERR_INIT;
	enum said said = list(g, "hornero_key", w->key, &by_key, e);
	size_t i;

	*out = (struct shared_records){.n = 0};
	if (said != SAID_YES)
		return said;
	json_array_foreach(json_object_get(by_key, "images"), i, image)
		if (out->n < SHARED_RECORDS_MOST && take(g, w, image, &out->list[out->n]))
			out->n++;
	if (out->n == 0 && *w->commit &&
	    list(g, "hornero_commit", w->commit, &by_commit, &ignored) == SAID_YES)
		explain(g, w, json_object_get(by_commit, "images"), out);
	return SAID_YES;
}
