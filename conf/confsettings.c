/* confsettings: data only. DIAGNOSTICS: none. A new setting needs a member in struct conf, an entry
 * here, and in doc/hornero.yaml.5 the block that conf_print_settings writes. */
#include "conf/confsettings.h"

#include "conf/check.h"
#include "conf/conf.h"
#include "conf/signedrule.h"

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

static const char *const traits[] = {
	[CONF_TRAITS_NO] = "no", [CONF_TRAITS_YES] = "yes", NULL,
};
static const char *const notify_audits[] = {
	[CONF_NOTIFY_AUDIT_NO] = "no", [CONF_NOTIFY_AUDIT_YES] = "yes", NULL,
};
static const char *const shares[] = {
	[CONF_SHARE_NO] = "no", [CONF_SHARE_YES] = "yes", NULL,
};
static const char *const allow_fetches[] = {
	[CONF_ALLOW_FETCH_NO] = "no", [CONF_ALLOW_FETCH_YES] = "yes", NULL,
};

const char *const conf_missing_words[] = {
	[MISSING_LFS] = "refuse-lfs", [MISSING_REFUSE] = "refuse", [MISSING_WARN] = "warn", NULL,
};

const char *const conf_glance_methods[] = {
	[GLANCE_LOCATION] = "location", [GLANCE_IMPORT] = "import", [GLANCE_UPLOAD] = "upload",
	NULL,
};

const char *const conf_glance_stables[] = {
	[GLANCE_FAIL_CLOSED] = "fail-closed", [GLANCE_FOLLOW] = "follow", NULL,
};

static const struct setting settings[] = {
	{.name = "repo_base", .type = SETTING_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(repo_base), .fallback = "/opt/stack/data/Unikernel",
	 .help = "Directory of the checkouts and the builders' caches, with one directory for each "
		 "image."},
	{.name = "compile_core_limit", .type = SETTING_COUNT, .min = 1, .max = 100,
	 AT(compile_core_limit), .unit = "percent of the node's whole CPU capacity",
	 .fallback = "10",
	 .help = "CPU that all builds together may use, with their checkouts and checks. Not "
		 "counted is what hornerod, its supervisors and the publisher do: copies and "
		 "digests."},
	{.name = "compile_mem_limit", .type = SETTING_COUNT, .min = 16, .max = 16000000,
	 AT(compile_mem_limit), .unit = "MB of 1,000,000 bytes", .fallback = "2000",
	 .help = "Memory that all builds together may use."},
	{.name = "compile_pids_limit", .type = SETTING_COUNT, .min = 16, .max = 4194304,
	 AT(compile_pids_limit), .unit = "processes and threads", .fallback = "4096",
	 .help = "Processes and threads that all builds together may have."},
	{.name = "cpu_dedicated_set", .type = SETTING_TEXT, .max = 1024, .check = check_cpus,
	 AT(cpu_dedicated_set), .allowed = "processors, as 4-12,^8,15",
	 .help = "Set this to Nova's [compute]cpu_dedicated_set: builds leave these processors "
		 "alone. If unset, builds may use all processors."},
	{.name = "memory_pressure_limit", .type = SETTING_COUNT, .min = 0, .max = 100,
	 AT(memory_pressure_limit), .unit = "percent of time, 0: no limit", .fallback = "10",
	 .help = "Builds pause while processes on the node wait for memory during a larger share "
		 "of the time (some avg10 of the kernel's pressure figures)."},
	{.name = "io_pressure_limit", .type = SETTING_COUNT, .min = 0, .max = 100,
	 AT(io_pressure_limit), .unit = "percent of time, 0: no limit", .fallback = "40",
	 .help = "Builds pause while processes wait for disks during a larger share of the time, "
		 "measured in the same way."},
	{.name = "cpu_pressure_limit", .type = SETTING_COUNT, .min = 0, .max = 100,
	 AT(cpu_pressure_limit), .unit = "percent of time, 0: no limit", .fallback = "0",
	 .help = "Builds pause while processes wait for a processor during a larger share of the "
		 "time, measured in the same way. Useful only if the waits of builds do not count: "
		 "see pressure_dir."},
	{.name = "load_limit", .type = SETTING_COUNT, .min = 0, .max = 100000, AT(load_limit),
	 .unit = "percent of the processors, 0: no limit", .fallback = "0",
	 .help = "Builds pause while the load average of one minute is higher."},
	{.name = "pressure_dir", .type = SETTING_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(pressure_dir), .fallback = "/proc/pressure",
	 .help = "Source of the figures for the three limits on pressure. With /proc/pressure, "
		 "hornerod takes the highest figure of any group at the top of cgroup v2 other "
		 "than its own, so that a build that presses against its own limits pauses "
		 "nothing. If the node has no cgroup v2, not even beside v1, or if hornerod has no "
		 "group there, it takes the figures of the whole node, which include the waits of "
		 "builds. With the directory of a cgroup v2 group, such as "
		 "/sys/fs/cgroup/machine.slice, it takes the figures of that group."},
	{.name = "workers", .type = SETTING_COUNT, .min = 1, .max = 64, AT(workers),
	 .unit = "builds",
	 .zero = "auto",
	 .fallback = "auto",
	 .help = "Number of builds that may run at the same time. With auto this is one more than "
		 "the number of processors that compile_core_limit amounts to, because a build "
		 "may wait for a disk. But each build needs 500 MB of compile_mem_limit."},
	{.name = "workers_per_repo", .type = SETTING_COUNT, .min = 0, .max = 64,
	 AT(workers_per_repo), .unit = "builds", .fallback = "0",
	 .help = "Number of builds of one repository that may run at the same time. 0 sets no "
		 "limit. An image never has more than one; for the builders of a group see "
		 "hornero-group(5)."},
	{.name = "state_dir", .type = SETTING_PATH, .check = check_absolute, .max = 94,
	 AT(state_dir),
	 .fallback = LOCALSTATEDIR "/lib/hornero",
	 .help = "Directory of the queue, logs, image files, sockets and fences. Its path must be "
		 "short, because the addresses of sockets are."},
	{.name = "repo_root", .type = SETTING_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(repo_root), .fallback = "$state_dir/git",
	 .help = "Directory of the bare repositories to which users push."},
	{.name = "instances_path", .type = SETTING_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(instances_path), .fallback = "/var/lib/nova/instances",
	 .help = "Set this to Nova's instances_path."},
	{.name = "cache_subdir", .type = SETTING_TEXT, .check = check_component, AT(cache_subdir),
	 .fallback = "_base", .allowed = "one name of A-Z, a-z, 0-9, ., _ and -",
	 .help = "Directory of Nova's image cache below instances_path. Set this to Nova's "
		 "[image_cache]subdirectory_name."},
	{.name = "store_dir", .type = SETTING_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(store_dir), .fallback = "$instances_path/hornero",
	 .help = "Directory of the finished artifacts. Keep it on the filesystem of "
		 "instances_path, so that publishing can share blocks."},
	{.name = "builders_dir", .type = SETTING_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(builders_dir), .fallback = SYSCONFDIR "/hornero/builders.d",
	 .help = "Directory of the builder files, each named NAME.yaml; see hornero-builder(5)."},
	{.name = "base_dir", .type = SETTING_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(base_dir), .fallback = "$state_dir/base",
	 .help = "Directory of the base images: files that builder files name as base:NAME. "
		 "hornero base add puts them there."},
	{.name = "keys_file", .type = SETTING_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(keys_file), .fallback = SYSCONFDIR "/hornero/keys",
	 .help = "File of the SSH keys and their rights to repositories; see hornero-keys(5)."},
	{.name = "require_signed", .type = SETTING_LIST, .check = signedrule_check,
	 AT(require_signed),
	 .allowed = "a list of \"push REPO\", \"commit REPO\" and \"tag REPO\", REPO as in "
		    "hornero-keys(5)",
	 .help = "Repositories whose pushes, commits or tags must be signed; others are refused. "
		 "push: the push itself, by git push --signed. commit: each commit that is new to "
		 "these refs. tag: each tag that is pushed. The signature must be by an SSH key of "
		 "keys_file that may write to the ref, or by a key of gpg_keyring. REPO may be a "
		 "pattern, and REPO:REF covers that ref only."},
	{.name = "gpg_keyring", .type = SETTING_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(gpg_keyring),
	 .help = "File of GPG public keys whose signatures count for require_signed, in every "
		 "repository: the output of gpg --export. gpgv reads it as git's user. If unset, "
		 "only SSH signatures count."},
	{.name = "groups_dir", .type = SETTING_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(groups_dir), .fallback = SYSCONFDIR "/hornero/groups.d",
	 .help = "Directory of the files that set narrower limits for groups of builders, each "
		 "named NAME.yaml; see hornero-group(5)."},
	{.name = "libexec_dir", .type = SETTING_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(libexec_dir), .fallback = PKGLIBEXECDIR,
	 .help = "Directory of hornero's own programs."},
	{.name = "publish_socket", .type = SETTING_PATH, .check = check_absolute, .max = SOCKET_MAX,
	 AT(publish_socket),
	 .help = "Socket of the publisher's service. If unset, hornerod executes hornero-publish "
		 "itself."},
	{.name = "libvirt_uri", .type = SETTING_TEXT, .max = 200, .fallback = "qemu:///system",
	 AT(libvirt_uri), .allowed = "a URI of libvirt's",
	 .help = "The libvirt that runs the instances. hornero uses it only for images with "
		 "in_use: flatten."},
	{.name = "flatten_rate", .type = SETTING_COUNT, .min = 0, .max = 1000000, AT(flatten_rate),
	 .fallback = "100", .unit = "MiB a second",
	 .help = "Rate at which the disk of an instance is made independent of the old bytes of "
		 "its image. 0 sets no limit."},
	{.name = "isolation", .type = SETTING_CHOICE, .choices = isolations, AT(isolation),
	 .fallback = "cgroup",
	 .help = "With cgroup, control groups enforce the limits of builds, and nothing is built "
		 "if control groups are unavailable. With none, builds have no limits."},
	{.name = "on_missing", .type = SETTING_CHOICE, .choices = conf_missing_words,
	 AT(on_missing),
	 .fallback = "refuse-lfs",
	 .help = "Treatment of content that a clone elsewhere would have and this node does not "
		 "have: Git LFS pointers, submodules, and filter drivers in .gitattributes. This "
		 "applies to pushes and to builds. refuse-lfs refuses LFS pointers and names the "
		 "others in one line. refuse refuses all of them. warn accepts and names all of "
		 "them."},
	{.name = "confirm", .type = SETTING_CHOICE, .choices = confirms, AT(confirm),
	 .fallback = "idle",
	 .help = "With idle, if the builder is reproducible, the artifact of an incremental build "
		 "is built again by a clean build while nothing else is to be built or published. "
		 "If the bytes are the same, the artifact is confirmed. If they differ, the clean "
		 "artifact is published instead. With never, nothing is confirmed."},
	{.name = "allow_fetch", .type = SETTING_CHOICE, .choices = allow_fetches, AT(allow_fetch),
	 .fallback = "no",
	 .help = "With yes, the fetch command of a builder file may run, with a network: it "
		 "reaches what the node reaches, but not the node itself. The build that follows "
		 "has no network. With no, jobs whose builder has fetch are held."},
	{.name = "cgroup_top", .type = SETTING_TEXT, .check = check_component, AT(cgroup_top),
	 .fallback = "hornero", .allowed = "one name of A-Z, a-z, 0-9, ., _ and -",
	 .help = "Name of the control group that holds all builds."},
	{.name = "build_timeout", .type = SETTING_DURATION, .min = 1, .max = WEEK_S,
	 .fallback = "30m",
	 AT(build_timeout_s),
	 .help = "Longest time that one run of a builder may take. As in every stage, only time in "
		 "which the build could run counts: pauses do not count, nor does waiting for a "
		 "processor because of the limits or of other processes. A run is also ended after "
		 "50 times as long by the clock. Then the node was too busy, and the job is tried "
		 "again. With isolation: none, all time counts."},
	{.name = "silence_timeout", .type = SETTING_DURATION, .min = 1, .max = WEEK_S,
	 .fallback = "10m", AT(silence_timeout_s),
	 .help = "Longest time for which a builder may print nothing, counted in the same way."},
	{.name = "log_limit", .type = SETTING_SIZE, .min = 4 * KIB, .max = 64 * GIB,
	 .fallback = "64M",
	 AT(log_limit_bytes),
	 .help = "Largest log of one attempt. A builder that prints more is ended."},
	{.name = "log_keep", .type = SETTING_DURATION, .min = 0, .max = 520 * WEEK_S,
	 .fallback = "720h", AT(log_keep_s),
	 .help = "How long the log of an attempt stays after its last line. The reason of the "
		 "attempt, with the last line of the tool that failed, stays as long as its job. "
		 "0 means forever."},
	{.name = "log_budget", .type = SETTING_SIZE, .min = 0, .max = PIB, .fallback = "256M",
	 AT(log_budget_bytes),
	 .help = "Disk space that all logs together may use. An hour after its last line, a log is "
		 "compressed. Above this limit, the oldest logs are removed first; those of jobs "
		 "that have not ended stay. 0 sets no limit."},
	{.name = "history_keep", .type = SETTING_DURATION, .min = 0, .max = 520 * WEEK_S,
	 .fallback = "8760h", AT(history_keep_s),
	 .help = "How long an ended job stays in the queue, with its attempts and events. The "
		 "newest jobs of an image, and the one that was published last, always stay. 0 "
		 "means forever."},
	{.name = "history_jobs", .type = SETTING_COUNT, .min = 0, .max = 1000000000,
	 .fallback = "200000", AT(history_jobs), .unit = "jobs",
	 .help = "Number of ended jobs that stay in the queue. Above it, the oldest are forgotten "
		 "first, while nothing is to be built. 0 sets no limit."},
	{.name = "image_size_limit", .type = SETTING_SIZE, .min = 64 * KIB, .max = 16384 * GIB,
	 .fallback = "20G", AT(image_size_limit_bytes),
	 .help = "Largest virtual size of an image. A larger one is refused."},
	{.name = "push_size_limit", .type = SETTING_SIZE, .min = 4 * KIB, .max = 1024 * GIB,
	 .fallback = "1G", AT(push_size_limit_bytes),
	 .help = "Largest push that is accepted. hornero repo create writes it into the repository "
		 "as git's receive.maxInputSize."},
	{.name = "sweep_interval", .type = SETTING_DURATION, .min = 1, .max = WEEK_S,
	 .fallback = "5m",
	 AT(sweep_interval_s),
	 .help = "How often hornero-sweep compares the refs with the images that are warm. It does "
		 "so independently of the hooks."},
	{.name = "upkeep_timeout", .type = SETTING_DURATION, .min = 1, .max = WEEK_S,
	 .fallback = "1h",
	 AT(upkeep_timeout_s),
	 .help = "Longest time that hornero-sweep, hornero-keep or hornero-collect may take, and "
		 "for which hornero-scrub may make no progress. A program that takes longer is "
		 "killed, and runs again at its next interval."},
	{.name = "scrub_interval", .type = SETTING_DURATION, .min = 0, .max = 52 * WEEK_S,
	 .fallback = "168h", AT(scrub_interval_s),
	 .help = "How often hornero-scrub reads every artifact, and every file that hornero "
		 "published into Nova's cache, and compares it with its digest. 0 means never. It "
		 "reads while nothing is built or published, at the lowest priorities."},
	{.name = "scrub_rate", .type = SETTING_COUNT, .min = 0, .max = 1000000, .fallback = "32",
	 AT(scrub_rate), .unit = "MiB a second",
	 .help = "Rate at which hornero-scrub reads. 0 sets no limit."},
	{.name = "cache_minimum_age", .type = SETTING_DURATION, .min = 2, .max = 52 * WEEK_S,
	 .fallback = "24h", AT(cache_minimum_age_s),
	 .help = "Set this to Nova's [image_cache]remove_unused_original_minimum_age_seconds. The "
		 "file of an image that is kept warm is touched at half of this age, so that Nova "
		 "does not remove it."},
	{.name = "cache_grace", .type = SETTING_DURATION, .min = 0, .max = WEEK_S, .fallback = "1m",
	 AT(cache_grace_s),
	 .help = "How long hornero waits before it publishes a file again that is gone from Nova's "
		 "cache: an operator may be freeing the disk."},
	{.name = "store_budget", .type = SETTING_SIZE, .min = 0, .max = PIB, .fallback = "0",
	 AT(store_budget_bytes),
	 .help = "Disk space that all artifacts together may use. 0 sets no limit. Above it, the "
		 "artifacts that have not been used for the longest time are removed first. The "
		 "current and the previous artifact of an image, and artifacts that a job needs, "
		 "are never removed."},
	{.name = "work_budget", .type = SETTING_SIZE, .min = 0, .max = PIB, .fallback = "0",
	 AT(work_budget_bytes),
	 .help = "Disk space that all checkouts, builders' caches and fetched files together may "
		 "use. 0 sets no limit. Above it, the checkout and the cache of the image whose "
		 "last build is the oldest are removed first, and its next build starts without "
		 "them. Each check of this limit counts all of these files."},
	{.name = "cache_budget", .type = SETTING_SIZE, .min = 0, .max = PIB, .fallback = "0",
	 AT(cache_budget_bytes),
	 .help = "Disk space for all files that hornero published into Nova's cache, "
		 "including releases. 0 sets no limit. Above it, files that no image keeps warm "
		 "and no instance uses are removed, including older releases."},
	{.name = "store_floor", .type = SETTING_SIZE, .min = 0, .max = PIB, .fallback = "1G",
	 AT(store_floor_bytes),
	 .help = "Space that must stay free on the filesystems of store_dir and of repo_base. 2 "
		 "percent of their inodes must stay free as well. Below it, artifacts, checkouts "
		 "and builders' caches are collected, a build that goes on filling the disk is "
		 "ended, and nothing is built until there is room again."},
	{.name = "cache_floor", .type = SETTING_SIZE, .min = 0, .max = PIB, .fallback = "1G",
	 AT(cache_floor_bytes),
	 .help = "Space that must stay free on the filesystem of Nova's cache. 2 percent of its "
		 "inodes must stay free as well. Below it, nothing is built and nothing is "
		 "published."},
	{.name = "state_floor", .type = SETTING_SIZE, .min = 0, .max = PIB, .fallback = "100M",
	 AT(state_floor_bytes),
	 .help = "Space that must stay free on the filesystem of state_dir, for the queue and for "
		 "logs. 2 percent of its inodes must stay free as well. Below it, the oldest logs "
		 "are removed, and nothing is built until there is room again."},
	{.name = "reserved_host_disk_mb", .type = SETTING_COUNT, .min = 0, .max = PIB >> 20,
	 .fallback = "0", AT(reserved_host_disk_mb), .unit = "MB of 1,048,576 bytes",
	 .help = "Set this to Nova's [DEFAULT]reserved_host_disk_mb. On the filesystem of "
		 "instances_path, it is added to each of these floors."},
	{.name = "door_listen", .type = SETTING_TEXT, .check = check_listen, AT(door_listen),
	 .fallback = "0.0.0.0:2222 [::]:2222",
	 .allowed = "ADDRESS:PORT, IPv6 addresses in [], with blanks between several, at most 8",
	 .help = "Addresses and ports on which hornero-door listens; see hornero-door(8)."},
	{.name = "door_name", .type = SETTING_TEXT, .check = check_host, AT(door_name),
	 .allowed = "HOST or HOST:PORT, IPv6 in []",
	 .help = "Name of the node in the commands that users are told to type. If unset, the "
		 "node's own name and the port to which the user connected are used."},
	{.name = "door_host_keys", .type = SETTING_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(door_host_keys), .fallback = "$state_dir/door",
	 .help = "Directory of hornero-door's host keys. The files have the names that OpenSSH "
		 "uses; hornero init creates them."},
	{.name = "door_connections", .type = SETTING_COUNT, .min = 1, .max = 1000,
	 .fallback = "200",
	 AT(door_connections), .unit = "connections",
	 .help = "Number of connections that hornero-door serves at the same time, each in a "
		 "process of its own."},
	{.name = "door_connections_per_address", .type = SETTING_COUNT, .min = 1, .max = 1000,
	 .fallback = "32", AT(door_connections_per_address), .unit = "connections",
	 .help = "Number of these connections that may come from one address (for IPv6, from one "
		 "/64)."},
	{.name = "door_connections_per_key", .type = SETTING_COUNT, .min = 1, .max = 1000,
	 .fallback = "32", AT(door_connections_per_key), .unit = "connections",
	 .help = "Number of these connections that may be logged in with one key. A further login "
		 "ends one of them that runs no command. If all of them run commands, it is "
		 "refused."},
	{.name = "door_logins", .type = SETTING_COUNT, .min = 1, .max = 1000, .fallback = "64",
	 AT(door_logins), .unit = "connections",
	 .help = "Number of these connections that may not have logged in yet. A further one ends "
		 "the oldest of the address that has the most of them."},
	{.name = "door_login_timeout", .type = SETTING_DURATION, .min = 1, .max = 3600,
	 .fallback = "2m", AT(door_login_timeout_s),
	 .help = "How long a client may take to log in, and how long it may then stay without a "
		 "command."},
	{.name = "door_idle_timeout", .type = SETTING_DURATION, .min = 1, .max = WEEK_S,
	 .fallback = "2h", AT(door_idle_timeout_s),
	 .help = "How long the connection of a client that is logged in may be idle."},
	{.name = "door_memory_limit", .type = SETTING_SIZE, .min = 64 * 1024 * KIB,
	 .max = 1024 * GIB,
	 .fallback = "4G", AT(door_memory_limit_bytes),
	 .help = "Private memory that each process that serves a client of hornero-door may use. "
		 "git needs most of it."},
	{.name = "serve_listen", .type = SETTING_TEXT, .check = check_listen, AT(serve_listen),
	 .allowed = "ADDRESS:PORT, IPv6 addresses in [], with blanks between several, at most 8",
	 .help = "Addresses and ports on which hornero-serve serves published artifacts; see "
		 "hornero-serve(8). If unset, it serves nothing."},
	{.name = "serve_connections", .type = SETTING_COUNT, .min = 1, .max = 4096,
	 .fallback = "256", AT(serve_connections), .unit = "connections",
	 .help = "Number of connections that hornero-serve serves at the same time. A further one "
		 "ends the oldest one without a request, and is refused until that one is gone."},
	{.name = "serve_connections_per_address", .type = SETTING_COUNT, .min = 1, .max = 4096,
	 .fallback = "32", AT(serve_connections_per_address), .unit = "connections",
	 .help = "Number of these connections that may come from one address (for IPv6, from one "
		 "/64)."},
	{.name = "serve_timeout", .type = SETTING_DURATION, .min = 1, .max = 3600,
	 .fallback = "30s", AT(serve_timeout_s),
	 .help = "Time that a client of hornero-serve may take to send a request. In this time it "
		 "must also receive 32 KiB for each second, or half of its share of serve_rate if "
		 "that is less. Slower clients are disconnected."},
	{.name = "serve_rate", .type = SETTING_COUNT, .min = 0, .max = 1000000, .fallback = "0",
	 AT(serve_rate), .unit = "MiB a second",
	 .help = "Rate at which hornero-serve sends, shared equally by its connections. 0 sets no "
		 "limit."},
	{.name = "metrics_listen", .type = SETTING_TEXT, .check = check_listen,
	 AT(metrics_listen),
	 .allowed = "ADDRESS:PORT, IPv6 addresses in [], with blanks between several, at most 8",
	 .help = "Addresses and ports on which hornero-serve --metrics serves the node's figures "
		 "(/metrics) and report (/status); see hornero-metrics(7). If unset, it serves "
		 "nothing."},
	{.name = "glance_credentials", .type = SETTING_PATH, .check = check_absolute,
	 .max = DIR_MAX, AT(glance_credentials), .fallback = SYSCONFDIR "/hornero/clouds.yaml",
	 .help = "File with the credentials of hornero-glance(8), in the form of OpenStack's "
		 "clouds.yaml. It must belong to the user of hornero-glance, with mode 0600."},
	{.name = "glance_cloud", .type = SETTING_TEXT, .check = check_component, AT(glance_cloud),
	 .allowed = "a name below clouds: in glance_credentials",
	 .help = "Entry of that file to use. If unset, the file must have one entry only."},
	{.name = "glance_method", .type = SETTING_CHOICE, .choices = conf_glance_methods,
	 .fallback = "location", AT(glance_method),
	 .help = "Way in which Glance gets the bytes of a release. With location, it records the "
		 "URL of the artifact and fetches nothing. With import, it fetches that URL once "
		 "(web-download). With upload, hornero-glance sends the bytes. If Glance refuses "
		 "one, the next is tried. The first two need glance_artifact_url."},
	{.name = "glance_artifact_url", .type = SETTING_TEXT, .check = check_url, .max = 400,
	 AT(glance_artifact_url), .allowed = "a URL with http or https",
	 .help = "URL of hornero-serve(8), or of a web server with the same paths, that Glance "
		 "and every node reach. If unset, releases are uploaded."},
	{.name = "glance_stable", .type = SETTING_CHOICE, .choices = conf_glance_stables,
	 .fallback = "fail-closed", AT(glance_stable),
	 .help = "Answer to a node that has no copy of the image and boots it by its own UUID, "
		 "whose record in Glance keeps its first bytes for ever. With fail-closed, the "
		 "node gets an error as soon as other bytes are current. With follow, it boots the "
		 "first bytes. The setting glance_stable of an image overrides it; see THE STABLE "
		 "ID in hornero-glance(8)."},
	{.name = "glance_dir", .type = SETTING_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(glance_dir), .fallback = "$state_dir/glance",
	 .help = "Directory in which hornero-glance records what became of each release."},
	{.name = "nova_conf", .type = SETTING_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(nova_conf), .fallback = "/etc/nova/nova.conf",
	 .help = "Configuration of this node's nova-compute. Only hornero doctor and hornero cache "
		 "--placement read it, for reserved_host_disk_mb."},
	{.name = "nova_host", .type = SETTING_TEXT, .check = check_component, AT(nova_host),
	 .allowed = "a host name",
	 .help = "Name of this node in Nova: host of its nova.conf. If unset, it is the node's "
		 "host name, which is Nova's default, too."},
	{.name = "placement_traits", .type = SETTING_CHOICE, .choices = traits, .fallback = "no",
	 AT(placement_traits),
	 .help = "With yes, hornero-glance(8) puts the trait CUSTOM_HORNERO_UUID of each warm "
		 "image on this node's resource provider in Placement, and removes it when the "
		 "image's file is gone. Its credentials need the right to do that."},
	{.name = "placement_provider", .type = SETTING_TEXT, .check = check_component,
	 AT(placement_provider), .allowed = "the name of a resource provider",
	 .help = "Name of this node's resource provider: its hypervisor_hostname in Nova. If "
		 "unset, it is nova_host, or the node's host name."},
	{.name = "rebuild_parallel", .type = SETTING_COUNT, .min = 1, .max = 8, .fallback = "1",
	 AT(rebuild_parallel), .unit = "servers",
	 .help = "Number of servers of an image with on_warm: rebuild that Nova rebuilds at the "
		 "same time. The next ones follow when all of them are healthy."},
	{.name = "rebuild_wait", .type = SETTING_DURATION, .min = 1, .max = 24 * 3600,
	 .fallback = "5m", AT(rebuild_wait_s),
	 .help = "Time in which these servers must be healthy: active and, if the image has "
		 "expect, with a line on their console that matches it. Otherwise no other server "
		 "is rebuilt."},
	{.name = "events_dir", .type = SETTING_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(events_dir), .fallback = SYSCONFDIR "/hornero/events.d",
	 .help = "Directory of the programs that hornero-notify(8) runs when an image with "
		 "on_warm: notify has become warm."},
	{.name = "notify_dir", .type = SETTING_PATH, .check = check_absolute, .max = DIR_MAX,
	 AT(notify_dir), .fallback = "$state_dir/notify",
	 .help = "Directory in which hornero-notify records what it has told them."},
	{.name = "notify_timeout", .type = SETTING_DURATION, .min = 1, .max = 3600,
	 .fallback = "60", AT(notify_timeout_s),
	 .help = "Longest run of each of these programs. Then it is ended, and run again later."},
	{.name = "notify_audit", .type = SETTING_CHOICE, .choices = notify_audits,
	 .fallback = "no", AT(notify_audit),
	 .help = "With yes, these programs also get each record of the audit log, with "
		 "HORNERO_EVENT=audit; see AUDIT LOG in hornero-notify(8). The service can read "
		 "the log after `systemctl daemon-reload` and a restart."},
	{.name = "share", .type = SETTING_CHOICE, .choices = shares, .fallback = "no", AT(share),
	 .help = "With yes, before a build hornero asks Glance for an artifact of another node "
		 "with the same content key, by a clean build, and takes its bytes instead; see "
		 "SHARING in hornero-glance(8). If there is none, or it is wrong, the node builds. "
		 "Images can say otherwise (share in hornero-image(5))."},
	{.name = "share_wait", .type = SETTING_DURATION, .min = 0, .max = 24 * 3600,
	 .fallback = "0", AT(share_wait_s),
	 .help = "Longest wait of a job for an artifact that no node has registered yet, before "
		 "this node builds it. If several nodes get a push at the same time, set this on "
		 "all but one of them to the time that a build takes."},
	{.name = "share_timeout", .type = SETTING_DURATION, .min = 1, .max = 24 * 3600,
	 .fallback = "10m", AT(share_timeout_s),
	 .help = "Longest time in which an artifact of another node must have arrived. A slower "
		 "one is not taken, and this node builds."},
	{.name = "mirror_timeout", .type = SETTING_DURATION, .min = 1, .max = 24 * 3600,
	 .fallback = "10m", AT(mirror_timeout_s),
	 .help = "Longest fetch of hornero-mirror(8) from an upstream repository, and longest push "
		 "of what it fetched."},
	{.name = "build_user", .type = SETTING_USER, .min = 1, AT(build_uid),
	 .also = offsetof(struct conf, build_gid), .allowed = "a user's name or number, never root",
	 .help = "User that runs the builds if hornerod runs as root, which then requires it. If "
		 "it is a number, the group has the same number."},
	{.name = "git_user", .type = SETTING_USER, AT(git_uid),
	 .help = "User that owns the repositories."},
	{.name = "hornero_user", .type = SETTING_USER, AT(hornero_uid),
	 .help = "User that owns the state, the store and the checkouts."},
	{.name = "queue_group", .type = SETTING_GROUP, AT(queue_gid),
	 .help = "Group of the queue. Its members are the users git and hornero, and the "
		 "operators."},
	{.name = "accepted", .type = SETTING_LIST, .check = check_accepted, AT(accepted),
	 .allowed = "a list of CHECK or \"CHECK: WORDS\"",
	 .help = "Warnings of hornero doctor and hornero status that the operator lives with. "
		 "CHECK is the second word of a finding, and WORDS stand in the finding: "
		 "\"reflinks\", or \"system: clock\". Only warnings can be accepted, no failures."},
	{.name = "failpoint", .type = SETTING_TEXT, .check = check_failpoint, AT(failpoint),
	 .allowed = "[PROGRAM/]NAME[:ACTION[:N]]; ACTION is kill, stop, exit, log, ENOSPC, EIO, "
		    "EINTR or ENOMEM",
	 .help = "For tests: the point at which hornero's programs die, or one of their durable "
		 "steps fails; N: the N-th time that a process passes it."},
};

const struct settings conf_settings = {"hornero.yaml", settings,
				       sizeof(settings) / sizeof(settings[0])};
