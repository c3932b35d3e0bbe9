/* doctor_sandbox: runs bubblewrap as builds do. DIAGNOSTICS: findings. */
#include "cli/doctor.h"

#include "cli/layout.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/program.h"
#include "lib/spawn.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

enum { WAIT_MS = 20000, SAID_MAX = 1024 };

/* Returns the number in a file of /proc/sys, -1 if the kernel has no such file. */
static long sysctl_is(const char *path)
{
	own_free char *text = NULL;
	struct err ignored = ERR_INIT;
	size_t len;

	return fs_read(AT_FDCWD, path, 64, &text, &len, &ignored) < 0 ? -1 : strtol(text, NULL, 10);
}

/* By AppArmor, as on Ubuntu 24.04. */
static bool is_restricted(void)
{
	return sysctl_is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1;
}

static const char *mend_of(void)
{
	if (sysctl_is("/proc/sys/user/max_user_namespaces") == 0)
		return "sysctl -w user.max_user_namespaces=15000 " DOCTOR_SYSCTL_STAYS;
	if (sysctl_is("/proc/sys/kernel/unprivileged_userns_clone") == 0)
		return "sysctl -w kernel.unprivileged_userns_clone=1 " DOCTOR_SYSCTL_STAYS;
	if (is_restricted())
		return "cp " PKGDATADIR "/apparmor/hornero-bwrap /etc/apparmor.d/ && "
		       "apparmor_parser -r /etc/apparmor.d/hornero-bwrap";
	return "apt-get install --reinstall bubblewrap";
}

void doctor_sandbox(struct doctor *d)
{
	static const char *const argv[] = {
		"bwrap", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts",
		"--unshare-net", "--die-with-parent", "--cap-drop", "ALL", "--ro-bind", "/usr",
		"/usr", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64",
		"--proc", "/proc", "--dev", "/dev", "/usr/bin/true", NULL,
	};
	const struct conf *c = d->c;
	struct spawn s = SPAWN_INIT(argv);
	own_fd int said = memfd_create("said", MFD_CLOEXEC);
	own_free char *out = NULL;
	char text[SAID_MAX] = "";
	struct err why = ERR_INIT;
	size_t len;
	ssize_t n;
	int status;

	if (!program_is_installed("bwrap"))
		return; /* doctor_programs says so */
	s.err = said;
	s.cwd = "/";
	s.uid = c->hornero_uid != NO_UID && c->hornero_uid != 0 ? c->hornero_uid : c->build_uid;
	s.gid = s.uid == c->build_uid && c->build_gid != NO_GID ? c->build_gid : (gid_t)s.uid;
	s.set_ids = geteuid() == 0 && s.uid != NO_UID;
	status = spawn_capture(&s, WAIT_MS, SAID_MAX, &out, &len, &why);
	if (status == 0) {
		doctor_ok(d, "bubblewrap makes the namespaces of builds");
		return;
	}
	n = said < 0 ? 0 : pread(said, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	doctor_say(d, DOCTOR_BAD, mend_of(), "bubblewrap cannot make the sandbox of a build%s: %s",
		   is_restricted() ? " (AppArmor restricts user namespaces)" : "",
		   status < 0 ? why.msg : *text ? text : "it says nothing");
}
