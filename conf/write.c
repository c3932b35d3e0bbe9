/* write: writes an image file with libyaml's emitter. DIAGNOSTICS: as image.c; ERR_NOBODY if memory
 * runs out. */
#include "conf/image.h"

#include "conf/setting.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <yaml.h>

static bool emit(yaml_emitter_t *emitter, yaml_event_t *event, int made)
{
	return made && yaml_emitter_emit(emitter, event); /* emit frees the event in all cases */
}

static bool emit_text(yaml_emitter_t *emitter, const char *text, bool quoted)
{
	yaml_event_t event;

	return emit(emitter, &event,
		    yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text,
						 (int)strlen(text), 1, 1,
						 quoted ? YAML_DOUBLE_QUOTED_SCALAR_STYLE
							: YAML_PLAIN_SCALAR_STYLE));
}

/* Whether a reader could take plain text for another type. The emitter itself quotes what YAML
 * requires. */
static bool wants_quotes(const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "._-/ ";
	static const char *const words[] = {"null", "true", "false", "yes", "no",
					    "on",   "off",  "y",     "n",   NULL};

	if (!strpbrk(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") ||
	    strspn(text, plain) != strlen(text))
		return true;
	for (size_t i = 0; words[i]; i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	return text[0] >= '0' && text[0] <= '9';
}

/* Omits keys at their default. */
static bool emit_key(yaml_emitter_t *emitter, const struct setting *k, const struct image *img,
		     const struct image *plain)
{
	own_free char *text = settings_text(k, img);
	own_free char *fallback = settings_text(k, plain);

	if (!text || (fallback && strcmp(text, fallback) == 0))
		return true;
	return emit_text(emitter, k->name, false) &&
	       emit_text(emitter, text,
			 (k->type == SETTING_TEXT || k->type == SETTING_CHOICE) &&
			 wants_quotes(text));
}

static bool emit_keys(yaml_emitter_t *emitter, const struct image *img, const struct image *plain)
{
	for (size_t i = 0; i < image_settings.n; i++) {
		const struct setting *k = &image_settings.list[i];

		/* A commit without a pin has no effect. */
		if (strcmp(k->name, "until_ref_leaves") == 0 && !img->pinned)
			continue;
		if (!emit_key(emitter, k, img, plain))
			return false;
	}
	return true;
}

static bool emit_image(yaml_emitter_t *emitter, const struct image *img, const struct image *plain)
{
	yaml_event_t event;

	return emit(emitter, &event,
		    yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING)) &&
	       emit(emitter, &event,
		    yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1)) &&
	       emit(emitter, &event,
		    yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
							YAML_BLOCK_MAPPING_STYLE)) &&
	       emit_keys(emitter, img, plain) &&
	       emit(emitter, &event, yaml_mapping_end_event_initialize(&event)) &&
	       emit(emitter, &event, yaml_document_end_event_initialize(&event, 1)) &&
	       emit(emitter, &event, yaml_stream_end_event_initialize(&event));
}

int image_emit(const struct image *img, char **text, size_t *len, struct err *e)
{
	/* repo 200, ref 200, subdir 1024, name 200 at most; escapes triple them */
	enum { ROOM = 8192 };
	own_free char *buf = malloc(ROOM);
	own_image struct image plain = {0};
	yaml_emitter_t emitter;
	size_t used = 0;
	bool fine;

	assert(!img->broken && uuid_valid(img->uuid));
	if (!img->repo)
		return err_set(e, ERR_USAGE, "image %s has no repository; set repo", img->uuid);
	if (image_init(&plain, img->uuid, e) < 0)
		return -1;
	if (!buf || !yaml_emitter_initialize(&emitter))
		return err_set(e, ERR_NOBODY, "image %s: out of memory", img->uuid);
	yaml_emitter_set_output_string(&emitter, (unsigned char *)buf, ROOM - 1, &used);
	yaml_emitter_set_unicode(&emitter, 1);
	yaml_emitter_set_width(&emitter, -1);
	fine = emit_image(&emitter, img, &plain);
	yaml_emitter_delete(&emitter);
	if (!fine)
		return err_set(e, ERR_US, "image %s: cannot be written as YAML", img->uuid);
	buf[used] = '\0';
	*text = steal_ptr(&buf);
	*len = used;
	return 0;
}

int image_save(const char *images_dir, const struct image *img, struct err *e)
{
	own_free char *path = fs_path("%s/%s.yaml", images_dir, img->uuid);
	own_free char *text = NULL;
	size_t len;

	if (image_emit(img, &text, &len, e) < 0)
		return -1;
	return fs_replace(AT_FDCWD, path, text, len, 0664, e);
}
