/* doctor_door: checks what users need to log in: the door, its host keys, the keys file.
 * DIAGNOSTICS: findings. */
#include "cli/doctor.h"

#include "cli/layout.h"
#include "conf/keyring.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

/* Connecting would be a client of the door, so read the kernel's lists. */
static bool is_listened_to(unsigned long port)
{
	static const char *const lists[] = {"/proc/net/tcp", "/proc/net/tcp6"};
	enum { LISTENING = 0x0A };
	char line[512];

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		own_file FILE *list = fopen(lists[i], "re");
		unsigned int local, state;

		while (list && fgets(line, sizeof(line), list))
			if (sscanf(line, " %*u: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x", &local,
				   &state) == 2 &&
			    state == LISTENING && local == port)
				return true;
	}
	return false;
}

/* The ports of door_listen; with port 0 only the kernel knows it. */
static void look_at_ports(struct doctor *d)
{
	for (const char *at = d->c->door_listen; *at;) {
		size_t len = strcspn(at, " ");
		const char *colon = at + len;
		unsigned long port;

		while (*colon != ':')
			colon--;
		port = strtoul(colon + 1, NULL, 10);
		if (port != 0 && !is_listened_to(port)) {
			doctor_say(d, DOCTOR_WARN, "systemctl enable --now hornero-door",
				   "nothing listens on port %lu of door_listen: nobody can log in "
				   "to hornero-door",
				   port);
			return;
		}
		at += len + strspn(at + len, " ");
	}
}

static void look_at_host_key(struct doctor *d, int dir, const char *name)
{
	own_free char *path = fs_path("%s/%s", d->c->door_host_keys, name);
	own_free char *chown = fs_path("chown %u %s", d->c->git_uid, path);
	own_free char *chmod = fs_path("chmod 0600 %s", path);
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (d->c->git_uid != NO_UID && st.st_uid != d->c->git_uid)
		doctor_say(d, DOCTOR_BAD, chown, "the host key %s belongs to user %u: hornero-door "
						 "cannot read it", path, st.st_uid);
	else if ((st.st_mode & 0477) != 0400)
		doctor_say(d, DOCTOR_BAD, chmod, "the host key %s has mode %04o: its owner alone "
						 "must be able to read it", path,
			   st.st_mode & 07777);
}

static void look_at_host_keys(struct doctor *d)
{
	own_dir DIR *list = opendir(d->c->door_host_keys);
	const struct dirent *entry;
	size_t n = 0;

	if (!list)
		return; /* doctor_directories says so, as root */
	while ((entry = readdir(list)))
		if (fnmatch("ssh_host_*_key", entry->d_name, 0) == 0) {
			look_at_host_key(d, dirfd(list), entry->d_name);
			n++;
		}
	if (n < 2)
		doctor_say(d, DOCTOR_BAD, "hornero init",
			   "host keys of hornero-door are missing in %s", d->c->door_host_keys);
}

void doctor_door(struct doctor *d)
{
	own_free char *program = fs_path("%s/hornero-door", d->c->libexec_dir);
	int before = d->findings;

	if (access(program, X_OK) < 0) {
		doctor_ok(d, "hornero-door is not installed");
		return;
	}
	look_at_ports(d);
	look_at_host_keys(d);
	if (d->findings == before)
		doctor_ok(d, "hornero-door can serve");
}

static void tell_line(void *arg, const char *problem)
{
	doctor_say(arg, DOCTOR_WARN, "mend that line: it lets nobody log in", "%s", problem);
}

void doctor_keys(struct doctor *d)
{
	const char *path = d->c->keys_file;
	own_free char *close = fs_path("chmod go-w %s", path);
	own_free char *open_up = fs_path("chmod a+r %s", path);
	own_keyring struct keyring *ring = NULL;
	struct err why = ERR_INIT;
	int before = d->findings;
	struct stat st;

	if (stat(path, &st) < 0) {
		if (errno == ENOENT)
			doctor_ok(d, "there is no keys file %s yet", path);
		else
			doctor_say(d, DOCTOR_BLIND, "run hornero doctor as root", "%s: %s", path,
				   strerror(errno));
		return;
	}
	if (st.st_mode & 022)
		doctor_say(d, DOCTOR_BAD, close,
			   "other users may write to %s and add keys: nobody can log in", path);
	else if (d->c->git_uid != NO_UID && st.st_uid != d->c->git_uid && !(st.st_mode & 044))
		doctor_say(d, DOCTOR_BAD, open_up,
			   "git_user cannot read %s: nobody can log in", path);
	else if (keyring_load(path, tell_line, d, &ring, &why) < 0)
		doctor_say(d, why.sys == EACCES ? DOCTOR_BLIND : DOCTOR_BAD,
			   why.sys == EACCES ? "run hornero doctor as root" : NULL, "%s", why.msg);
	if (d->findings == before)
		doctor_ok(d, "every line of %s is a key", path);
}
