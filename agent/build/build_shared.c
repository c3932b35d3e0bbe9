/* build_shared: the artifact of another node instead of a build. `hornero-glance --share` has the
 * credentials and the network; we ask it through files (store/wanted.h). The bytes go through the
 * same check, boot and digest as those of a build.
 *
 * DIAGNOSTICS: a failure is a line of the log, and this node builds. */
#include "agent/build/build.h"

#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/answer.h"
#include "store/wanted.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>

enum { LOOK_MS = 50, AGAIN_MS = 2000, SLACK_MS = 5000 };

static void nap(int ms)
{
	const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

	nanosleep(&t, NULL);
}

static bool is_wished(const struct build *b)
{
	return !b->confirm && !b->force && !b->clean && image_shares(b->image, b->conf);
}

static void describe(const struct build *b, struct wanted *w)
{
	const struct provenance *made = &b->verdict.made;

	*w = (struct wanted){.job = made->job, .attempt = made->attempt};
	memcpy(w->image, made->image, sizeof(w->image));
	memcpy(w->key, made->key, sizeof(w->key));
	memcpy(w->commit, made->commit, sizeof(w->commit));
	memcpy(w->builder_file, b->parts.builder_file, sizeof(w->builder_file));
	memcpy(w->toolchain, b->parts.toolchain, sizeof(w->toolchain));
	snprintf(w->project, sizeof(w->project), "%s",
		 b->image->glance_project ? b->image->glance_project : "");
}

/* Asks once. Returns -1 without an answer. hornero-glance limits the transfer; the slack is for its
 * login and its search. */
static int ask(const struct build *b, struct wanted *w, struct shared *a, struct err *e)
{
	const struct conf *c = b->conf;
	int64_t end_ms = clock_mono_ms() + c->share_timeout_s * 1000 + SLACK_MS;

	w->turn++;
	if (wanted_put(c->store_dir, w, e) < 0)
		return -1;
	while (clock_mono_ms() < end_ms) {
		int known = shared_get(c->glance_dir, w->image, a, e);

		if (known < 0 || (known == 1 && shared_answers(a, w)))
			return known < 0 ? -1 : 0;
		if (!shared_is_served(c->glance_dir))
			return err_set(e, ERR_OPERATOR, "`hornero-glance --share` does not run: "
				       "systemctl enable --now hornero-share");
		nap(LOOK_MS);
	}
	return err_set(e, ERR_NOBODY, "no answer within %lld s (share_timeout)",
		       (long long)c->share_timeout_s);
}

/* Asks until a node has it, for share_wait. Returns 1 if *a has the bytes. */
static int find(struct build *b, struct wanted *w, struct shared *a)
{
	int64_t end_ms = clock_mono_ms() + b->conf->share_wait_s * 1000;
	bool waits = false;
	struct err e = ERR_INIT;

	for (;;) {
		if (ask(b, w, a, &e) < 0) {
			stage_note(&b->log, "no artifact of another node: %s", e.msg);
			return 0;
		}
		if (strcmp(a->state, SHARED_NONE) != 0 ||
		    clock_mono_ms() + AGAIN_MS > end_ms)
			break;
		if (!waits)
			stage_note(&b->log, "no node has registered this content yet: waiting, at "
				   "most %lld s (share_wait)", (long long)b->conf->share_wait_s);
		waits = true;
		nap(AGAIN_MS);
	}
	if (strcmp(a->state, SHARED_FOUND) == 0)
		return 1;
	stage_note(&b->log, "no artifact of another node: %s",
		   *a->reason ? a->reason : "none is registered with this content key");
	return 0;
}

static int open_bytes(const struct build *b, const struct shared *a, struct err *e)
{
	own_free char *path = shared_bytes(b->conf->glance_dir, a->image);
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return err_sys(e, ERR_OPERATOR, "cannot open %s", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size != a->size_bytes ||
	    !sha256_valid(a->digest))
		return err_set(e, ERR_US, "%s does not have the bytes that its answer names", path);
	return steal_fd(&fd);
}

/* The verdict must not keep anything of an artifact that was refused. */
static int refuse(struct build *b, const struct verdict *before, const char *why)
{
	stage_note(&b->log, "the artifact of %s is refused: %s; building here",
		   b->verdict.shared_from, why);
	b->verdict = *before;
	*b->wanted = '\0';
	return 0;
}

static int take(struct build *b, const struct shared *a)
{
	struct verdict before = b->verdict;
	struct err e = ERR_INIT;
	own_fd int fd = open_bytes(b, a, &e);

	memcpy(b->verdict.shared_from, a->from, sizeof(b->verdict.shared_from));
	if (fd < 0)
		return refuse(b, &before, e.msg);
	snprintf(b->verdict.built, sizeof(b->verdict.built), ANSWER_SHARED);
	memcpy(b->wanted, a->digest, sizeof(b->wanted));
	if (build_store_shared(b, fd) < 0)
		return verdict_cause(&b->verdict) == CAUSE_HANGS
			       ? -1
			       : refuse(b, &before, b->verdict.reason);
	stage_note(&b->log, "taken from %s instead of a build", b->verdict.shared_from);
	return 1;
}

int build_shared(struct build *b)
{
	struct wanted w;
	struct shared a;
	struct err e = ERR_INIT;
	own_fd int lock = -1;
	int taken = 0;

	if (!is_wished(b))
		return 0;
	if (b->builder->fetch) {
		stage_note(&b->log, "builders with fetch share nothing: their content key is of "
			   "this node alone");
		return 0;
	}
	describe(b, &w);
	lock = wanted_lock(b->conf->store_dir, w.image, &e);
	if (lock < 0) {
		stage_note(&b->log, "no artifact of another node: %s", e.msg);
		return 0;
	}
	if (find(b, &w, &a) == 1)
		taken = take(b, &a);
	/* In this order: hornero-glance removes the bytes once nobody has the lock. */
	own_fd_end(&lock);
	lock = -1;
	wanted_remove(b->conf->store_dir, w.image);
	return taken;
}
