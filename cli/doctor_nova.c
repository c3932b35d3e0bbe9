/* doctor_nova: checks what hornero shares with Nova: owners, nova.conf, libvirt. DIAGNOSTICS:
 * findings. */
#include "cli/doctor.h"

#include "conf/novaconf.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/nova.h"

#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* Nova and the publisher write to both, as the owner of instances_path. */
static void look_at_owner(struct doctor *d, const char *path, const struct stat *nova)
{
	own_free char *mend = fs_path("chown %u:%u %s", nova->st_uid, nova->st_gid, path);
	struct stat st;

	if (stat(path, &st) == 0 && st.st_uid != nova->st_uid)
		doctor_say(d, DOCTOR_BAD, mend,
			   "%s belongs to user %u, and instances_path to user %u: Nova or the "
			   "publisher cannot write there",
			   path, st.st_uid, nova->st_uid);
}

static void look_at_owners(struct doctor *d)
{
	own_free char *locks = fs_path("%s/" NOVA_LOCKS_SUBDIR, d->c->instances_path);
	own_free char *chown = fs_path("chown nova: %s %s %s", d->c->instances_path,
				       d->c->cache_dir, locks);
	struct stat st;

	if (stat(d->c->instances_path, &st) < 0)
		return; /* doctor_directories says so */
	look_at_owner(d, d->c->cache_dir, &st);
	look_at_owner(d, locks, &st);
	if (!d->c->publish_socket)
		return;
	if (st.st_uid == 0 && getpwnam("nova"))
		doctor_say(d, DOCTOR_BAD, chown,
			   "instances_path %s belongs to root: Nova and the publisher, who are "
			   "user nova, cannot write there",
			   d->c->instances_path);
	else if (st.st_uid == 0)
		doctor_say(d, DOCTOR_BAD, "apt-get install nova-compute",
			   "instances_path %s belongs to root, and there is no user nova: the "
			   "publisher cannot run",
			   d->c->instances_path);
	else if (!getpwuid(st.st_uid))
		doctor_say(d, DOCTOR_WARN, "apt-get install --reinstall nova-common",
			   "instances_path %s belongs to user %u, who has no account: the "
			   "publisher may be unable to run as that user",
			   d->c->instances_path, st.st_uid);
}

static void compare(struct doctor *d, const char *text, const char *section, const char *name,
		    const char *ours, const char *setting)
{
	char value[NOVACONF_VALUE_MAX];
	own_free char *mend = NULL;

	if (!novaconf_find(text, section, name, value) || strchr(value, '$') ||
	    strcmp(value, ours) == 0)
		return;
	mend = fs_path("set %s: %s in hornero.yaml, then: hornero init", setting, value);
	doctor_say(d, DOCTOR_BAD, mend,
		   "%s is %s, and [%s]%s of %s is %s: Nova does not look there", setting, ours,
		   section, name, d->c->nova_conf, value);
}

static void look_at_age(struct doctor *d, const char *text)
{
	static const char name[] = "remove_unused_original_minimum_age_seconds";
	char value[NOVACONF_VALUE_MAX];
	own_free char *mend = NULL;
	long long age;

	if (!novaconf_find(text, "image_cache", name, value) &&
	    !novaconf_find(text, "DEFAULT", name, value))
		return;
	age = strtoll(value, NULL, 10);
	mend = fs_path("set cache_minimum_age: %lld in hornero.yaml", age);
	if (age > 0 && age < d->c->cache_minimum_age_s)
		doctor_say(d, DOCTOR_WARN, mend,
			   "Nova removes an unused file after %lld s (%s), and cache_minimum_age "
			   "is %lld s: a warm file may go before hornero touches it",
			   age, name, (long long)d->c->cache_minimum_age_s);
}

static void look_at_novaconf(struct doctor *d)
{
	own_free char *text = NULL;
	struct err ignored = ERR_INIT;
	char value[NOVACONF_VALUE_MAX];

	if (novaconf_load(d->c->nova_conf, &text, &ignored) < 0)
		return; /* doctor_placement says so */
	compare(d, text, "DEFAULT", "instances_path", d->c->instances_path, "instances_path");
	compare(d, text, "image_cache", "subdirectory_name", d->c->cache_subdir, "cache_subdir");
	look_at_age(d, text);
	if (novaconf_find(text, "libvirt", "images_type", value) &&
	    (strcmp(value, "rbd") == 0 || strcmp(value, "lvm") == 0))
		doctor_say(d, DOCTOR_WARN,
			   "set images_type = qcow2 (or raw) in [libvirt] of nova.conf, then "
			   "restart nova-compute",
			   "images_type of %s is %s: Nova copies each image from its cache before "
			   "it boots, and rbd may not use the cache at all",
			   d->c->nova_conf, value);
}

static bool answers(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	own_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(to.sun_path))
		return false;
	memcpy(to.sun_path, path, strlen(path) + 1);
	return connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0;
}

static bool is_flattened(struct doctor *d)
{
	struct image *list = NULL;
	struct err ignored = ERR_INIT;
	bool found = false;
	size_t n = 0;

	if (cli_images(d->cli, &list, &n, &ignored) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		found = found || (!list[i].broken && list[i].in_use == IMAGE_IN_USE_FLATTEN);
	images_free(list, n);
	return found;
}

/* Only local sockets: the default URI's, or the one that the URI names. */
static void look_at_libvirt(struct doctor *d)
{
	const char *uri = d->c->libvirt_uri;
	const char *named = strstr(uri, "socket=");
	own_free char *path = named ? fs_path("%.*s", (int)strcspn(named + 7, "&"), named + 7)
				    : NULL;

	if ((!path && strcmp(uri, "qemu:///system") != 0) || !is_flattened(d))
		return;
	if (path ? answers(path)
		 : answers("/run/libvirt/libvirt-sock") || answers("/run/libvirt/virtqemud-sock"))
		return;
	doctor_say(d, DOCTOR_PART, "systemctl start libvirtd",
		   "libvirt does not answer (%s): images with in_use: flatten are deferred as long "
		   "as an instance uses them",
		   uri);
}

void doctor_nova(struct doctor *d)
{
	int before = d->findings;

	look_at_owners(d);
	look_at_novaconf(d);
	look_at_libvirt(d);
	if (d->findings == before)
		doctor_ok(d, "Nova's directories have one owner, and its settings match");
}
