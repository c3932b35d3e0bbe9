/* doctor_node: checks directories, programs, hornerod and the publisher. DIAGNOSTICS: findings. */
#include "cli/doctor.h"
#include "cli/layout.h"
#include "lib/bell.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/program.h"
#include "store/nova.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static void look_at_dir(struct doctor *d, const struct layout_dir *p)
{
	struct stat st;

	if (lstat(p->path, &st) < 0)
		doctor_say(d, DOCTOR_BAD, "hornero init", "%s: %s", p->path, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		doctor_say(d, DOCTOR_BAD,
			   "move it away, or change the path in hornero.yaml, then: hornero init",
			   "%s is not a directory", p->path);
	else if (!layout_is_right(p, &st))
		doctor_say(d, DOCTOR_BAD, "hornero init",
			   "%s has owner %u, group %u and mode %04o, not as hornero.yaml says",
			   p->path, st.st_uid, st.st_gid, st.st_mode & 07777);
}

static void look_at_novas(struct doctor *d)
{
	own_free char *locks = fs_path("%s/" NOVA_LOCKS_SUBDIR, d->c->instances_path);
	const char *const paths[] = {d->c->instances_path, d->c->cache_dir, locks};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (access(paths[i], F_OK) < 0)
			doctor_say(d, i == 0 ? DOCTOR_BAD : DOCTOR_WARN,
				   "start nova-compute and boot one instance, or compare "
				   "instances_path and cache_subdir with nova.conf",
				   "%s, which Nova makes: %s", paths[i], strerror(errno));
}

void doctor_directories(struct doctor *d)
{
	const struct layout_dir store = layout_store(d->c);
	own_layout struct layout p;
	int before = d->findings;

	layout_init(&p, d->c);
	for (size_t i = 0; i < p.n; i++)
		look_at_dir(d, &p.list[i]);
	look_at_dir(d, &store);
	look_at_novas(d);
	if (d->findings == before)
		doctor_ok(d,
			  "%zu directories of hornero, and Nova's, exist with the right owners and "
			  "modes",
			  p.n + 1);
}

void doctor_programs(struct doctor *d)
{
	static const struct {
		const char *name, *mend;
	} needed[] = {
		{"git", "apt-get install git"},
		{"bwrap", "apt-get install bubblewrap"},
		{"qemu-img", "apt-get install qemu-utils"},
	};
	/* hornero-door and hornero-glance are packages of their own, which a node need not have. */
	static const char *const ours[] = {"hornero-boot",     "hornero-build",   "hornero-check",
					   "hornero-checkout", "hornero-collect", "hornero-flatten",
					   "hornero-hook",     "hornero-keep",    "hornero-publish",
					   "hornero-scrub",    "hornero-serve",   "hornero-sweep",
					   "hornero-yield",    "hornero-notify",  "hornero-netns",
					   "hornero-kernel2disk", "hornero-mirror"};
	int before = d->findings;

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!program_is_installed(needed[i].name))
			doctor_say(d, DOCTOR_BAD, needed[i].mend, "%s is not in /usr",
				   needed[i].name);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		own_free char *path = fs_path("%s/%s", d->c->libexec_dir, ours[i]);

		if (access(path, X_OK) < 0)
			doctor_say(d, DOCTOR_BAD,
				   "make install, or apt-get install --reinstall hornero; or mend "
				   "libexec_dir in hornero.yaml",
				   "%s: %s", path, strerror(errno));
	}
	if (d->findings == before)
		doctor_ok(d, "git, bwrap, qemu-img and hornero's own in %s", d->c->libexec_dir);
}

/* Returns the soft limit of descriptors of the hornerod that runs as uid, 0 if none is found. */
static unsigned long long descriptors_of_agent(uid_t uid)
{
	own_dir DIR *d = opendir("/proc");
	const struct dirent *entry;
	unsigned long long soft = 0;

	while (d && (entry = readdir(d))) {
		own_free char *comm = fs_path("/proc/%s/comm", entry->d_name);
		own_free char *limits = fs_path("/proc/%s/limits", entry->d_name);
		own_free char *text = NULL;
		struct err ignored = ERR_INIT;
		struct stat st;
		const char *line;
		size_t len;

		if (entry->d_name[0] < '0' || entry->d_name[0] > '9' || stat(comm, &st) < 0 ||
		    st.st_uid != uid || fs_read(AT_FDCWD, comm, 64, &text, &len, &ignored) < 0 ||
		    strcmp(text, "hornerod\n") != 0)
			continue;
		free(steal_ptr(&text));
		if (fs_read(AT_FDCWD, limits, 8192, &text, &len, &ignored) == 0 &&
		    (line = strstr(text, "Max open files")) &&
		    sscanf(line + strlen("Max open files"), "%llu", &soft) == 1)
			return soft;
	}
	return 0;
}

/* The kernel limits epoll watches per user, too. Each takes at least 200 bytes of the build's
 * memory (fs/eventpoll.c), so the memory limit of all builds bounds them if it is smaller. */
static void look_at_watches(struct doctor *d)
{
	enum { WATCH_BYTES = 200 };
	const long long builds = d->c->compile_mem_limit * 1000000LL / WATCH_BYTES;
	own_free char *text = NULL;
	own_free char *mend = fs_path("sysctl -w fs.epoll.max_user_watches=%lld %s", builds + 1,
				      DOCTOR_SYSCTL_STAYS);
	struct err ignored = ERR_INIT;
	size_t len;

	/* Without groups nothing bounds a build; doctor_group.c reports that. */
	if (d->c->isolation == CONF_ISOLATION_NONE ||
	    fs_read(AT_FDCWD, "/proc/sys/fs/epoll/max_user_watches", 64, &text, &len, &ignored) < 0)
		return;
	if (strtoll(text, NULL, 10) > builds) {
		doctor_ok(d, "builds cannot take all epoll watches of their user: "
			     "compile_mem_limit is reached before");
		return;
	}
	text[strcspn(text, "\n")] = '\0';
	doctor_say(d, DOCTOR_WARN, mend,
		   "builds can take all %s epoll watches that their user, and so hornerod, may "
		   "have: fs.epoll.max_user_watches is not above compile_mem_limit divided by 200 "
		   "bytes",
		   text);
}

/* If hornerod does not run as root, builds run as the same user, and the kernel counts descriptors
 * in flight per user. */
void doctor_users(struct doctor *d)
{
	enum { ENOUGH = 16384 }; /* as agent/hornerod/main.c */
	const uid_t us = d->c->hornero_uid != NO_UID ? d->c->hornero_uid : geteuid();
	unsigned long long has;

	if (cli_agent_runs(d->c) != 1)
		return; /* doctor_agent says so */
	if (us == 0) {
		doctor_ok(d, "builds run as user %u, which is used for nothing "
			     "else", d->c->build_uid);
		return;
	}
	look_at_watches(d);
	has = descriptors_of_agent(us);
	if (has > 0 && has < ENOUGH)
		doctor_say(d, DOCTOR_WARN,
			   "set LimitNOFILE=1048576 in its unit, then: systemctl restart hornerod",
			   "builds and hornerod are both user %u, and hornerod may have only %llu "
			   "descriptors: a build can keep it from publishing",
			   us, has);
	else
		doctor_ok(d,
			  "builds and hornerod are both user %u; builds have at most 4096 "
			  "descriptors each, hornerod %llu",
			  us, has);
}

void doctor_agent(struct doctor *d)
{
	if (bell_is_attended(d->c->run_dir) < 0) {
		doctor_say(d, DOCTOR_BLIND,
			   "give it to hornero_user and queue_group, or run hornero doctor as one "
			   "of them",
			   "cannot read %s/agent.lock to find out whether hornerod runs: %s",
			   d->c->run_dir, strerror(errno));
		return;
	}
	if (!cli_agent_runs(d->c)) {
		doctor_say(d, DOCTOR_BAD, "systemctl start hornerod",
			   "hornerod does not run: nothing is built or published");
		return;
	}
	doctor_ok(d, "hornerod runs");
}

/* Connecting would start a publisher, so read the kernel's list of sockets instead. */
static bool is_listened_to(const char *path)
{
	own_file FILE *list = fopen("/proc/net/unix", "re");
	char line[512];

	while (list && fgets(line, sizeof(line), list)) {
		unsigned int flags;
		int at = 0;

		if (sscanf(line, "%*s %*s %*s %x %*s %*s %*s %n", &flags, &at) < 1 || at == 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line + at, path) == 0 && (flags & 0x10000))
			return true;
	}
	return false;
}

void doctor_publisher(struct doctor *d)
{
	const char *path = d->c->publish_socket;
	struct stat st;

	if (!path) {
		doctor_ok(d, "publish_socket is not set: hornerod executes hornero-publish as its "
			     "own user");
		return;
	}
	if (stat(path, &st) < 0 || !S_ISSOCK(st.st_mode) || !is_listened_to(path))
		doctor_say(d, DOCTOR_BAD, "systemctl enable --now hornero-publish.socket",
			   "nothing listens on %s", path);
	else if (d->c->hornero_uid != NO_UID && st.st_uid != d->c->hornero_uid)
		doctor_say(d, DOCTOR_BAD,
			   "set SocketUser= of hornero-publish.socket to hornero_user, then: "
			   "systemctl restart hornero-publish.socket",
			   "%s belongs to user %u, but only hornero_user may connect", path,
			   st.st_uid);
	else
		doctor_ok(d, "the publisher listens on %s", path);
}
