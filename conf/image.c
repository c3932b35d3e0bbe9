/* image: DIAGNOSTICS: ERR_OPERATOR with FILE:LINE:COLUMN for a file, ERR_USAGE for a command-line
 * argument, ERR_NOBODY if memory or descriptors run out. */
#include "conf/image.h"

#include "conf/check.h"
#include "conf/expect.h"
#include "conf/repowords.h"
#include "conf/setting.h"
#include "conf/value.h"
#include "conf/yaml.h"
#include "lib/fs.h"
#include "lib/hex.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>

#define AT(member) .offset = offsetof(struct image, member)
enum { NAME_MAX_BYTES = 200 };

static const char *const in_uses[] = {
	[IMAGE_IN_USE_DEFER] = "defer",
	[IMAGE_IN_USE_FLATTEN] = "flatten",
	[IMAGE_IN_USE_RELEASE_ONLY] = "release-only",
	NULL,
};
static const char *const releases[] = {
	[IMAGE_RELEASES_NEVER] = "never", [IMAGE_RELEASES_ALWAYS] = "always", NULL,
};
static const char *const confirms[] = {
	[IMAGE_CONFIRM_IDLE] = "idle", [IMAGE_CONFIRM_NEVER] = "never", NULL,
};
static const char *const machines[] = {
	[IMAGE_MACHINE_PC] = "pc", [IMAGE_MACHINE_Q35] = "q35", NULL,
};

const char *image_machine_name(enum image_machine machine)
{
	return machines[machine];
}

static int check_subdir(const char *text, struct err *e)
{
	return *text ? check_relative(text, e) : 0;
}

/* Returns seconds, or -1 if text is not a time. The limit of 1000 years keeps sums of times in
 * range. */
static int64_t parse_time(const char *text)
{
	const int64_t most_s = INT64_C(1000) * 366 * 86400;
	int64_t s;

	return value_duration(text, &s) && s > 0 && s <= most_s ? s : -1;
}

static int check_keep_warm(const char *text, struct err *e)
{
	char shown[CHECK_SHOWN];

	if (strcmp(text, "always") == 0 || strcmp(text, "never") == 0 || parse_time(text) > 0)
		return 0;
	return err_set(e, ERR_USAGE,
		       "%s is not a lifetime; always, never, or a time such as 12h or 14d is "
		       "allowed",
		       check_show(text, shown));
}

static int check_release(const char *text, struct err *e)
{
	char shown[CHECK_SHOWN];

	if (uuid_valid(text))
		return 0;
	return err_set(e, ERR_USAGE, "%s is not a release; a UUID in lower case is allowed",
		       check_show(text, shown));
}

static int check_commit(const char *text, struct err *e)
{
	char shown[CHECK_SHOWN];

	if (hex_is_oid(text))
		return 0;
	return err_set(e, ERR_USAGE, "%s is not a commit; 40 or 64 hexadecimal digits are allowed",
		       check_show(text, shown));
}

const char *image_pin_at(const struct image *img, const char *commit)
{
	if (!img->pinned || (img->until_ref_leaves && strcmp(img->until_ref_leaves, commit) != 0))
		return NULL;
	return img->pinned;
}

int64_t image_keep_s(const struct image *img)
{
	return strcmp(img->keep_warm, "never") == 0 ? 0 : parse_time(img->keep_warm);
}

static const struct setting settings[] = {
	{.name = "repo", .type = SETTING_TEXT, .check = check_repo, .required = true, AT(repo),
	 .allowed = "a repository's name, without .git",
	 .help = "Repository below repo_root from which the image is built at each push."},
	{.name = "ref", .type = SETTING_TEXT, .check = check_ref, .fallback = "refs/heads/main",
	 AT(ref), .allowed = "a whole ref below refs/heads/ or refs/tags/",
	 .help = "Branch or tag that the image follows. An annotated tag stands for the commit to "
		 "which it leads."},
	{.name = "subdir", .type = SETTING_TEXT, .check = check_subdir, .fallback = "", AT(subdir),
	 .allowed = "a relative path",
	 .help = "Directory of the tree that is built. A push that changes nothing below it builds "
		 "nothing. If empty, the whole tree is built."},
	{.name = "builder", .type = SETTING_TEXT, .check = check_name, AT(builder),
	 .allowed = "a builder's name",
	 .help = "Builder that makes the image. If unset, the one that the repository's "
		 ".hornero.yaml names is used. If that names none, it is detected by the files in "
		 "the tree."},
	{.name = "expect", .type = SETTING_TEXT, .check = check_expect, AT(expect),
	 .allowed = EXPECT_ALLOWED,
	 .help = "Regular expression that a line of the console must match when the image is "
		 "booted before it is published. If unset, that of the repository's .hornero.yaml "
		 "applies. If neither is set, the image is not booted."},
	{.name = "timeout", .type = SETTING_DURATION, .min = 1, .max = EXPECT_TIMEOUT_MAX_S,
	 AT(timeout_s),
	 .help = "How long the guest may take until a line matches, in the guest's own time. If "
		 "unset, that of the repository's .hornero.yaml applies. If neither is set, it is "
		 "30s."},
	{.name = "boot_memory", .type = SETTING_SIZE, .min = 16 << 20, .max = INT64_C(64) << 30,
	 .fallback = "512M", AT(boot_memory_bytes),
	 .help = "Memory of the guest that is booted. It counts as memory of the build."},
	{.name = "boot_machine", .type = SETTING_CHOICE, .choices = machines, .fallback = "pc",
	 AT(boot_machine),
	 .help = "QEMU's machine type for the guest that is booted. It corresponds to Glance's "
		 "hw_machine_type."},
	{.name = "boot_bus", .type = SETTING_TEXT, .check = repowords_check_bus, AT(boot_bus),
	 .allowed = "virtio, ide or scsi",
	 .help = "Bus of the disk of the guest that is booted. It corresponds to Glance's "
		 "hw_disk_bus; scsi is virtio-scsi (hw_scsi_model). If unset, that of the "
		 "repository's .hornero.yaml applies. If neither is set, it is virtio."},
	{.name = "name", .type = SETTING_TEXT, .max = NAME_MAX_BYTES, .fallback = "", AT(name),
	 .help = "Name of the image, for users to read."},
	{.name = "keep_warm", .type = SETTING_TEXT, .check = check_keep_warm, .fallback = "always",
	 AT(keep_warm),
	 .allowed = "always, never, or a time in seconds or with s, m, h or d",
	 .help = "How long the image stays in Nova's cache while no instance uses it. A time is "
		 "counted from the last use or push. With never, Nova removes the image after the "
		 "usual time, like any other."},
	{.name = "in_use", .type = SETTING_CHOICE, .choices = in_uses, .fallback = "defer",
	 AT(in_use),
	 .help = "Publication while instances stand on the old bytes. With defer, the old bytes "
		 "stay until the last such instance is gone, and the job waits. With flatten, the "
		 "disks of those instances are first made independent of the old bytes, which "
		 "needs disk space and libvirt. With release-only, the old bytes stay as well, but "
		 "the job is published under its release alone, and the image's own UUID follows "
		 "when the last such instance is gone."},
	{.name = "releases", .type = SETTING_CHOICE, .choices = releases, .fallback = "never",
	 AT(releases),
	 .help = "With always, each artifact is in Nova's cache under the UUID of its release as "
		 "well: a second name of the same file, which never gets other bytes. hornero does "
		 "not register it in Glance: an instance can boot a release after an operator has "
		 "registered it. With never, the cache has releases only of images with in_use: "
		 "release-only."},
	{.name = "confirm", .type = SETTING_CHOICE, .choices = confirms, .fallback = "idle",
	 AT(confirm),
	 .help = "With never, the image's incremental artifacts are not built again by clean "
		 "builds, even if hornero.yaml says confirm: idle."},
	{.name = "pinned", .type = SETTING_TEXT, .check = check_release, AT(pinned),
	 .allowed = "the UUID of a release",
	 .help = "Release that is kept warm instead of what the ref would make. hornero rollback "
		 "writes it; --undo or an empty value removes it."},
	{.name = "until_ref_leaves", .type = SETTING_TEXT, .check = check_commit,
	 AT(until_ref_leaves),
	 .allowed = "a commit, 40 or 64 hexadecimal digits",
	 .help = "The pin holds while the ref is at this commit, and is removed from the file when "
		 "another commit was built. If unset, the pin holds until it is removed."},
};

const char *image_in_use_name(enum image_in_use in_use)
{
	return in_uses[in_use];
}

const char *image_releases_name(enum image_releases word)
{
	return releases[word];
}

const struct settings image_settings = {"an image file", settings,
					sizeof(settings) / sizeof(settings[0])};

int image_check_repo(const char *repo, struct err *e)
{
	return check_repo(repo, e) < 0 ? err_wrap(e, "repository name") : 0;
}

void image_fini(struct image *img)
{
	settings_fini(&image_settings, img);
	memset(img, 0, sizeof(*img));
}

static int take_uuid(struct image *img, const char *uuid, struct err *e)
{
	char shown[CHECK_SHOWN];

	if (!uuid_canonical(uuid, img->uuid))
		return err_set(e, ERR_USAGE,
			       "%s is not an image id; Glance's ids look like "
			       "2b7e1516-28ae-4d2a-abf7-158809cf4f3c",
			       check_show(uuid, shown));
	if (strcmp(uuid, img->uuid) != 0)
		return err_set(e, ERR_USAGE,
			       "%s has capital letters: Nova and Glance write image ids in lower "
			       "case; use %s",
			       check_show(uuid, shown), img->uuid);
	return 0;
}

int image_init(struct image *img, const char *uuid, struct err *e)
{
	struct image fresh = {0};

	if (take_uuid(&fresh, uuid, e) < 0)
		return -1;
	if (settings_defaults(&image_settings, &fresh, e) < 0) {
		image_fini(&fresh);
		return -1;
	}
	*img = fresh;
	return 0;
}

int image_set(struct image *img, const char *name, const char *value, struct err *e)
{
	return settings_set(&image_settings, img, name, value, e);
}

int image_parse(const char *file, const char *uuid, const char *text, size_t len, struct image *out,
		struct err *e)
{
	own_image struct image img = {0};
	own_doc struct doc *doc = NULL;

	if (take_uuid(&img, uuid, e) < 0 || doc_parse(file, text, len, ERR_OPERATOR, &doc, e) < 0 ||
	    settings_read(&image_settings, doc, NULL, &img, e) < 0)
		return -1;
	*out = img;
	memset(&img, 0, sizeof(img));
	return 0;
}

static int load_at(int dir, const char *images_dir, const char *uuid, struct image *out,
		   struct err *e)
{
	own_free char *file = fs_path("%s.yaml", uuid);
	own_free char *path = fs_path("%s/%s", images_dir, file);
	own_free char *text = NULL;
	own_fd int fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t len;

	if (fd < 0 && errno == ENOENT) {
		err_set(e, ERR_OPERATOR,
			"no image %s (%s is not there); add it with `hornero image add %s REPO`",
			uuid, path, uuid);
		e->sys = ENOENT;
		return -1;
	}
	if (fd < 0)
		return err_sys(e, ERR_OPERATOR, "cannot open %s", path);
	if (fs_read_fd(fd, path, DOC_BYTES_MAX, &text, &len, e) < 0)
		return -1;
	return image_parse(path, uuid, text, len, out, e);
}

int image_load(const char *images_dir, const char *uuid, struct image *out, struct err *e)
{
	struct image named = {0};
	own_fd int dir = -1;

	if (take_uuid(&named, uuid, e) < 0)
		return -1;
	dir = fs_open_dir(AT_FDCWD, images_dir, e);
	if (dir < 0)
		return -1;
	return load_at(dir, images_dir, named.uuid, out, e);
}

void images_free(struct image *list, size_t n)
{
	for (size_t i = 0; list && i < n; i++)
		image_fini(&list[i]);
	free(list);
}

/* Accepts "UUID.yaml". A name with capital letters counts too, and is reported as unusable. */
static bool is_image_file(const char *file, char uuid[UUID_LEN + 1])
{
	char canonical[UUID_LEN + 1];

	if (strlen(file) != UUID_LEN + strlen(".yaml") || strcmp(file + UUID_LEN, ".yaml") != 0)
		return false;
	memcpy(uuid, file, UUID_LEN);
	uuid[UUID_LEN] = '\0';
	return uuid_canonical(uuid, canonical);
}

/* Nova hashes the id in Glance's spelling. */
static int check_file_name(const char *images_dir, const char *uuid, struct err *e)
{
	char canonical[UUID_LEN + 1];

	if (!uuid_canonical(uuid, canonical) || strcmp(uuid, canonical) == 0)
		return 0;
	return err_set(e, ERR_OPERATOR,
		       "the name of %s/%s.yaml has capital letters: Nova and Glance write image "
		       "ids in lower case; rename it to %s.yaml",
		       images_dir, uuid, canonical);
}

/* Returns 1 if *img is filled, 0 if the file is gone, -1 on error. */
static int load_or_mark(int dir, const char *images_dir, const char *uuid, struct image *img,
			struct err *e)
{
	struct err problem = ERR_INIT;

	memset(img, 0, sizeof(*img));
	if (check_file_name(images_dir, uuid, &problem) == 0 &&
	    load_at(dir, images_dir, uuid, img, &problem) == 0)
		return 1;
	if (problem.sys == ENOENT)
		return 0;
	/* Out of memory or descriptors: the file may be fine, so do not report the image as
	 * broken. */
	if (problem.class == ERR_NOBODY) {
		*e = problem;
		return -1;
	}
	memcpy(img->uuid, uuid, sizeof(img->uuid));
	img->broken = true;
	img->problem = problem;
	return 1;
}

static int by_uuid(const void *a, const void *b)
{
	return strcmp(((const struct image *)a)->uuid, ((const struct image *)b)->uuid);
}

static int load_kept(DIR *d, const char *images_dir, images_keep *keep, const void *arg,
		     struct image **list, size_t *n, struct err *e)
{
	size_t room = 0;
	struct dirent *entry;

	while ((entry = readdir(d))) {
		char uuid[UUID_LEN + 1];
		int got;

		if (!is_image_file(entry->d_name, uuid) ||
		    (keep && !keep(dirfd(d), entry->d_name, arg)))
			continue;
		if (*n == room) {
			struct image *more = reallocarray(*list, room = room ? 2 * room : 16,
							  sizeof(**list));

			if (!more)
				return err_set(e, ERR_NOBODY, "%s: out of memory", images_dir);
			*list = more;
		}
		got = load_or_mark(dirfd(d), images_dir, uuid, &(*list)[*n], e);
		if (got < 0)
			return -1;
		*n += (size_t)got;
	}
	return 0;
}

int images_load(const char *images_dir, struct image **out, size_t *n, struct err *e)
{
	return images_load_some(images_dir, NULL, NULL, out, n, e);
}

int images_load_some(const char *images_dir, images_keep *keep, const void *arg, struct image **out,
		     size_t *n, struct err *e)
{
	own_dir DIR *d = opendir(images_dir);
	struct image *list = NULL;
	size_t count = 0;

	if (!d)
		return err_sys(e, ERR_OPERATOR,
			       "cannot read the images in %s (hornero init makes it)", images_dir);
	if (load_kept(d, images_dir, keep, arg, &list, &count, e) < 0) {
		images_free(list, count);
		return -1;
	}
	if (count > 0)
		qsort(list, count, sizeof(*list), by_uuid);
	*out = list;
	*n = count;
	return 0;
}

int image_remove(const char *images_dir, const char *uuid, struct err *e)
{
	struct image named = {0};
	own_free char *path = NULL;

	if (take_uuid(&named, uuid, e) < 0)
		return -1;
	path = fs_path("%s/%s.yaml", images_dir, named.uuid);
	if (unlink(path) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot remove %s", path);
	return fs_sync_parent(AT_FDCWD, path, e);
}
