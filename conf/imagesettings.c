/* imagesettings: the settings of an image file, and their words. DIAGNOSTICS: a check fails with
 * ERR_USAGE. A new setting needs a member in struct image, an entry here, and in
 * doc/hornero-image.5 its block. */
#include "conf/image.h"

#include "conf/check.h"
#include "conf/expect.h"
#include "conf/repowords.h"
#include "conf/setting.h"
#include "conf/value.h"
#include "lib/hex.h"

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
	[IMAGE_RELEASES_NEVER] = "never", [IMAGE_RELEASES_ALWAYS] = "always",
	[IMAGE_RELEASES_REGISTERED] = "registered", NULL,
};
/* The words of Glance. */
static const char *const visibilities[] = {
	[IMAGE_VISIBILITY_SHARED] = "shared",
	[IMAGE_VISIBILITY_PRIVATE] = "private",
	[IMAGE_VISIBILITY_COMMUNITY] = "community",
	[IMAGE_VISIBILITY_PUBLIC] = "public",
	NULL,
};
static const char *const records[] = {
	[IMAGE_RECORD_NONE] = "none", [IMAGE_RECORD_CREATE] = "create",
	[IMAGE_RECORD_ADOPT] = "adopt", NULL,
};
static const char *const stables[] = {
	[IMAGE_STABLE_NODE] = "node", [IMAGE_STABLE_FAIL_CLOSED] = "fail-closed",
	[IMAGE_STABLE_FOLLOW] = "follow", NULL,
};
static const char *const require_warms[] = {
	[IMAGE_REQUIRE_LEAVE] = "leave", [IMAGE_REQUIRE_YES] = "yes", [IMAGE_REQUIRE_NO] = "no",
	NULL,
};
static const char *const on_warms[] = {
	[IMAGE_ON_WARM_NOTHING] = "nothing", [IMAGE_ON_WARM_NOTIFY] = "notify",
	[IMAGE_ON_WARM_REBUILD] = "rebuild", NULL,
};
static const char *const rebuild_faileds[] = {
	[IMAGE_REBUILD_FAILED_STOP] = "stop", [IMAGE_REBUILD_FAILED_ROLLBACK] = "rollback", NULL,
};
static const char *const confirms[] = {
	[IMAGE_CONFIRM_IDLE] = "idle", [IMAGE_CONFIRM_NEVER] = "never", NULL,
};
static const char *const shares[] = {
	[IMAGE_SHARE_NODE] = "node", [IMAGE_SHARE_YES] = "yes", [IMAGE_SHARE_NO] = "no", NULL,
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
		 "well: a second name of the same file, which never gets other bytes. An "
		 "instance can boot a release after somebody has registered it in Glance. With "
		 "registered, hornero-glance(8) does that as well. With never, the cache has "
		 "releases only of images with in_use: release-only."},
	{.name = "glance_visibility", .type = SETTING_CHOICE, .choices = visibilities,
	 .fallback = "shared", AT(glance_visibility),
	 .help = "Visibility in Glance of the releases that are registered. It applies to the "
		 "next release that is published."},
	{.name = "glance_project", .type = SETTING_TEXT, .check = check_component,
	 AT(glance_project), .allowed = "the id of a project",
	 .help = "Project that owns the releases in Glance. Glance permits another project than "
		 "the credential's own only to administrators. If unset, it is the credential's."},
	{.name = "glance_record", .type = SETTING_CHOICE, .choices = records, .fallback = "none",
	 AT(glance_record),
	 .help = "The record in Glance of the image's own UUID. With create, hornero-glance(8) "
		 "makes it, with the image's name. With adopt, it takes over one that the operator "
		 "has made. With none, it leaves that UUID alone. hornero image add sets this by "
		 "--glance and --adopt, and binds the image after Glance has accepted it."},
	{.name = "glance_stable", .type = SETTING_CHOICE, .choices = stables, .fallback = "node",
	 AT(glance_stable),
	 .help = "As in hornero.yaml(5), for this image. With node, the value there applies."},
	{.name = "require_warm", .type = SETTING_CHOICE, .choices = require_warms,
	 .fallback = "leave", AT(require_warm),
	 .help = "With yes, the image's records in Glance require the trait that nodes with "
		 "placement_traits: yes have while the image is warm there, so Nova boots it on no "
		 "other node. With no, that property is removed. With leave, it stays as it is. "
		 "See PLACEMENT in hornero-glance(8)."},
	{.name = "on_warm", .type = SETTING_CHOICE, .choices = on_warms, .fallback = "nothing",
	 AT(on_warm),
	 .help = "With notify, hornero-notify(8) tells the programs of events_dir of each "
		 "publication of the image, and of the present one when this is set. With rebuild, "
		 "hornero-glance(8) has Nova rebuild the servers of this node whose metadata have "
		 "hornero_rebuild=UUID onto each release, and onto the present one when this is "
		 "set. That needs releases: registered."},
	{.name = "rebuild_failed", .type = SETTING_CHOICE, .choices = rebuild_faileds,
	 .fallback = "stop", AT(rebuild_failed),
	 .help = "With on_warm: rebuild, what follows when a server is not healthy after its "
		 "rebuild. In both cases no other server is rebuilt. With rollback, the next sweep "
		 "also rolls the image back to the release before, and the servers follow."},
	{.name = "confirm", .type = SETTING_CHOICE, .choices = confirms, .fallback = "idle",
	 AT(confirm),
	 .help = "With never, the image's incremental artifacts are not built again by clean "
		 "builds, even if hornero.yaml says confirm: idle."},
	{.name = "share", .type = SETTING_CHOICE, .choices = shares, .fallback = "node", AT(share),
	 .help = "Whether an artifact of another node with the same content key is taken instead "
		 "of a build. With node, share of hornero.yaml says so."},
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

const char *image_visibility_name(enum image_visibility word)
{
	return visibilities[word];
}

const char *image_record_name(enum image_record word)
{
	return records[word];
}

const struct settings image_settings = {"an image file", settings,
					sizeof(settings) / sizeof(settings[0])};
