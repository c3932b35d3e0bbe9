/* pin: changes an image file's pin, two settings that programs write into a user's file. Preserves
 * the rest, including comments. DIAGNOSTICS: as image.c; ERR_NOBODY if the lock is not free. */
#include "conf/image.h"

#include "conf/yaml.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>

int images_lock(const char *images_dir, int wait_ms, struct err *e)
{
	own_fd int dir = fs_open_dir(AT_FDCWD, images_dir, e);
	int locked = dir < 0 ? -1 : fs_flock(dir, wait_ms, e);

	if (locked == 0)
		err_set(e, ERR_NOBODY, "another process is changing an image file in %s; try again",
			images_dir);
	return locked == 1 ? steal_fd(&dir) : -1;
}

static bool is_of_pin(const char *line)
{
	return strncmp(line, "pinned:", 7) == 0 || strncmp(line, "until_ref_leaves:", 17) == 0;
}

/* Returns the text with its pin lines replaced by img's, or NULL if memory runs out. An unusual
 * layout can break this, so the caller checks the result. */
static char *replace_lines(const char *text, const struct image *img)
{
	char *out = NULL;
	size_t size, len;
	FILE *f = open_memstream(&out, &size);
	bool ended = true;

	if (!f)
		return NULL;
	for (const char *line = text; *line; line += len) {
		len = strcspn(line, "\n");
		ended = line[len] == '\n';
		len += ended;
		if (!is_of_pin(line))
			fwrite(line, 1, len, f);
	}
	if (img->pinned)
		fprintf(f, "%spinned: \"%s\"\n", ended ? "" : "\n", img->pinned);
	if (img->pinned && img->until_ref_leaves)
		fprintf(f, "until_ref_leaves: \"%s\"\n", img->until_ref_leaves);
	if (fclose(f) == 0)
		return out;
	free(out);
	return NULL;
}

/* Whether text parses to the image that `want` emits. */
static bool says(const char *text, const struct image *img, const char *want)
{
	own_image struct image got = {0};
	own_free char *emitted = NULL;
	struct err ignored = ERR_INIT;
	size_t len;

	return image_parse("", img->uuid, text, strlen(text), &got, &ignored) == 0 &&
	       image_emit(&got, &emitted, &len, &ignored) == 0 && strcmp(emitted, want) == 0;
}

/* Writes img with its new pin into its file, under the lock. */
static int write_pin(const char *images_dir, const struct image *img, struct err *e)
{
	own_free char *path = fs_path("%s/%s.yaml", images_dir, img->uuid);
	own_free char *old = NULL, *edited = NULL, *plain = NULL;
	size_t len;

	if (fs_read(AT_FDCWD, path, DOC_BYTES_MAX, &old, &len, e) < 0 ||
	    image_emit(img, &plain, &len, e) < 0)
		return -1;
	edited = replace_lines(old, img);
	if (!edited || !says(edited, img, plain))
		return fs_replace(AT_FDCWD, path, plain, len, 0664, e);
	return fs_replace(AT_FDCWD, path, edited, strlen(edited), 0664, e);
}

static int set_pin(struct image *img, const char *release, const char *until, struct err *e)
{
	if (image_set(img, "pinned", release ? release : "", e) < 0)
		return -1;
	return image_set(img, "until_ref_leaves", release && until ? until : "", e);
}

int image_pin(const char *images_dir, const char *uuid, const char *release, const char *until,
	      struct err *e)
{
	own_fd int lock = images_lock(images_dir, IMAGES_LOCK_MS, e);
	own_image struct image img = {0};

	if (lock < 0 || image_load(images_dir, uuid, &img, e) < 0 ||
	    set_pin(&img, release, until, e) < 0)
		return -1;
	return write_pin(images_dir, &img, e);
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

int image_unpin(const char *images_dir, const struct image *seen, struct err *e)
{
	own_fd int lock = images_lock(images_dir, 0, e);
	own_image struct image img = {0};

	if (lock < 0)
		return e->class == ERR_NOBODY ? 0 : -1;
	if (image_load(images_dir, seen->uuid, &img, e) < 0)
		return e->sys == ENOENT ? 0 : -1;
	if (!same(img.pinned, seen->pinned) || !same(img.until_ref_leaves, seen->until_ref_leaves))
		return 0;
	failpoint("pin-read");
	if (set_pin(&img, NULL, NULL, e) < 0 || write_pin(images_dir, &img, e) < 0)
		return -1;
	return 1;
}
