/* keys: data only. DIAGNOSTICS: none. A new key needs a member in struct conf, an entry here, and
 * in doc/hornero.yaml.5 the block that conf_print_keys writes. */
#include "conf/keys.h"

#include "conf/check.h"
#include "conf/conf.h"

#include <stddef.h>

#define KIB ((int64_t)1 << 10)
#define GIB ((int64_t)1 << 30)
#define PIB ((int64_t)1 << 50)
#define WEEK_S (7 * 24 * 3600)
#define AT(member) .offset = offsetof(struct conf, member)

enum { DIR_MAX = 1024, SOCKET_MAX = 107 /* sun_path */ };

static const char *const isolations[] = {
	[CONF_ISOLATION_CGROUP] = "cgroup", [CONF_ISOLATION_NONE] = "none", NULL,
};
static const char *const confirms[] = {
	[CONF_CONFIRM_IDLE] = "idle", [CONF_CONFIRM_NEVER] = "never", NULL,
};

const char *const conf_missing_words[] = {
	[MISSING_LFS] = "refuse-lfs", [MISSING_REFUSE] = "refuse", [MISSING_WARN] = "warn", NULL,
};

static const struct key keys[] = {
	{.name = "repo_base", .type = KEY_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(repo_base), .fallback = "/opt/stack/data/Unikernel",
	 .help = "Checkouts and builder caches, a directory per image."},
	{.name = "compile_core_limit", .type = KEY_COUNT, .min = 1, .max = 100,
	 AT(compile_core_limit), .unit = "percent of the node's whole CPU capacity",
	 .fallback = "10",
	 .help = "CPU for all builds together."},
	{.name = "compile_mem_limit", .type = KEY_COUNT, .min = 16, .max = 16000000,
	 AT(compile_mem_limit), .unit = "MB of 1,000,000 bytes", .fallback = "2000",
	 .help = "Memory for all builds together."},
	{.name = "compile_pids_limit", .type = KEY_COUNT, .min = 16, .max = 4194304,
	 AT(compile_pids_limit), .unit = "processes and threads", .fallback = "4096",
	 .help = "Processes and threads for all builds together."},
	{.name = "cpu_dedicated_set", .type = KEY_TEXT, .max = 1024, .check = check_cpus,
	 AT(cpu_dedicated_set), .allowed = "processors, as 4-12,^8,15",
	 .help = "Nova's [compute]cpu_dedicated_set: builds leave these processors alone."},
	{.name = "memory_pressure_limit", .type = KEY_COUNT, .min = 0, .max = 100,
	 AT(memory_pressure_limit), .unit = "percent of time, 0: no limit", .fallback = "10",
	 .help = "Builds pause while processes on the node wait longer than this for memory (some "
		 "avg10 of the kernel's pressure figures)."},
	{.name = "io_pressure_limit", .type = KEY_COUNT, .min = 0, .max = 100,
	 AT(io_pressure_limit), .unit = "percent of time, 0: no limit", .fallback = "40",
	 .help = "The same for disks."},
	{.name = "cpu_pressure_limit", .type = KEY_COUNT, .min = 0, .max = 100,
	 AT(cpu_pressure_limit), .unit = "percent of time, 0: no limit", .fallback = "0",
	 .help = "The same for processors. Of use only where what builds wait for does not count: "
		 "see pressure_dir."},
	{.name = "load_limit", .type = KEY_COUNT, .min = 0, .max = 100000, AT(load_limit),
	 .unit = "percent of the processors, 0: no limit", .fallback = "0",
	 .help = "Builds pause while the load average of one minute is higher."},
	{.name = "pressure_dir", .type = KEY_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(pressure_dir), .fallback = "/proc/pressure",
	 .help = "Whose pressure counts. /proc/pressure: that of all groups at the top of cgroup "
		 "v2 but the one that hornerod is in, so that a build that presses against its own "
		 "limits pauses nobody. Where the node has no cgroup v2 beside v1 either, or "
		 "hornerod no group there, the node's as it is, with what builds wait for. Else "
		 "that of a cgroup v2 group, as /sys/fs/cgroup/machine.slice."},
	{.name = "workers", .type = KEY_COUNT, .min = 1, .max = 64, AT(workers), .unit = "builds",
	 .fallback = "2",
	 .help = "Builds that may run side by side."},
	{.name = "state_dir", .type = KEY_PATH, .check = check_absolute, .max = 94, AT(state_dir),
	 .fallback = LOCALSTATEDIR "/lib/hornero",
	 .help = "Queue, logs, image files, sockets and fences. Short, because socket addresses "
		 "are."},
	{.name = "repo_root", .type = KEY_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(repo_root), .fallback = "$state_dir/git",
	 .help = "The bare repositories that are pushed to."},
	{.name = "instances_path", .type = KEY_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(instances_path), .fallback = "/var/lib/nova/instances",
	 .help = "Nova's instances_path."},
	{.name = "cache_subdir", .type = KEY_TEXT, .check = check_component, AT(cache_subdir),
	 .fallback = "_base", .allowed = "one name of A-Z, a-z, 0-9, ., _ and -",
	 .help = "Nova's image cache below instances_path; Nova's [image_cache]subdirectory_name."},
	{.name = "store_dir", .type = KEY_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(store_dir), .fallback = "$instances_path/hornero",
	 .help = "Finished artifacts. On the filesystem of instances_path, so that publishing can "
		 "share blocks."},
	{.name = "builders_dir", .type = KEY_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(builders_dir), .fallback = SYSCONFDIR "/hornero/builders.d",
	 .help = "Builder files, NAME.yaml each; see hornero-builder(5)."},
	{.name = "keys_file", .type = KEY_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(keys_file), .fallback = SYSCONFDIR "/hornero/keys",
	 .help = "SSH keys and their rights to repositories; see hornero-keys(5)."},
	{.name = "groups_dir", .type = KEY_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(groups_dir), .fallback = SYSCONFDIR "/hornero/groups.d",
	 .help = "Narrower limits for builder groups, NAME.yaml each; see hornero-group(5)."},
	{.name = "libexec_dir", .type = KEY_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(libexec_dir), .fallback = PKGLIBEXECDIR,
	 .help = "Directory of hornero's own programs."},
	{.name = "publish_socket", .type = KEY_PATH, .check = check_absolute, .max = SOCKET_MAX,
	 AT(publish_socket),
	 .help = "Socket of the publisher's service. If unset, hornerod executes hornero-publish "
		 "itself."},
	{.name = "libvirt_uri", .type = KEY_TEXT, .max = 200, .fallback = "qemu:///system",
	 AT(libvirt_uri), .allowed = "a URI of libvirt's",
	 .help = "Where the domains of the instances are; used only for images with in_use: "
		 "flatten."},
	{.name = "flatten_rate", .type = KEY_COUNT, .min = 0, .max = 1000000, AT(flatten_rate),
	 .fallback = "100", .unit = "MiB a second",
	 .help = "How fast the disk of an instance is made independent of the old bytes; 0: as "
		 "fast as it goes."},
	{.name = "isolation", .type = KEY_CHOICE, .choices = isolations, AT(isolation),
	 .fallback = "cgroup",
	 .help = "With cgroup, nothing is built if control groups are unavailable; with none, "
		 "builds have no limits."},
	{.name = "on_missing", .type = KEY_CHOICE, .choices = conf_missing_words, AT(on_missing),
	 .fallback = "refuse-lfs",
	 .help = "Pushes and builds of what a clone elsewhere would have and this node has not: "
		 "pointers of Git LFS, submodules, filter drivers in .gitattributes. refuse-lfs "
		 "refuses the pointers and names the others in one line, refuse refuses all, warn "
		 "names all."},
	{.name = "confirm", .type = KEY_CHOICE, .choices = confirms, AT(confirm),
	 .fallback = "idle",
	 .help = "With idle the artifact of an incremental build is built again from nothing when "
		 "nothing else is to be built or published, where its builder is reproducible. The "
		 "same bytes: the artifact is confirmed. Other bytes: they are published in its "
		 "place. With never nothing is confirmed."},
	{.name = "cgroup_top", .type = KEY_TEXT, .check = check_component, AT(cgroup_top),
	 .fallback = "hornero", .allowed = "one name of A-Z, a-z, 0-9, ., _ and -",
	 .help = "Name of the control group that holds all builds."},
	{.name = "build_timeout", .type = KEY_DURATION, .min = 1, .max = WEEK_S, .fallback = "30m",
	 AT(build_timeout_s),
	 .help = "Longest time of one builder run. As of every stage, only time in which it could "
		 "run counts: not what it waits for a processor because of the limits or of "
		 "others, nor a pause. 50 times as long on the wall ends it as well; that is "
		 "nobody's fault, and it is tried again. With isolation: none all time counts."},
	{.name = "silence_timeout", .type = KEY_DURATION, .min = 1, .max = WEEK_S,
	 .fallback = "10m", AT(silence_timeout_s),
	 .help = "Longest time without output from a builder, counted in the same way."},
	{.name = "log_limit", .type = KEY_SIZE, .min = 4 * KIB, .max = 64 * GIB, .fallback = "64M",
	 AT(log_limit_bytes),
	 .help = "Longest log of one attempt."},
	{.name = "image_size_limit", .type = KEY_SIZE, .min = 64 * KIB, .max = 16384 * GIB,
	 .fallback = "20G", AT(image_size_limit_bytes),
	 .help = "Largest virtual size of an image."},
	{.name = "push_size_limit", .type = KEY_SIZE, .min = 4 * KIB, .max = 1024 * GIB,
	 .fallback = "1G", AT(push_size_limit_bytes),
	 .help = "Largest push; git's receive.maxInputSize, set by hornero repo create."},
	{.name = "sweep_interval", .type = KEY_DURATION, .min = 1, .max = WEEK_S, .fallback = "5m",
	 AT(sweep_interval_s),
	 .help = "How often refs are compared with what is warm, independently of the hooks."},
	{.name = "upkeep_timeout", .type = KEY_DURATION, .min = 1, .max = WEEK_S, .fallback = "1h",
	 AT(upkeep_timeout_s),
	 .help = "Longest time that hornero-sweep, hornero-keep or hornero-collect may take, and "
		 "that hornero-scrub may show no progress: one that hangs is killed, and runs "
		 "again at its next interval."},
	{.name = "scrub_interval", .type = KEY_DURATION, .min = 0, .max = 52 * WEEK_S,
	 .fallback = "168h", AT(scrub_interval_s),
	 .help = "How often every artifact, and every file that hornero published into Nova's "
		 "cache, is read again and compared with its digest, 0 for never. That goes on "
		 "while nothing is built or published, at the lowest priorities."},
	{.name = "scrub_rate", .type = KEY_COUNT, .min = 0, .max = 1000000, .fallback = "32",
	 AT(scrub_rate), .unit = "MiB a second",
	 .help = "How fast that reads; 0: as fast as it goes."},
	{.name = "cache_minimum_age", .type = KEY_DURATION, .min = 2, .max = 52 * WEEK_S,
	 .fallback = "24h", AT(cache_minimum_age_s),
	 .help = "Nova's [image_cache]remove_unused_original_minimum_age_seconds: an image that is "
		 "kept warm is touched at half of it."},
	{.name = "cache_grace", .type = KEY_DURATION, .min = 0, .max = WEEK_S, .fallback = "1m",
	 AT(cache_grace_s),
	 .help = "How long a file that is gone from Nova's cache stays gone before it is published "
		 "again: someone may be freeing the disk."},
	{.name = "store_budget", .type = KEY_SIZE, .min = 0, .max = PIB, .fallback = "0",
	 AT(store_budget_bytes),
	 .help = "Disk space of all artifacts together, 0 for no limit. Beyond it the one used "
		 "longest ago goes first; never what is warm with an image, the one before it, or "
		 "what a job needs."},
	{.name = "work_budget", .type = KEY_SIZE, .min = 0, .max = PIB, .fallback = "0",
	 AT(work_budget_bytes),
	 .help = "Disk space of all checkouts and builders' caches together, 0 for no limit. "
		 "Beyond it those of the image built longest ago go first; its next build begins "
		 "with nothing. Each look at it counts all their files."},
	{.name = "cache_budget", .type = KEY_SIZE, .min = 0, .max = PIB, .fallback = "0",
	 AT(cache_budget_bytes),
	 .help = "Disk space of all files that hornero published into Nova's cache, releases too, "
		 "0 for no limit. Beyond it, files that no image keeps warm and no instance uses "
		 "are removed, also older releases."},
	{.name = "store_floor", .type = KEY_SIZE, .min = 0, .max = PIB, .fallback = "1G",
	 AT(store_floor_bytes),
	 .help = "Space that must stay free on the filesystem of store_dir, and on that of "
		 "repo_base; and so must 2 percent of their inodes. Below it artifacts, checkouts "
		 "and builders' caches are collected, a build that goes on filling the disk is "
		 "ended, and nothing is built until there is room again."},
	{.name = "cache_floor", .type = KEY_SIZE, .min = 0, .max = PIB, .fallback = "1G",
	 AT(cache_floor_bytes),
	 .help = "Space that must stay free on the filesystem of Nova's cache, and so must 2 "
		 "percent of its inodes. Below it nothing is built and nothing published."},
	{.name = "reserved_host_disk_mb", .type = KEY_COUNT, .min = 0, .max = PIB >> 20,
	 .fallback = "0", AT(reserved_host_disk_mb), .unit = "MB of 1,048,576 bytes",
	 .help = "Nova's [DEFAULT]reserved_host_disk_mb. On the filesystem of instances_path it is "
		 "counted on top of store_floor and cache_floor."},
	{.name = "door_listen", .type = KEY_TEXT, .check = check_listen, AT(door_listen),
	 .fallback = "0.0.0.0:2222 [::]:2222",
	 .allowed = "ADDRESS:PORT, IPv6 addresses in [], with blanks between several, at most 8",
	 .help = "Where hornero-door listens; see hornero-door(8)."},
	{.name = "door_name", .type = KEY_TEXT, .check = check_host, AT(door_name),
	 .allowed = "HOST or HOST:PORT, IPv6 in []",
	 .help = "The node's name in the commands that users are told to type. If unset, the "
		 "node's own name, and the port that they connected to."},
	{.name = "door_host_keys", .type = KEY_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(door_host_keys), .fallback = "$state_dir/door",
	 .help = "Directory of hornero-door's host keys, named as OpenSSH names its own; hornero "
		 "init makes them."},
	{.name = "door_connections", .type = KEY_COUNT, .min = 1, .max = 1000, .fallback = "200",
	 AT(door_connections), .unit = "connections",
	 .help = "Connections to hornero-door at once, a process each."},
	{.name = "door_connections_per_address", .type = KEY_COUNT, .min = 1, .max = 1000,
	 .fallback = "32", AT(door_connections_per_address), .unit = "connections",
	 .help = "Of those, from one address (of IPv6: one /64)."},
	{.name = "door_connections_per_key", .type = KEY_COUNT, .min = 1, .max = 1000,
	 .fallback = "32", AT(door_connections_per_key), .unit = "connections",
	 .help = "Of those, logged in with one key. One more pushes out one of them that does "
		 "nothing, and is refused where all are at work."},
	{.name = "door_logins", .type = KEY_COUNT, .min = 1, .max = 1000, .fallback = "64",
	 AT(door_logins), .unit = "connections",
	 .help = "Of those, not logged in yet. A newcomer pushes the oldest of the address that "
		 "has most of them out."},
	{.name = "door_login_timeout", .type = KEY_DURATION, .min = 1, .max = 3600,
	 .fallback = "2m", AT(door_login_timeout_s),
	 .help = "How long a client may take to log in, and may be logged in without a command."},
	{.name = "door_idle_timeout", .type = KEY_DURATION, .min = 1, .max = WEEK_S,
	 .fallback = "2h", AT(door_idle_timeout_s),
	 .help = "How long the connection of a client that is logged in may be idle."},
	{.name = "door_memory_limit", .type = KEY_SIZE, .min = 64 * 1024 * KIB, .max = 1024 * GIB,
	 .fallback = "4G", AT(door_memory_limit_bytes),
	 .help = "Private memory of each process that serves a client of hornero-door: git's above "
		 "all."},
	{.name = "build_user", .type = KEY_USER, .min = 1, AT(build_uid),
	 .also = offsetof(struct conf, build_gid), .allowed = "a user's name or number, never root",
	 .help = "The user that runs builds if hornerod itself is root. For a number, the group "
		 "has the same number."},
	{.name = "git_user", .type = KEY_USER, AT(git_uid),
	 .help = "Owner of the repositories."},
	{.name = "hornero_user", .type = KEY_USER, AT(hornero_uid),
	 .help = "Owner of state, store and checkouts."},
	{.name = "queue_group", .type = KEY_GROUP, AT(queue_gid),
	 .help = "Group of the queue: git, hornero and the operators."},
	{.name = "failpoint", .type = KEY_TEXT, .check = check_failpoint, AT(failpoint),
	 .allowed = "NAME, NAME:kill, NAME:stop or NAME:exit",
	 .help = "For tests: where hornero's programs die."},
};

const struct table conf_table = {"hornero.yaml", keys, sizeof(keys) / sizeof(keys[0])};
