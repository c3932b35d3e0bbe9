/* words: only the table; main.c passes it to grammar.c. DIAGNOSTICS: none. */
#include "cli/words.h"

static const struct word_option key_options[] = {
	{"read", 0, "REPOS", VALUE_REPO, "may fetch from REPOS, and see their jobs and images"},
	{"write", 0, "REPOS", VALUE_REPO, "may push to REPOS; REPO:REF allows that ref only"},
	{"create", 0, "REPOS", VALUE_REPO, "may create REPOS by pushing to them"},
	{"admin", 0, "REPOS", VALUE_REPO, "may bind images to REPOS; '*' is the whole node"},
	{"ids", 0, "UUIDS", 0,
	 "images that the key may bind, such as '2b7e1516-*'; default: only new ones"},
	{0},
};
static const struct word_option mirror_options[] = {
	{"off", 0, NULL, 0, "follow no upstream any more; the refs stay as they are"},
	{"replace", 0, NULL, 0, "also if the repository has refs that the upstream may lack"},
	{0},
};
static const struct word_option check_options[] = {
	{"keep", 0, NULL, 0, "copy a valid file for services, for the time in which it is broken"},
	{0},
};
static const struct word_option config_options[] = {
	{"effective", 0, NULL, 0, "also the settings that the file leaves out"},
	{0},
};
static const struct word_option remove_options[] = {
	{"yes", 0, NULL, 0, "remove the repository and all its commits"},
	{0},
};
static const struct word_option fetch_options[] = {
	{"no-wait", 0, NULL, 0, "do not wait for the end of the fetch"},
	{"timeout", 't', "S", 0, "wait at most S seconds (exit 75); default: 60"},
	{0},
};
static const struct word_option add_options[] = {
	{"ref", 0, "REF", VALUE_REF, "follow REF; default: refs/heads/main"},
	{"subdir", 0, "DIR", 0, "build only this directory of the repository"},
	{"builder", 0, "NAME", VALUE_BUILDER,
	 "use this builder of builders.d; default: as .hornero.yaml says, else detect it"},
	{"name", 0, "TEXT", 0, "a name to show beside the UUID"},
	{"replace", 0, NULL, 0,
	 "allow hornero to replace the file it did not put into Nova's cache"},
	{"glance", 0, "NAME", 0, "have hornero-glance make the record of the UUID, with this name"},
	{"adopt", 0, NULL, 0, "have hornero-glance take over your own record of the UUID"},
	{"follow", 0, NULL, 0, "with these two: set glance_stable=follow"},
	{"no-wait", 0, NULL, 0, "with these two: do not wait until the image is bound"},
	{"timeout", 't', "S", 0, "with these two: wait at most S seconds (exit 75); default: 60"},
	{0},
};
static const struct word_option list_options[] = {
	{"wanted", 'w', NULL, 0, "show the commit of each ref, and why it is not warm"},
	{0},
};
static const struct word_option import_options[] = {
	{"from-glance", 0, NULL, 0, "look at what hornero-glance found in Glance; needed"},
	{"yes", 0, NULL, 0, "adopt and bind what can be; default: only list"},
	{"follow", 0, NULL, 0, "images with bytes as well: set glance_stable=follow"},
	{0},
};
static const struct word_option try_options[] = {
	{"output", 'o', "FILE", VALUE_FILE,
	 "put the artifact into FILE, which is new; default: a temporary file"},
	{0},
};
static const struct word_option queue_options[] = {
	{"all", 'a', NULL, 0, "list all jobs; default: open jobs and the last 20 that ended"},
	{"limit", 'n', "N", 0, "list at most N jobs; default: 100"},
	{"since", 0, "TIME", 0, "of the ended jobs, those that ended in the last TIME (24h, 7d)"},
	{"image", 0, "IMAGE", VALUE_IMAGE, "only jobs of this image: its UUID or its name"},
	{"repo", 0, "REPO", VALUE_REPO, "only jobs of this repository"},
	{"state", 0, "STATES", VALUE_STATE, "only jobs in these states, such as failed,held"},
	{"pushed-by", 0, "KEY", VALUE_KEY, "only jobs that this key or user pushed"},
	{0},
};
static const struct word_option show_options[] = {
	{"diff", 'd', NULL, 0, "compare it with the last good build of its image before it"},
	{0},
};
static const struct word_option log_options[] = {
	{"follow", 'f', NULL, 0,
	 "keep printing as the log grows, across attempts, until the job ends"},
	{"attempt", 'n', "N", 0, "print the log of attempt N; default: the newest"},
	{"since", 0, "TIME", 0, "print only what was written in the last TIME, such as 5m"},
	{"tail", 0, "N", 0, "print only the last N lines, and with --follow what comes after them"},
	{"grep", 0, "TEXT", 0, "print only lines that have TEXT, in capitals or not"},
	{"alive", 0, "S", 0,
	 "with --follow: print a line after S silent seconds, end if nobody reads"},
	{0},
};
static const struct word_option wait_options[] = {
	{"timeout", 't', "S", 0, "give up after S seconds (exit 75); default: never"},
	{0},
};
static const struct word_option rebuild_options[] = {
	{"all", 'a', NULL, 0, "rebuild every image"},
	{"older-than", 0, "TIME", 0,
	 "with --all: only artifacts built longer ago, such as 7d; implies --force"},
	{"spread", 0, "TIME", 0,
	 "with --all: begin the builds one after the other in TIME, such as 4h"},
	{"force", 'f', NULL, 0, "build even if an artifact of the same content exists"},
	{"clean", 0, NULL, 0, "build from an empty checkout and an empty cache; implies --force"},
	{0},
};
static const struct word_option top_options[] = {
	{"iterations", 'n', "N", 0,
	 "exit after N updates; default: never on a terminal, else after one"},
	{"interval", 'i', "S", 0, "seconds between updates; default: 2"},
	{0},
};
static const struct word_option fleet_options[] = {
	{"nodes", 0, "FILE", VALUE_FILE,
	 "the nodes to ask; default: nodes.yaml beside hornero.yaml"},
	{"timeout", 't', "S", 0, "wait at most S seconds for each node; default: 10"},
	{"all", 'a', NULL, 0, "show every image of every node, not only those that lag"},
	{"watch", 'w', NULL, 0, "ask again and again until Ctrl-C"},
	{"iterations", 'n', "N", 0, "with --watch: exit after N updates"},
	{"interval", 'i', "S", 0, "with --watch: seconds between updates; default: 2"},
	{0},
};
static const struct word_option backup_options[] = {
	{"no-repositories", 0, NULL, 0, "list the repositories, but save no commits"},
	{0},
};
static const struct word_option restore_options[] = {
	{"dry-run", 'n', NULL, 0, "check the file and the node, but change nothing"},
	{0},
};
static const struct word_option rollback_options[] = {
	{"undo", 'u', NULL, 0, "undo the rollback: the image follows its ref again"},
	{"timeout", 't', "S", 0, "wait at most S seconds until the image is warm; default: 10"},
	{0},
};
static const struct word_option gc_options[] = {
	{"dry-run", 'n', NULL, 0, "list what would be removed and why, but remove nothing"},
	{"verify", 0, NULL, 0, "read every artifact in the store again and check its digest"},
	{0},
};
static const struct word_option metrics_options[] = {
	{"write", 'w', NULL, 0, "write the file, and keep what was counted"},
	{0},
};
static const struct word_option report_options[] = {
	{"html", 0, "FILE", VALUE_FILE, "write the page to FILE, which it replaces; - prints it"},
	{"served", 0, NULL, 0, "write it to where metrics_listen serves it, if that is set"},
	{"since", 0, "TIME", 0, "show the jobs of the last TIME, such as 24h; default: 7d"},
	{0},
};
static const struct word_option stats_options[] = {
	{"since", 0, "TIME", 0, "only jobs that ended in the last TIME, such as 24h; default: 7d"},
	{"image", 0, "IMAGE", VALUE_IMAGE, "only of this image: its UUID or its name"},
	{"repo", 0, "REPO", VALUE_REPO, "only of this repository"},
	{"limit", 'n', "N", 0, "read at most the last N jobs that ended; default: 10000"},
	{0},
};
static const struct word_option events_options[] = {
	{"follow", 'f', NULL, 0, "keep printing events as they happen"},
	{"since", 0, "NUMBER", 0, "print the events after this one; default: the last 20"},
	{"image", 0, "IMAGE", VALUE_IMAGE, "only of this image: its UUID or its name"},
	{"limit", 'n', "N", 0, "end after N events; without --since: print the last N"},
	{"audit", 0, NULL, 0, "print the audit log instead: who changed what, and from where"},
	{"verify", 0, NULL, 0, "with --audit: check that no record was changed or removed"},
	{0},
};
static const struct word_option cache_options[] = {
	{"verify", 0, NULL, 0, "read every file that hornero published again and check its digest"},
	{"placement", 0, NULL, 0,
	 "show the disk space that Nova must reserve for cache and hornero"},
	{0},
};

static const struct word_option base_options[] = {
	{"sha256", 0, "HEX", 0, "the SHA-256 that the file must have; needed for a URL"},
	{"replace", 0, NULL, 0, "replace a base image of this name that has other bytes"},
	{0},
};

const struct word word_table[] = {
	{"init", "", "create the directories and the queue that the configuration names",
	 "Creates missing directories, corrects modes and owners, and leaves everything\n"
	 "else alone. Run it again whenever paths or users in hornero.yaml change. Needs\n"
	 "root if the configuration names users.",
	 NULL, 0, 0, {0}, WORD_JSON | WORD_AS_ROOT | WORD_CHANGES, init_run, WORD_NODE,
	 TASK_OPERATE},
	{"config check", "[FILE]", "check a configuration, and name every error in it",
	 "FILE is another hornero.yaml than the one in use. Any user may check a file that they\n"
	 "can read, and nothing of it takes effect. Exits 78 if it has an error.",
	 check_options, 0, 1, {VALUE_FILE}, WORD_JSON | WORD_AS_ROOT, config_check_run, WORD_HERE,
	 TASK_OPERATE},
	{"config show", "", "show the settings of the configuration, as they are in force",
	 "Prints YAML, with sizes in bytes, times in seconds and absolute paths.",
	 config_options, 0, 0, {0}, WORD_JSON | WORD_AS_ROOT, config_show_run, WORD_NODE,
	 TASK_OPERATE},
	{"repo create", "NAME", "create a bare repository to push to",
	 "Installs hornero's hooks and durable settings. Prints the path of the repository\n"
	 "on the last line. NAME may have several parts, as in team/thing. If it is there\n"
	 "already, nothing changes.",
	 NULL, 1, 1, {0}, WORD_JSON | WORD_AS_ROOT | WORD_CHANGES, repo_create_run, WORD_CREATE,
	 TASK_PUSH},
	{"repo list", "", "list the repositories, and the upstreams that they follow",
	 "", NULL, 0, 0, {0}, WORD_JSON, repo_list_run, WORD_READ, TASK_PUSH},
	{"repo mirror", "NAME [URL]", "have a repository follow an upstream by fetch",
	 "hornero-mirror makes its branches and tags those of the upstream: at once after\n"
	 "`hornero repo fetch`, and at each sweep_interval. They are pushed into the repository,\n"
	 "so hooks and queue work as for any push. Other pushes to it are refused.\n"
	 "\n"
	 "URL is ssh://USER@HOST/PATH or https://HOST/PATH. The key, the host keys and the\n"
	 "credentials are in files of git's user; see hornero-mirror(8).",
	 mirror_options, 1, 2, {VALUE_REPO}, WORD_JSON | WORD_CHANGES, repo_mirror_run, WORD_HERE,
	 TASK_PUSH},
	{"repo fetch", "NAME", "fetch a mirror from its upstream now",
	 "An upstream's hook can call it over SSH, with a key that may write to NAME.\n"
	 "\n"
	 "Exits 0 if the refs are those of the upstream, 1 with the reason if not, and 75 if the\n"
	 "fetch has not ended in time or hornero-mirror does not run.",
	 fetch_options, 1, 1, {VALUE_REPO}, 0, repo_fetch_run, WORD_WRITE, TASK_PUSH},
	{"repo remove", "NAME", "remove a repository, with all its commits",
	 "Refuses as long as an image is built from it, or it follows an upstream. Artifacts and\n"
	 "warm images stay. Needs --yes if the repository is there.",
	 remove_options, 1, 1, {VALUE_REPO}, WORD_JSON | WORD_AS_ROOT | WORD_CHANGES,
	 repo_remove_run, WORD_HERE, TASK_PUSH},
	{"key add", "NAME [KEY]", "allow an SSH key to log in",
	 "KEY is a public key file, the key itself, or - for standard input (the default).\n"
	 "REPOS are names separated by blanks. A * matches any characters: 'team/*'. Each\n"
	 "right includes the rights above it in this list. If the key is there with these\n"
	 "rights, nothing changes.",
	 key_options, 1, -1, {0, VALUE_FILE}, WORD_JSON | WORD_AS_ROOT | WORD_CHANGES,
	 key_add_run, WORD_HERE, TASK_OPERATE},
	{"key set", "NAME [KEY]", "give a key these rights, and no others",
	 "Replaces the line of NAME in the keys file; without KEY, the key itself stays. With\n"
	 "KEY, as for `hornero key add`, adds it if it is missing.",
	 key_options, 1, -1, {VALUE_KEY, VALUE_FILE}, WORD_JSON | WORD_AS_ROOT | WORD_CHANGES,
	 key_set_run, WORD_HERE, TASK_OPERATE},
	{"key list", "", "list the keys and their rights",
	 "An invalid line of the keys file grants nothing; it is listed with the reason.",
	 NULL, 0, 0, {0}, WORD_JSON | WORD_AS_ROOT, key_list_run, WORD_NODE, TASK_OPERATE},
	{"key remove", "NAME", "stop a key from logging in",
	 "Takes effect for new connections, and for the next command on open ones. Commands\n"
	 "that are running continue.",
	 NULL, 1, 1, {VALUE_KEY}, WORD_JSON | WORD_AS_ROOT | WORD_CHANGES,
	 key_remove_run, WORD_HERE, TASK_OPERATE},
	{"image add", "[UUID] REPO", "keep an image warm from a repository",
	 "Binds the Glance image UUID to a repository that `hornero repo create` made.\n"
	 "Without UUID, hornero makes a new one and prints it. If the repository has commits\n"
	 "already, a build starts at once. Two images may share a repository.\n"
	 "\n"
	 "hornero does not replace a file in Nova's cache that it did not put there. To allow\n"
	 "it for that one file, as it is now, use --replace on the node; the image may be bound\n"
	 "already.\n"
	 "\n"
	 "With --glance or --adopt, the image is bound once Glance has its record, and the\n"
	 "command waits for that. If Glance refuses it, or after Ctrl-C, the image is not bound.",
	 add_options, 1, 2, {VALUE_REPO, VALUE_REPO}, WORD_JSON | WORD_CHANGES,
	 image_add_run, WORD_ADMIN, TASK_PUSH},
	{"image import", "", "bind images that Glance names after repositories of this node",
	 "Lists the images of hornero-glance's project whose name is git@NODE:/path/repo, with\n"
	 "this node and a repository of it. With --yes, each is adopted and bound, as\n"
	 "`hornero image add UUID REPO --adopt --no-wait` does.",
	 import_options, 0, 0, {0}, WORD_JSON | WORD_CHANGES, image_import_run, WORD_HERE,
	 TASK_PUSH},
	{"image list", "", "list the images of this node and whether they are warm",
	 "", list_options, 0, 0, {0}, WORD_JSON, image_list_run, WORD_READ, TASK_SEE},
	{"image show", "UUID", "show an image's source, what is warm, and its newest job",
	 "", NULL, 1, 1, {VALUE_IMAGE}, WORD_JSON,
	 image_show_run, WORD_READ, TASK_SEE},
	{"image current", "UUID", "print the id of the release that is to be booted now",
	 "Prints the UUID of the current release, for `openstack server create --image`.\n"
	 "\n"
	 "Prints nothing and exits 75 with the reason if the release is not in Nova's cache or,\n"
	 "with releases: registered, not in Glance yet. Exits 1 if the image has no releases.",
	 NULL, 1, 1, {VALUE_IMAGE}, WORD_JSON, image_current_run, WORD_READ, TASK_SEE},
	{"image set", "UUID NAME=VALUE...", "change an image's settings",
	 "Keys: repo, ref, subdir, builder, expect, timeout, boot_memory, boot_machine, boot_bus,\n"
	 "name, keep_warm, in_use, releases, glance_visibility, glance_project, glance_record,\n"
	 "glance_stable, require_warm, on_warm, rebuild_failed, confirm (idle or never), share,\n"
	 "pinned, until_ref_leaves.\n"
	 "An empty value (builder=) unsets a key. The image stays warm as it is until\n"
	 "something newer is published.",
	 NULL, 2, -1, {VALUE_IMAGE, VALUE_SETTING}, WORD_JSON | WORD_CHANGES,
	 image_set_run, WORD_ADMIN, TASK_PUSH},
	{"image remove", "UUID", "stop keeping an image warm",
	 "The file in Nova's cache stays until Nova ages it out or `hornero gc` needs the\n"
	 "room, so instances are not disturbed. The repository stays, too.",
	 NULL, 1, 1, {VALUE_IMAGE}, WORD_JSON | WORD_CHANGES, image_remove_run, WORD_ADMIN,
	 TASK_PUSH},
	{"builder list", "", "list the builders, and whether this node has what they need",
	 "An incomplete builder disturbs no other one: only pushes that need it are held.",
	 NULL, 0, 0, {0}, WORD_JSON | WORD_AS_ROOT, builder_list_run, WORD_NODE, TASK_OPERATE},
	{"builder show", "NAME", "show a builder's settings and the versions of its tools",
	 "Settings that the file leaves out are shown with the value in force. The versions are\n"
	 "the first lines that its version commands print now; their whole output belongs to\n"
	 "the content key.",
	 NULL, 1, 1, {VALUE_BUILDER}, WORD_JSON | WORD_AS_ROOT, builder_show_run, WORD_NODE,
	 TASK_OPERATE},
	{"builder check", "NAME|DIR [DIR]",
	 "say what a builder lacks here, or what would build DIR",
	 "An argument with a slash, or a dot, is a directory. It stands for the tree of an\n"
	 "image's subdirectory: the .hornero.yaml in it, or else its files, choose the builder.\n"
	 "Files count whether they are committed or not.\n"
	 "\n"
	 "Exits 0 if the builder is usable, 78 if a program, an input or a setting is missing or\n"
	 "wrong, 65 if DIR selects no builder, several, or another one than NAME.",
	 NULL, 1, 2, {VALUE_BUILDER, VALUE_FILE}, WORD_AS_ROOT, builder_check_run, WORD_HERE,
	 TASK_PUSH},
	{"builder try", "NAME DIR", "build a directory by hand, in the sandbox of a build",
	 "Copies DIR without .git, runs the builder on the copy and checks the artifact, with the\n"
	 "log on the screen. Nothing is queued, stored or published, and DIR stays as it is. The\n"
	 "limits of time, log and disk apply; those of control groups do not. Ctrl-C ends it.\n"
	 "\n"
	 "Exits 0 with the artifact, 65 if the build or the check fails, 78 if this node lacks\n"
	 "something.",
	 try_options, 2, 2, {VALUE_BUILDER, VALUE_FILE}, WORD_AS_ROOT, builder_try_run, WORD_HERE,
	 TASK_PUSH},
	{"base add", "NAME URL|FILE", "add a base image that builders name as base:NAME",
	 "Copies FILE, or fetches an http or https URL with curl, into base_dir. The name\n"
	 "appears once all bytes are there and have the SHA-256. Builds never fetch anything.\n"
	 "If jobs were held for it: `hornero retry JOB`.",
	 base_options, 2, 2, {0, VALUE_FILE}, WORD_JSON | WORD_AS_ROOT | WORD_CHANGES,
	 base_add_run, WORD_HERE, TASK_OPERATE},
	{"base list", "", "list the base images and the builders that use them",
	 "", NULL, 0, 0, {0}, WORD_JSON, base_list_run, WORD_NODE, TASK_OPERATE},
	{"base remove", "NAME", "remove a base image",
	 "Jobs of builders that use it are then held. Images that are warm stay warm.",
	 NULL, 1, 1, {VALUE_BASE}, WORD_JSON | WORD_CHANGES, base_remove_run, WORD_HERE,
	 TASK_OPERATE},
	{"queue", "", "list running, waiting, and recently ended jobs",
	 "Lists open jobs in the order in which they will run, then ended ones, newest first. If\n"
	 "there are more than were listed, the last line says so (with --json, on standard error).",
	 queue_options, 0, 0, {0},
	 WORD_JSON, queue_run, WORD_READ, TASK_SEE},
	{"top", "", "show builds, queue, push-to-warm times and pressure, live",
	 "On a terminal, redraws the screen until Ctrl-C; otherwise prints once. With --json,\n"
	 "prints one object per update.",
	 top_options, 0, 0, {0}, WORD_JSON, top_run, WORD_READ, TASK_SEE},
	{"fleet", "", "show which nodes have which commit warm, which lag, and why",
	 "Asks each node of nodes.yaml over SSH, side by side, for `hornero image list --wanted`.\n"
	 "The newest commit of an image is the one of its refs with the latest committer date. An\n"
	 "image counts only on the nodes that have it.\n"
	 "\n"
	 "Exits 0 if every node answers and all have the same commits warm, else 1.",
	 fleet_options, 0, 0, {0}, WORD_JSON | WORD_AS_ROOT, fleet_run, WORD_HERE, TASK_OPERATE},
	{"stats", "", "show how long each stage takes, and how often jobs fail and why",
	 "The 50th, 95th and 99th percentile of each stage; push to warm over time; failures by\n"
	 "cause; and the same by image. Held jobs count as failures, whenever they began.",
	 stats_options, 0, 0, {0}, WORD_JSON, stats_run, WORD_READ, TASK_SEE},
	{"events", "", "print what happened to jobs, and go on with it",
	 "One line an event; with --json, one object a line. Each event has a number. After an\n"
	 "interruption, --since with the last number seen goes on without a gap.\n"
	 "\n"
	 "With --audit and --verify, exits 1 if the chain of records is broken.",
	 events_options, 0, 0, {0}, WORD_JSON, events_run, WORD_READ, TASK_SEE},
	{"show", "JOB", "show a job's attempts, verdicts, stage times and resources",
	 "", show_options, 1, 1, {VALUE_JOB}, WORD_JSON, show_run, WORD_READ, TASK_SEE},
	{"log", "JOB...", "print a job's build log",
	 "With --follow, exits 0 if the job was built and published, 1 if it was not. Ctrl-C\n"
	 "stops only the printing. Prints several jobs one after the other; the exit code is\n"
	 "the worst.",
	 log_options, 1, -1, {VALUE_JOB, VALUE_JOB}, 0, log_run, WORD_READ, TASK_SEE},
	{"wait", "JOB|UUID", "wait until a job ends, or an image's newest commit is warm",
	 "Exits 0 if it is published, and 1 if it failed, was cancelled or superseded. Exits 75\n"
	 "with the reason if the time is over, or if waiting cannot help until someone acts\n"
	 "(held, paused, deferred because of an instance, nothing pushed yet).",
	 wait_options, 1, 1, {VALUE_JOB_OR_IMAGE}, 0, wait_run, WORD_READ, TASK_SEE},
	{"why", "[JOB|UUID]", "explain why it is (not) building or warm, and what to do",
	 "Without an argument, counts the images that are warm, and prints a line for each thing\n"
	 "that keeps an image from being warm. Then exits 0 if there is none, else 1.",
	 NULL, 0, 1, {VALUE_JOB_OR_IMAGE}, WORD_JSON, why_run, WORD_READ, TASK_SEE},
	{"cancel", "JOB", "cancel a job",
	 "If the job is running, hornerod first ends all its processes.",
	 NULL, 1, 1, {VALUE_JOB}, WORD_CHANGES, cancel_run, WORD_WRITE, TASK_UNDO},
	{"retry", "JOB", "queue a failed, held or cancelled job again",
	 "", NULL, 1, 1, {VALUE_JOB}, WORD_CHANGES, retry_run, WORD_WRITE, TASK_UNDO},
	{"rebuild", "[UUID]", "queue an image's newest commit again",
	 "Without --force, an artifact of the same content is published without a build.\n"
	 "\n"
	 "`rebuild --all --older-than 7d --spread 4h` is for cron and timers: it passes over\n"
	 "images that are pinned, were never warm, or have an open job, and prints nothing if no\n"
	 "artifact is that old. Pushes go before its jobs.",
	 rebuild_options, 0, 1, {VALUE_IMAGE}, WORD_CHANGES,
	 rebuild_run, WORD_WRITE, TASK_UNDO},
	{"rollback", "UUID [RELEASE]", "return an image to an earlier artifact",
	 "Publishes an artifact from the store, without a build. Without RELEASE, takes the\n"
	 "one that was warm before; `hornero image show UUID` lists them all. The image stays\n"
	 "pinned to it until a push moves its ref, or until --undo.\n"
	 "\n"
	 "Exits 0 if the artifact is warm. Exits 75 with the reason if it is published later\n"
	 "(hornerod does not run, or an instance uses the present file).",
	 rollback_options, 1, 2, {VALUE_IMAGE, VALUE_RELEASE}, WORD_CHANGES,
	 rollback_run, WORD_WRITE, TASK_UNDO},
	{"drain", "", "start no more builds, and wait until none runs",
	 "Use it before a restart of the node, or of a hornerod that cannot take over running\n"
	 "builds. Publications continue, and queued jobs stay queued. A start of hornerod ends\n"
	 "the drain; a reload does not.",
	 wait_options, 0, 0, {0}, WORD_CHANGES, drain_run, WORD_NODE, TASK_OPERATE},
	{"pause", "[UUID]", "pause the builds of an image or of the node",
	 "Running builds stop and their timeouts stop counting; pushes wait in the queue.\n"
	 "Finished builds are still published. A pause survives restarts of hornerod and of\n"
	 "the node; `hornero resume` ends it. Without UUID, pauses the whole node.",
	 NULL, 0, 1, {VALUE_IMAGE}, WORD_CHANGES, pause_run, WORD_WRITE, TASK_UNDO},
	{"resume", "[UUID]", "resume builds after a pause or a drain",
	 "Without UUID, ends the pause of the node, and a drain; images that were paused by\n"
	 "UUID stay paused.",
	 NULL, 0, 1, {VALUE_IMAGE}, WORD_CHANGES,
	 resume_run, WORD_WRITE, TASK_UNDO},
	{"sweep", "", "compare refs with what is warm, and queue the difference",
	 "hornerod does this regularly. It finds pushes that no hook reported.",
	 NULL, 0, 0, {0}, WORD_JSON, sweep_run, WORD_NODE, TASK_OPERATE},
	{"cache", "", "list this node's images in Nova's cache",
	 "With --verify, reads each file again. A file whose bytes have changed no longer counts\n"
	 "as warm: a job restores it as in_use says, and the exit code is 1.",
	 cache_options, 0, 0, {0}, WORD_JSON, cache_run, WORD_READ, TASK_SEE},
	{"gc", "", "free disk space in the store, the checkouts and the cache",
	 "Removes junk. Then removes artifacts that no image, job or instance needs, least\n"
	 "recently used first, until the budgets and floors in hornero.yaml are met; then\n"
	 "checkouts and builders' caches, which the next build creates again. Exits 1 if that\n"
	 "is not enough. hornerod does this by itself.\n"
	 "\n"
	 "With --verify, reads every artifact in the store again. One that was changed, or whose\n"
	 "bytes do not match its digest, is moved out of use and listed; the exit code is 1.",
	 gc_options, 0, 0, {0}, WORD_JSON | WORD_CHANGES, gc_run, WORD_NODE, TASK_OPERATE},
	{"backup", "FILE", "save what this node alone knows into one file",
	 "Saves the queue, images and pins, keys, host keys and repositories, while all of them\n"
	 "are in use. Replaces FILE in one step. FILE has private keys: its mode is 0600. Run it\n"
	 "as root. FILE is a tar archive, and `hornero restore FILE --dry-run` checks it.",
	 backup_options, 1, 1, {VALUE_FILE}, WORD_AS_ROOT, backup_run, WORD_HERE, TASK_OPERATE},
	{"restore", "FILE", "put a backup back onto an empty node",
	 "Run it as root after `hornero init`, while hornerod and hornero-door are stopped. It\n"
	 "reads and checks all of FILE first, and refuses a node that has images, repositories,\n"
	 "keys or jobs. If it was interrupted, run it again. Then start hornerod: what is not\n"
	 "warm is built.",
	 restore_options, 1, 1, {VALUE_FILE}, WORD_AS_ROOT | WORD_CHANGES, restore_run, WORD_HERE,
	 TASK_OPERATE},
	{"doctor", "", "check the node's setup, and say how to mend what is wrong",
	 "Exits 0 if all is well, 1 with a warning, 2 if something does not work. `accepted` in\n"
	 "hornero.yaml names warnings that do not count. Works before `hornero init`, too. Run it\n"
	 "as root to check everything.",
	 NULL, 0, 0, {0}, WORD_JSON | WORD_AS_ROOT, doctor_run, WORD_NODE, TASK_OPERATE},
	{"metrics", "", "print the node's figures for Prometheus, as OpenMetrics",
	 "With --write, replaces STATE_DIR/metrics/hornero.prom, a file for node_exporter and for\n"
	 "metrics_listen, and prints nothing; hornero-metrics.timer does it every minute. Only\n"
	 "--write keeps what was counted.",
	 metrics_options, 0, 0, {0}, 0, metrics_run, WORD_NODE, TASK_OPERATE},
	{"report", "", "write a page about the node: what is warm, push to warm, queue, disks",
	 "One HTML file without scripts, and without anything from elsewhere. Root writes it as\n"
	 "hornero_user.",
	 report_options, 0, 0, {0}, 0, report_run, WORD_HERE, TASK_OPERATE},
	{"status", "", "say in one line whether the node works now, for monitoring",
	 "Exits 0 if all is well, 1 with a warning, 2 if it is critical, 3 if that cannot be\n"
	 "seen, as Nagios plugins do. Prints the gravest finding and what mends it. Answers also\n"
	 "if hornerod, the queue or the configuration is broken.",
	 NULL, 0, 0, {0}, WORD_JSON | WORD_AS_ROOT, status_run, WORD_NODE, TASK_OPERATE},
	{"help", "[COMMAND]", "list the commands, or describe one",
	 "Same as --help.", NULL, 0, 2, {VALUE_COMMAND, VALUE_COMMAND}, WORD_AS_ROOT, help_run,
	 WORD_READ, TASK_SEE},
	/* For the adapters of etc/completion. It steps down itself, as the typed words demand. */
	{"complete", "-- WORDS...", "list what could complete the last of WORDS",
	 "One candidate a line. WORDS are what was typed after `hornero`; the last one may be\n"
	 "empty or incomplete. Prints <FILE> where the name of a file is due, and nothing if the\n"
	 "candidates cannot be read.",
	 NULL, 0, -1, {0}, WORD_AS_ROOT | WORD_HIDDEN, complete_run, WORD_HERE, TASK_SEE},
	{0},
};
