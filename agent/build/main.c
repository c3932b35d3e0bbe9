/* hornero-build: supervises one attempt. DIAGNOSTICS: exit 0 if a verdict was written, whatever it
 * says. Otherwise the exit code is the error's class, and hornerod treats the attempt as
 * crashed. */
#include "agent/build/build.h"

#include "agent/build/try.h"
#include "agent/common/workdir.h"
#include "conf/good.h"
#include "lib/dirs.h"
#include "lib/fs.h"
#include "lib/failpoint.h"
#include "lib/log.h"
#include "lib/options.h"
#include "lib/own.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/ioprio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FAILED_MOST = 8, FIRST_JOIN_FD = 10, LOW_NICE = 10, LOCK_WAIT_MS = 2000, SLICE_NS = 300000 };

struct options {
	const char *conf, *image, *limits;
	int64_t job, attempt;
	size_t njoin;
	int staged;
	const char *failed[FAILED_MOST];
	size_t nfailed;
	bool force, clean, confirm;
	struct try_words by_hand;
};

enum { OPT_STAGED = 256, OPT_FAILED, OPT_TRY, OPT_BUILDER, OPT_SCRATCH, OPT_OUTPUT };

static const struct argp_option words[] = {
	{"image", 'i', "UUID", 0, "Image to build", 0},
	{"job", 'j', "N", 0, "Job that the attempt belongs to", 0},
	{"attempt", 'a', "N", 0, "Number of the attempt", 0},
	{"join", 'n', "N", 0, "Control groups to join: open directories from descriptor 10", 0},
	{"staged", OPT_STAGED, "FD", 0, "An eventfd, told when the artifact is staged", 0},
	{"failed", OPT_FAILED, "JOB:KEY", 0, "Content whose build failed; may be given again", 0},
	{"limits", 'l', "CPU:MEMORY:PIDS", 0, "Limits of all builds, for messages", 0},
	{"force", 'f', NULL, 0, "Build, even if the content is known", 0},
	{"clean", 'x', NULL, 0, "Remove the checkout and the builder's cache first", 0},
	{"confirm", 'o', NULL, 0, "Build again, clean, and compare", 0},
	{"try", OPT_TRY, "DIR", 0, "Build DIR by hand; needs the three options below alone", 0},
	{"builder", OPT_BUILDER, "NAME", 0, "With --try: the builder", 0},
	{"scratch", OPT_SCRATCH, "DIR", 0, "With --try: an empty directory of the caller", 0},
	{"output", OPT_OUTPUT, "FILE", 0, "With --try: a new file for the artifact", 0},
	{NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'i': o->image = arg; return 0;
	case 'j': o->job = strtoll(arg, NULL, 10); return 0;
	case 'a': o->attempt = strtoll(arg, NULL, 10); return 0;
	case 'n': o->njoin = strtoul(arg, NULL, 10); return 0;
	case 'l': o->limits = arg; return 0;
	case OPT_FAILED:
		if (o->nfailed < FAILED_MOST)
			o->failed[o->nfailed++] = arg;
		return 0;
	case OPT_STAGED: o->staged = (int)strtol(arg, NULL, 10); return 0;
	case 'f': o->force = true; return 0;
	case 'x': o->clean = true; return 0;
	case 'o': o->confirm = o->clean = true; return 0;
	case OPT_TRY: o->by_hand.dir = arg; return 0;
	case OPT_BUILDER: o->by_hand.builder = arg; return 0;
	case OPT_SCRATCH: o->by_hand.scratch = arg; return 0;
	case OPT_OUTPUT: o->by_hand.output = arg; return 0;
	case ARGP_KEY_END:
		if (o->by_hand.dir) {
			if (!o->by_hand.builder || !o->by_hand.scratch || !o->by_hand.output)
				argp_error(state, "--try needs --builder, --scratch and --output");
			return 0;
		}
		if (!o->image || !uuid_valid(o->image) || o->job < 1 || o->attempt < 1 ||
		    o->njoin > BUILD_MAX_JOIN)
			argp_error(state, "--image, --job and --attempt are needed; hornerod "
				   "starts this program");
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static int open_log(struct build *b, struct err *e)
{
	own_free char *path = fs_path("%s/%lld.%lld.log", b->conf->log_dir,
				      (long long)b->verdict.made.job,
				      (long long)b->verdict.made.attempt);
	own_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
			     0640);

	if (fd < 0 || fchmod(fd, 0640) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot open the log %s", path);
	b->log = (struct stage_log){.fd = steal_fd(&fd), .limit_bytes = b->conf->log_limit_bytes};
	logtimes_init(&b->log.times, path);
	return 0;
}

static int lock_work(struct build *b, struct err *e)
{
	own_fd_end(&b->work);
	b->work = -1;
	b->work = dirs_make(b->work_path, 0750, NULL, e);
	return b->work < 0 ? -1 : fs_flock(b->work, LOCK_WAIT_MS, e);
}

/* hornerod starts one supervisor of an image at a time. So the holder of the lock is either a
 * supervisor that survived hornerod's SIGKILL, or hornero-collect emptying the directory. */
static int step_around(struct build *b, struct err *e)
{
	int rc;

	if (workdir_set_aside(b->conf->repo_base, b->image->uuid, e) < 0)
		return -1;
	stage_note(&b->log, "another process keeps %s locked: building in a new checkout",
		   b->work_path);
	rc = lock_work(b, e);
	return rc == 0 ? err_set(e, ERR_NOBODY, "another process keeps the new %s locked, too",
				 b->work_path)
		       : rc;
}

/* Opens repo_base/UUID, owned by the build user. */
static int open_work(struct build *b, struct err *e)
{
	struct stat st;
	int rc;

	b->work_path = fs_path("%s/%s%s", b->conf->repo_base, b->image->uuid,
			       b->confirm ? WORKDIR_CONFIRM : "");
	rc = lock_work(b, e);
	if (rc == 0 && b->confirm)
		return err_set(e, ERR_NOBODY, "another confirmation of this image, or "
			       "hornero-collect, still uses %s", b->work_path);
	if (rc == 0)
		rc = step_around(b, e);
	if (rc < 0)
		return -1;
	if (fstat(b->work, &st) < 0 || st.st_nlink == 0)
		return err_set(e, ERR_NOBODY, "%s was removed just now: the image was not "
			       "registered", b->work_path);
	if (geteuid() == 0 && st.st_uid != b->conf->build_uid &&
	    fchown(b->work, b->conf->build_uid, b->conf->build_gid) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot give %s to the build user", b->work_path);
	return 0;
}

/* Removes a confirmation's work, which has no further use. If that fails, hornero-collect removes
 * it later. */
static void remove_work(const struct build *b)
{
	struct err e = ERR_INIT;

	if (b->work >= 0 && fs_remove_tree(AT_FDCWD, b->work_path, &e) < 0)
		log_warn("event=not-removed %s", e.msg);
}

/* Returns true if files of earlier builds may be the reason that a build failed. Limits are not
 * among these causes: another build would only meet them again. */
static bool may_be_leftovers(const struct build *b)
{
	switch (verdict_cause(&b->verdict)) {
	case CAUSE_EXIT:
	case CAUSE_SIGNAL:
	case CAUSE_ARTIFACT:
	case CAUSE_CHECK:
	case CAUSE_BOOT:
		return b->verdict.class == ERR_PUSHER && b->builder && !b->from_clean &&
		       !b->final;
	default:
		return false;
	}
}

static int build_and_store(struct build *b)
{
	return build_builder(b) < 0 ? -1 : build_store(b);
}

/* Returns 0 if the artifact is in the store, built here or elsewhere. */
static int share_or_build(struct build *b)
{
	int shared = build_shared(b);

	return shared == 0 ? build_and_store(b) : shared < 0 ? -1 : 0;
}

/* Returns as build_checkout. The ref may have moved since the first checkout, even to a commit that
 * needs no build. */
static int build_again_clean(struct build *b)
{
	int known;

	stage_note(&b->log, "%s", b->verdict.reason);
	stage_note(&b->log, "this was an incremental build; building once more, from nothing");
	b->clean = true;
	b->verdict.class = ERR_NONE;
	b->verdict.cause[0] = b->verdict.reason[0] = '\0';
	failpoint("build-again-clean");
	known = build_checkout(b);
	return known == 0 ? build_and_store(b) : known;
}

/* Returns -1, with the verdict, if the build of this content failed before. */
static int never_failed(struct build *b, const struct options *o)
{
	struct verdict *v = &b->verdict;

	for (size_t i = 0; i < o->nfailed && *v->made.key; i++) {
		char *key;
		long long job = strtoll(o->failed[i], &key, 10);

		if (*key == ':' && strcmp(key + 1, v->made.key) == 0)
			return verdict_end(v, CAUSE_REPEATED,
					   "the build of the same content failed as job %lld, so "
					   "it is not built again; `hornero log %lld` shows it, "
					   "`hornero retry %lld` builds it once more", job, job,
					   (long long)v->made.job);
	}
	return 0;
}

/* Runs the stages; the result is in the verdict. */
static void run(struct build *b, const struct options *o)
{
	int known;

	stage_note(&b->log, "job %lld, attempt %lld: %s, %s of %s", (long long)b->verdict.made.job,
		   (long long)b->verdict.made.attempt,
		   b->image->name[0] ? b->image->name : b->image->uuid, b->image->ref,
		   b->image->repo);
	known = build_disk_begin(b) < 0 ? -1 : build_checkout(b);
	if (known == 0)
		known = never_failed(b, o);
	if (known == 0)
		known = share_or_build(b);
	if (known < 0 && may_be_leftovers(b))
		known = build_again_clean(b);
	if (known == 1) {
		b->verdict.reused = true;
		stage_note(&b->log, "same content as artifact %.12s: no build",
			   b->verdict.made.digest);
	} else if (known == 0) {
		stage_note(&b->log, "artifact %.12s, %lld bytes, is in the store",
			   b->verdict.made.digest, (long long)b->verdict.size_bytes);
	}
	if (b->verdict.class != ERR_NONE)
		stage_note(&b->log, "%s", b->verdict.reason);
}

/* The limits in force may differ from hornero.yaml; hornerod passes them. */
static int take_limits(struct conf *c, const char *limits, struct err *e)
{
	if (limits && sscanf(limits, "%" SCNd64 ":%" SCNd64 ":%" SCNd64, &c->compile_core_limit,
			     &c->compile_mem_limit, &c->compile_pids_limit) != 3)
		return err_set(e, ERR_US, "invalid --limits %s: hornerod passes PERCENT:MB:PIDS",
			       limits);
	return 0;
}

static int by_hand(const struct options *o, struct err *e)
{
	own_conf struct conf *c = NULL;

	return conf_load(&c, conf_find(o->conf), e) < 0 ? -1 : try_build(c, &o->by_hand, e);
}

static int supervise(const struct options *o, struct err *e)
{
	own_conf struct conf *c = NULL;
	own_builders struct builders *builders = NULL;
	own_image struct image img = {0};
	struct build b = {.force = o->force, .clean = o->clean, .confirm = o->confirm,
			  .njoin = o->njoin, .image = &img, .work = -1, .staged = o->staged,
			  .fetched_dir = -1, .refetch = o->clean && !o->confirm};
	int rc;

	if (conf_load_service(&c, conf_find(o->conf), e) < 0 ||
	    take_limits(c, o->limits, e) < 0)
		return -1;
	b.conf = c;
	b.verdict.made.job = o->job;
	b.verdict.made.attempt = o->attempt;
	memcpy(b.verdict.made.image, o->image, sizeof(b.verdict.made.image));
	for (size_t i = 0; i < o->njoin; i++) {
		b.join[i] = FIRST_JOIN_FD + (int)i;
		fcntl(b.join[i], F_SETFD, FD_CLOEXEC);
	}
	if (b.staged >= 0)
		fcntl(b.staged, F_SETFD, FD_CLOEXEC);
	if (open_log(&b, e) < 0 || stage_prepare(e) < 0 || syscalls_filters(b.filters, e) < 0)
		return -1;
	if (image_load(c->images_dir, o->image, &img, e) < 0 ||
	    builders_load(c->builders_dir, &builders, e) < 0 || open_work(&b, e) < 0) {
		verdict_say(&b.verdict, e->class, CAUSE_CONFIGURATION, "%s", e->msg);
		stage_note(&b.log, "%s", b.verdict.reason);
	} else {
		b.builders = builders;
		snprintf(b.verdict.made.repo, sizeof(b.verdict.made.repo), "%s", img.repo);
		for (size_t i = 0; i < builders->nbroken; i++)
			stage_note(&b.log, "unusable builder: %s", builders->broken[i].msg);
		run(&b, o);
	}
	if (b.confirm)
		remove_work(&b);
	failpoint("build-before-verdict");
	rc = verdict_write_unsynced(c->log_dir, &b.verdict, e);
	own_fd_end(&b.log.fd);
	logtimes_fini(&b.log.times);
	build_fini(&b);
	return rc;
}

/* Linux 6.12: how long a thread may run before it is preempted. The headers of Debian 12 lack
 * it. */
struct slice_attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns, deadline_ns, period_ns;
};

/* Digests and writes to the store run outside any control group, and instances must come first
 * there, too. All builds inherit this. A group runs at most as long as its shortest slice, so other
 * tasks that wake up wait only briefly for a build; the filters keep builds from changing that
 * (syscalls.c). Not the lowest priority, because the supervisor must make progress next to busy
 * processors. Older kernels ignore the slice. */
static void give_way(void)
{
	const struct slice_attr a = {.size = sizeof(a), .nice = LOW_NICE, .runtime_ns = SLICE_NS};

	if (syscall(SYS_sched_setattr, 0, &a, 0) < 0)
		(void)setpriority(PRIO_PROCESS, 0, LOW_NICE);
	(void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
		      IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		words, parse, NULL, "The supervisor of one attempt of a job: checkout, build, "
		"check, store.", NULL, NULL, NULL};
	struct err e = ERR_INIT;
	struct options o = {.staged = -1};

	log_open("hornero-build", LOG_LEVEL_INFO);
	give_way();
	options_parse(&argp, argc, argv, &o, &o.conf);
	if ((o.by_hand.dir ? by_hand(&o, &e) : supervise(&o, &e)) < 0) {
		log_error("%s", e.msg);
		return err_exit(e.class);
	}
	return 0;
}
