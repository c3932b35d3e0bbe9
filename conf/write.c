/* write: an image file by libyaml's emitter. DIAGNOSTICS: as image.c; ERR_NOBODY where memory is out. */
#include "conf/image.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <yaml.h>

static bool emit(yaml_emitter_t *emitter, yaml_event_t *event, int made)
{
	return made && yaml_emitter_emit(emitter, event); /* emit frees the event, whatever comes of it */
}

static bool emit_text(yaml_emitter_t *emitter, const char *text, bool quoted)
{
	yaml_event_t event;

	return emit(emitter, &event,
		    yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text, (int)strlen(text), 1, 1,
						 quoted ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE));
}

/* Plain where nobody could read it as anything but this text; the emitter itself quotes what YAML needs quoted. */
static bool wants_quotes(const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/ ";
	static const char *const words[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", NULL};

	if (!strpbrk(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") ||
	    strspn(text, plain) != strlen(text))
		return true;
	for (size_t i = 0; words[i]; i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	return text[0] >= '0' && text[0] <= '9';
}

static bool emit_pair(yaml_emitter_t *emitter, const char *key, const char *value)
{
	if (!value || !*value)
		return true;
	return emit_text(emitter, key, false) && emit_text(emitter, value, wants_quotes(value));
}

/* 0 stands for what is left out. */
static bool emit_number(yaml_emitter_t *emitter, const char *key, int64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%lld", (long long)value);
	return value == 0 || (emit_text(emitter, key, false) && emit_text(emitter, digits, false));
}

static bool emit_boot(yaml_emitter_t *emitter, const struct image *img)
{
	return emit_pair(emitter, "expect", img->expect) && emit_number(emitter, "timeout", img->timeout_s) &&
	       emit_number(emitter, "boot_memory", img->boot_memory_bytes == IMAGE_BOOT_MEMORY ? 0 : img->boot_memory_bytes) &&
	       emit_pair(emitter, "boot_machine", img->boot_machine == IMAGE_MACHINE_PC ? NULL
			 : image_machine_name(img->boot_machine));
}

static bool emit_image(yaml_emitter_t *emitter, const struct image *img)
{
	yaml_event_t event;

	return emit(emitter, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING)) &&
	       emit(emitter, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1)) &&
	       emit(emitter, &event,
		    yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE)) &&
	       emit_pair(emitter, "repo", img->repo) && emit_pair(emitter, "ref", img->ref) &&
	       emit_pair(emitter, "subdir", img->subdir) && emit_pair(emitter, "builder", img->builder) &&
	       emit_boot(emitter, img) && emit_pair(emitter, "name", img->name) && emit_pair(emitter, "keep_warm", strcmp(img->keep_warm, "always") == 0 ? NULL : img->keep_warm) &&
	       emit_pair(emitter, "in_use", image_in_use_name(img->in_use)) && emit_pair(emitter, "pinned", img->pinned) &&
	       emit_pair(emitter, "until_ref_leaves", img->pinned ? img->until_ref_leaves : NULL) &&
	       emit(emitter, &event, yaml_mapping_end_event_initialize(&event)) &&
	       emit(emitter, &event, yaml_document_end_event_initialize(&event, 1)) &&
	       emit(emitter, &event, yaml_stream_end_event_initialize(&event));
}

int image_emit(const struct image *img, char **text, size_t *len, struct err *e)
{
	enum { ROOM = 8192 }; /* repo 200, ref 200, subdir 1024, name 200 at most; escapes grow them threefold */
	own_free char *buf = malloc(ROOM);
	yaml_emitter_t emitter;
	size_t used = 0;
	bool fine;

	assert(!img->broken && uuid_valid(img->uuid));
	if (!img->repo)
		return err_set(e, ERR_USAGE, "image %s has no repository; set repo", img->uuid);
	if (!buf || !yaml_emitter_initialize(&emitter))
		return err_set(e, ERR_NOBODY, "image %s: out of memory", img->uuid);
	yaml_emitter_set_output_string(&emitter, (unsigned char *)buf, ROOM - 1, &used);
	yaml_emitter_set_unicode(&emitter, 1);
	yaml_emitter_set_width(&emitter, -1);
	fine = emit_image(&emitter, img);
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
