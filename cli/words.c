/* words: only the table; main.c passes it to grammar.c. DIAGNOSTICS: none. */
#include "cli/words.h"

static const struct word_option key_options[] = {
	{"read", 0, "REPOS", "repositories to fetch from, and to see the jobs and images of"},
	{"write", 0, "REPOS", "repositories to push to; REPO:REF limits that to a ref"},
	{"create", 0, "REPOS", "repositories that a push to them makes"},
	{"admin", 0, "REPOS", "repositories to bind images to; '*' is all of the node"},
	{"ids", 0, "UUIDS",
	 "images that it may bind to them; '2b7e1516-*' is a pattern. Default: those "
	 "that hornero makes"},
	{0},
};
static const struct word_option add_options[] = {
	{"ref", 0, "REF", "the ref to follow; default refs/heads/main"},
	{"subdir", 0, "DIR", "the directory of the repository to build; default: all of it"},
	{"builder", 0, "NAME",
	 "a builder of builders.d; default: what .hornero.yaml names, else detection"},
	{"name", 0, "TEXT", "a name for people"},
	{"replace", 0, NULL,
	 "let go of the file under its name in Nova's cache that is not hornero's; "
	 "also for a bound image"},
	{0},
};
static const struct word_option queue_options[] = {
	{"all", 'a', NULL,
	 "every job there ever was, not only the open and the last 20 ended ones"},
	{0},
};
static const struct word_option log_options[] = {
	{"follow", 'f', NULL,
	 "keep printing as the log grows, across attempts, until the job ends"},
	{"attempt", 'n', "N", "the log of this attempt; default: the newest"},
	{"alive", 0, "S",
	 "with --follow: after S seconds without output say so, and end when nobody reads that"},
	{0},
};
static const struct word_option wait_options[] = {
	{"timeout", 't', "S", "give up after S seconds (exit 75); default: never"},
	{0},
};
static const struct word_option rebuild_options[] = {
	{"all", 'a', NULL, "every image"},
	{"force", 'f', NULL, "build although an artifact of the same content is there"},
	{"clean", 0, NULL, "from an empty checkout and an empty cache; implies --force"},
	{0},
};
static const struct word_option top_options[] = {
	{"iterations", 'n', "N",
	 "show N times, then end; default: for ever on a terminal, else once"},
	{"interval", 'i', "S", "every S seconds; default: 2"},
	{0},
};
static const struct word_option rollback_options[] = {
	{"undo", 'u', NULL, "take the rollback back: the image follows its ref again"},
	{"timeout", 't', "S", "wait S seconds at most until that is warm; default: 10"},
	{0},
};
static const struct word_option gc_options[] = {
	{"dry-run", 'n', NULL, "say what would go and why, remove nothing"},
	{"verify", 0, NULL, "read every artifact of the store again"},
	{0},
};

static const struct word_option cache_options[] = {
	{"verify", 0, NULL, "read every file that hornero published again, and compare its bytes"},
	{0},
};

const struct word word_table[] = {
	{"init", "", "make directories and database, as the configuration says",
	 "Makes what is missing, mends modes and owners, leaves the rest alone; run it again "
	 "after every change of\n"
	 "the paths or users in hornero.yaml. Needs root where the configuration names users.",
	 NULL, 0, 0, WORD_JSON | WORD_AS_ROOT, init_run, WORD_NODE},
	{"repo create", "NAME", "make a bare repository to push to",
	 "With our hooks and durable settings. The last line of the output is its path. NAME "
	 "may have parts:\n"
	 "team/thing.",
	 NULL, 1, 1, WORD_AS_ROOT, repo_create_run, WORD_CREATE},
	{"key add", "NAME [KEY]", "let a person or a program in by SSH",
	 "KEY is the file of a public key, the key itself, or - for standard input (the "
	 "default). REPOS are names with\n"
	 "blanks between them; a * stands for any characters: 'team/*'. Each right includes "
	 "those before it.",
	 key_options, 1, -1, WORD_AS_ROOT, key_add_run, WORD_HERE},
	{"key list", "", "who may do what with which repository",
	 "A line that cannot be used lets nobody in and says why.",
	 NULL, 0, 0, WORD_JSON | WORD_AS_ROOT, key_list_run, WORD_NODE},
	{"key remove", "NAME", "let somebody in no longer",
	 "From the next connection on, and from the next command on of one that is open. What "
	 "runs goes on.", NULL, 1, 1, WORD_AS_ROOT, key_remove_run, WORD_HERE},
	{"image add", "[UUID] REPO", "keep an image warm from a repository",
	 "Binds the Glance image UUID to a repository made by `hornero repo create`. Without "
	 "UUID hornero makes a new one\n"
	 "and prints it. What is in the repository already is built at once. Two images may "
	 "share a repository.\n"
	 "A file of Nova's cache that hornero did not put there is never replaced by itself: "
	 "--replace, on the node, lets go of\n"
	 "that very file, as it is now.",
	 add_options, 1, 2, 0, image_add_run, WORD_ADMIN},
	{"image list", "", "the images of this node, and whether they are warm",
	 "", NULL, 0, 0, WORD_JSON, image_list_run, WORD_READ},
	{"image show", "UUID",
	 "one image: its source, what is warm and what it was made of, its newest job",
	 "", NULL, 1, 1, WORD_JSON,
	 image_show_run, WORD_READ},
	{"image set", "UUID KEY=VALUE...", "change an image's source",
	 "Keys: repo, ref, subdir, builder, expect, timeout, boot_memory, boot_machine, name, "
	 "keep_warm, in_use,\n"
	 "releases, confirm (idle or never), pinned, until_ref_leaves. An empty value "
	 "(builder=) unsets a key.\n"
	 "What is warm stays until something newer is published.",
	 NULL, 2, -1, 0, image_set_run, WORD_ADMIN},
	{"image remove", "UUID", "stop keeping an image warm",
	 "The file in Nova's cache stays until Nova ages it out, so running and starting "
	 "instances are not disturbed, or\n"
	 "until `hornero gc` removes it where room is needed. The repository stays too.",
	 NULL, 1, 1, 0, image_remove_run, WORD_ADMIN},
	{"queue", "", "what runs, waits, and just ended",
	 "In the order in which the jobs will run.", queue_options, 0, 0,
	 WORD_JSON, queue_run, WORD_READ},
	{"top", "", "a live view: what runs in which stage, the queue, push to warm, pressure",
	 "On a terminal the screen is drawn anew until Ctrl-C; else it is printed once. With "
	 "--json: an object each time.",
	 top_options, 0, 0, WORD_JSON, top_run, WORD_READ},
	{"show", "JOB", "one job: attempts, verdicts, stage times, resources used",
	 "", NULL, 1, 1, WORD_JSON, show_run, WORD_READ},
	{"log", "JOB...", "a job's build log",
	 "With --follow exits 0 when the job was built and published, 1 when it was not; Ctrl-C "
	 "only stops the printing.\n"
	 "Of several jobs one after the other; the exit code is the worst.",
	 log_options, 1, -1, 0, log_run, WORD_READ},
	{"wait", "JOB|UUID", "until a job ends, or an image's newest commit is warm",
	 "Exits 0 when it is published, 1 when it failed or was given up, 75 with the reason "
	 "when time is over or when\n"
	 "waiting on would need somebody to act (held, paused, deferred because of an instance, "
	 "nothing pushed yet).",
	 wait_options, 1, 1, 0, wait_run, WORD_READ},
	{"why", "JOB|UUID", "why it is (not) building or warm, and what changes that",
	 "", NULL, 1, 1, 0, why_run, WORD_READ},
	{"cancel", "JOB", "give a job up",
	 "A running job's whole process tree is ended first, by hornerod.",
	 NULL, 1, 1, 0, cancel_run, WORD_WRITE},
	{"retry", "JOB", "queue a failed, held or cancelled job again",
	 "", NULL, 1, 1, 0, retry_run, WORD_WRITE},
	{"rebuild", "[UUID]", "queue the newest commit of an image again",
	 "Without --force an artifact of the same content is published without a build.",
	 rebuild_options, 0, 1, 0,
	 rebuild_run, WORD_WRITE},
	{"rollback", "UUID [RELEASE]", "make an earlier artifact of an image the current one",
	 "From the store, without a build. Without RELEASE: the one that was warm before; "
	 "`hornero image show UUID` lists them all.\n"
	 "The image is pinned to it in its file until a push moves its ref, or until --undo. "
	 "Exits 0 when it is warm, 75 with the\n"
	 "reason when that is accepted and done later (hornerod does not run, an instance "
	 "stands on the present bytes).",
	 rollback_options, 1, 2, 0, rollback_run, WORD_WRITE},
	{"drain", "", "start no build any more, and wait until none runs",
	 "Before a restart of the node, or of a hornerod that cannot take running builds over. "
	 "Publications go on. What is\n"
	 "queued stays queued. A start of hornerod ends it, a reload does not.",
	 wait_options, 0, 0, 0, drain_run, WORD_NODE},
	{"pause", "[UUID]", "build nothing, of an image or at all, until `hornero resume`",
	 "What is being built stands still, and no clock of it runs; what is pushed waits in "
	 "the queue. What is built already is\n"
	 "published. That stands across restarts of hornerod and of the node. Without UUID it "
	 "is about the whole node.",
	 NULL, 0, 1, 0, pause_run, WORD_WRITE},
	{"resume", "[UUID]", "let builds go on after a pause, or start again after a drain",
	 "Without UUID it ends the pause of the node, and a drain; images that were paused one "
	 "by one stay so.", NULL, 0, 1, 0,
	 resume_run, WORD_WRITE},
	{"sweep", "", "compare the refs with what is warm, queue the difference",
	 "What cron calls, and what finds everything that a hook could not say.",
	 NULL, 0, 0, WORD_JSON, sweep_run, WORD_NODE},
	{"cache", "", "what Nova would find of this node's images in its cache",
	 "With --verify each file is read again. One whose bytes are not those that were "
	 "published is changed: it counts as warm no\n"
	 "more, a job puts the right bytes back as in_use says, and the exit code is 1.",
	 cache_options, 0, 0, WORD_JSON, cache_run, WORD_READ},
	{"gc", "",
	 "collect the store, checkouts and the cache down to their budgets and floors, "
	 "and remove junk",
	 "What no image, job or instance needs goes, the one used longest ago first, as far as "
	 "the budgets and floors in\n"
	 "hornero.yaml demand; then checkouts and builders' caches, which the next build makes "
	 "again from the repository. Exits 1\n"
	 "where that is not enough. hornerod does this by itself.\n"
	 "With --verify every artifact of the store is read again. One whose file was changed, "
	 "or whose bytes are not those\n"
	 "that its name says, is moved out of use and named; then the exit code is 1.",
	 gc_options, 0, 0, WORD_JSON, gc_run, WORD_NODE},
	{"doctor", "", "look at every prerequisite, and say what mends what is wrong",
	 "Exits 0 where all is well, 1 where something is not. Works before `hornero init`, "
	 "too; as root it sees most.", NULL, 0, 0,
	 WORD_JSON | WORD_AS_ROOT, doctor_run, WORD_NODE},
	{"help", "[WORD]", "all words, or what one does and takes",
	 "As --help.", NULL, 0, 2, WORD_AS_ROOT, help_run, WORD_READ},
	{0},
};
