/* publish: DIAGNOSTICS: ERR_OPERATOR if an image is not registered, an artifact has changed or a
 * directory of Nova's is unusable; ERR_NOBODY if a newer attempt has the image, the disk is full or
 * peer_stop() ended it. After each of them the image's own name is unchanged. */
#include "agent/publish/publish.h"

#include "agent/publish/makeway.h"
#include "agent/publish/novalock.h"
#include "agent/publish/ours.h"
#include "agent/publish/placing.h"
#include "conf/image.h"
#include "lib/clock.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "state/replace.h"
#include "store/nova.h"
#include "store/store.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

enum { ROUNDS = 5 };

/* Results of a step: done; instances use the base; another file has the name by now. -1 is an
 * error. */
enum { DONE = 0, IN_USE = 1, OTHER_FILE = 2 };

struct act {
	const struct conf *conf;
	const struct peer_request *req;
	struct peer *peer;
	struct publish_result *out;
	struct filling *prepared;
	struct manifest m;
	int cache; /* borrowed: the cache directory */
	struct makeway dependents;
	struct ours ours; /* the file under the image's own name */
	struct placing release; /* if wants_release */
	bool wants_release, is_release_only;
	const char *way;
	int64_t copy_ms, sync_ms, wait_ms, held_us;
};

static int check_request(struct act *a, struct err *e)
{
	own_image struct image img = {0};

	if (image_load(a->conf->images_dir, a->req->image, &img, e) < 0)
		return -1;
	a->dependents.may_flatten = img.in_use == IMAGE_IN_USE_FLATTEN;
	if (store_manifest(a->conf->store_dir, a->req->digest, &a->m, e) < 0)
		return err_wrap(e, "will not publish artifact %.12s", a->req->digest);
	if (store_compare(a->req->artifact, &a->m, e) < 0)
		return -1;
	a->wants_release = image_wants_release(&img);
	a->is_release_only = img.in_use == IMAGE_IN_USE_RELEASE_ONLY;
	return fence_check(a->conf, a->req->image, &a->req->fence, e);
}

static void take_filling(struct act *a, struct staging *staging, struct filling *f)
{
	*staging = f->staging;
	f->staging = (struct staging)STAGING_INIT;
	staging->dir = a->cache;
	a->way = f->way;
	a->copy_ms = f->copy_ms;
	a->sync_ms = f->sync_ms;
}

/* Copies the artifact to the staging file, whole and durable. */
static int copy_to_staging(struct act *a, struct staging *staging, struct err *e)
{
	own_filling struct filling f = FILLING_INIT;

	if (filling_copy(&f, a->conf, a->cache, a->req, a->peer, e) < 0)
		return -1;
	take_filling(a, staging, &f);
	/* Check that the artifact was not modified during the copy. */
	if (store_compare(a->req->artifact, &a->m, e) < 0)
		return -1;
	failpoint("publish-copied");
	return peer_stop(a->peer, e);
}

/* Fills the staging file: links a file in the cache that has the bytes, or else takes the copy that
 * was prepared, or copies them from the store. */
static int prepare(struct act *a, struct staging *staging, struct err *e)
{
	if (a->release.source[0] == '\0') {
		if (!filling_is_of(a->prepared, a->req->artifact))
			return copy_to_staging(a, staging, e);
		take_filling(a, staging, a->prepared);
		return 0;
	}
	a->way = "link";
	return placing_take(&a->release, staging, e);
}

/* Places the release, whether or not the image's own name can be replaced. */
static int place_release(struct act *a, struct staging *staging, struct err *e)
{
	if (!a->wants_release)
		return 0;
	if (placing_find(&a->release, &a->m, e) < 0)
		return -1;
	if (placing_is_due(&a->release) &&
	    (prepare(a, staging, e) < 0 || placing_link(&a->release, staging, a->way, e) < 0))
		return err_wrap(e, "release %s", a->release.release);
	placing_say(&a->release);
	return 0;
}

/* Removes the operator's permission: its file is gone. If we die before, the permission matches no
 * file, and hornerod removes it when it records the publication. */
static void use_permission(const struct act *a)
{
	if (a->ours.how != OURS_PERMITTED)
		return;
	failpoint("replace-renamed");
	replace_clear(a->conf->images_dir, a->req->image);
	log_info("event=foreign-replaced job=%lld image=%s name=%s ino=%ju",
		 (long long)a->req->fence.job, a->req->image, a->out->name, (uintmax_t)a->ours.ino);
}

/* Runs while Nova waits for our lock: nothing slow here. */
static int put_in_place(struct act *a, struct staging *staging, struct err *e)
{
	struct dependents d;
	int used;
	struct stat st;

	failpoint("publish-locked");
	if (fence_check(a->conf, a->req->image, &a->req->fence, e) < 0)
		return -1;
	/* Nova may have fetched the image since we looked. */
	if (!ours_still(&a->ours))
		return OTHER_FILE;
	used = makeway_look(&a->dependents, false, &d, e);
	if (used != 0)
		return used;
	/* Nova's ageing counts from mtime, and the lock may have taken hours. */
	if (futimens(staging->fd, NULL) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot set the time of %s", staging->name);
	/* An open descriptor delays freeing the blocks (50 ms for 400 MB) until after the lock. */
	a->out->replaced = openat(a->cache, a->out->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if ((a->ours.how == OURS_ABSENT ? staging_rename_new(staging, a->out->name, e)
					: staging_rename(staging, a->out->name, e)) < 0)
		return e->sys == EEXIST ? OTHER_FILE : -1;
	failpoint("publish-renamed");
	if (FAILSTEP("publish-sync-dir", fsync(a->cache)) < 0)
		return err_sys(e, ERR_NOBODY, "cannot make %s durable", a->conf->cache_dir);
	use_permission(a);
	if (fstat(staging->fd, &st) < 0)
		return err_sys(e, ERR_US, "cannot stat %s", a->out->name);
	a->out->ino = st.st_ino;
	a->out->size_bytes = st.st_size;
	return 0;
}

static int64_t mono_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int place_under_lock(struct act *a, struct staging *staging, struct err *e)
{
	int64_t asked_us = mono_us();
	int64_t got_us;
	own_fd int lock = novalock_take(a->conf->instances_path, a->out->name, a->peer, e);
	int rc;

	if (lock < 0)
		return -1;
	got_us = mono_us();
	rc = put_in_place(a, staging, e);
	close(steal_fd(&lock));
	a->wait_ms = (got_us - asked_us) / 1000;
	a->held_us = mono_us() - got_us;
	return rc;
}

/* Returns 0 if the file may be replaced or there is none, 1 if it stays, with the reason in
 * out->foreign, -1 on error. */
static int look_at_own(struct act *a, struct err *e)
{
	a->out->foreign[0] = '\0';
	if (ours_look(&a->ours, &a->m, e) < 0)
		return -1;
	if (a->ours.how != OURS_FOREIGN)
		return 0;
	memcpy(a->out->foreign, a->ours.why, sizeof(a->out->foreign));
	return 1;
}

/* Examines another file under the name, or new instances. Returns 0 to try again; any other value
 * is the result of place(). */
static int look_again(struct act *a, int found, struct err *e)
{
	if (found == OTHER_FILE) {
		int stays = look_at_own(a, e);

		if (stays != 0)
			return stays;
	} else if (!a->dependents.may_flatten) {
		return found;
	}
	return makeway_run(&a->dependents, e);
}

/* Tries ROUNDS times, because new instances and files may appear while we copy, wait or flatten.
 * Returns DONE, another positive value if not placed (out->deferred or out->foreign has the
 * reason), or -1 on error. */
static int place(struct act *a, struct staging *staging, struct err *e)
{
	for (int round = 1;; round++) {
		int found;

		/* A flattening that was killed may have left a header unsynced: after a power
		 * failure it would name the old base again. */
		if (a->dependents.may_flatten && FAILSTEP("flatten-syncfs", syncfs(a->cache)) < 0)
			return err_sys(e, ERR_NOBODY,
				       "cannot make the disks of the instances durable");
		found = place_under_lock(a, staging, e);
		if (found <= DONE)
			return found;
		if (round == ROUNDS)
			return found == IN_USE ? IN_USE
					       : err_set(e, ERR_NOBODY,
							 "another program keeps changing %s/%s",
							 a->conf->cache_dir, a->out->name);
		found = look_again(a, found, e);
		if (found != 0)
			return found;
	}
}

static void log_outcome(const struct act *a)
{
	const struct publish_result *r = a->out;
	char quoted[1100];

	if (r->foreign[0] != '\0') {
		log_warn("event=foreign job=%lld attempt=%lld image=%s reason=%s",
			 (long long)a->req->fence.job, (long long)a->req->fence.attempt,
			 a->req->image, log_quote(quoted, sizeof(quoted), r->foreign));
		return;
	}
	if (r->deferred[0] != '\0') {
		log_info("event=%s job=%lld attempt=%lld image=%s lock_held_us=%lld reason=%s",
			 r->release_only ? "published-alone" : "deferred",
			 (long long)a->req->fence.job, (long long)a->req->fence.attempt,
			 a->req->image, (long long)a->held_us,
			 log_quote(quoted, sizeof(quoted), r->deferred));
		return;
	}
	log_info("event=published job=%lld attempt=%lld image=%s digest=%.12s name=%s "
		 "size_bytes=%lld way=%s "
		 "copy_ms=%lld sync_ms=%lld lock_wait_ms=%lld lock_held_us=%lld took_ms=%lld",
		 (long long)a->req->fence.job, (long long)a->req->fence.attempt, a->req->image,
		 a->req->digest, r->name, (long long)r->size_bytes, a->way, (long long)a->copy_ms,
		 (long long)a->sync_ms, (long long)a->wait_ms, (long long)a->held_us,
		 (long long)r->took_ms);
}

/* With in_use: release-only we do not wait for instances; the release is the publication. */
static int settle_release_only(struct act *a, struct err *e)
{
	if (!a->is_release_only || a->out->deferred[0] == '\0')
		return 0;
	if (!a->release.is_there)
		return err_set(e, ERR_OPERATOR, "%s; and %s", a->release.refused, a->out->deferred);
	a->out->release_only = true;
	return 0;
}

/* The file has the right bytes already. Only sets its time, so that Nova's ageing restarts. */
static int keep_same(struct act *a, struct err *e)
{
	if (utimensat(a->cache, a->out->name, NULL, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot set the time of %s", a->out->name);
	a->way = "same";
	a->out->ino = a->ours.ino;
	a->out->size_bytes = a->ours.size_bytes;
	return 0;
}

static void say_changed(const struct act *a)
{
	log_warn("event=cache-changed job=%lld image=%s name=%s digest=%.12s",
		 (long long)a->req->fence.job, a->req->image, a->out->name, a->req->digest);
	peer_say(a->peer, "changed", "%s", a->out->name);
}

static int replace_own(struct act *a, struct staging *staging, struct err *e)
{
	int used = makeway_run(&a->dependents, e);

	if (used < 0)
		return -1;
	if (used == 0 &&
	    ((staging->fd < 0 && prepare(a, staging, e) < 0) || place(a, staging, e) < 0))
		return -1;
	return 0;
}

/* Places the release first: flattening may take hours. */
static int publish(struct act *a, struct err *e)
{
	own_staging struct staging staging = STAGING_INIT;
	int stays = look_at_own(a, e);

	if (stays < 0)
		return -1;
	if (a->ours.how == OURS_CHANGED)
		say_changed(a);
	/* Comparing bytes is affordable here: unlike a deferred publication, a release-only one
	 * is not retried each second. */
	a->release.doubt = a->ours.how == OURS_SAME || a->ours.how == OURS_CHANGED ||
			   a->is_release_only;
	a->release.changed_ino = a->ours.how == OURS_CHANGED ? a->ours.ino : 0;
	if (place_release(a, &staging, e) < 0)
		return -1;
	if (stays == 1)
		return 0;
	/* If the release is another file, both names become links to that one. */
	if (a->ours.how == OURS_SAME && (!a->release.is_there || a->release.ino == a->ours.ino))
		return keep_same(a, e);
	return replace_own(a, &staging, e) < 0 ? -1 : settle_release_only(a, e);
}

int publish_run(const struct conf *conf, const struct peer_request *req, struct peer *peer,
		struct filling *prepared, struct publish_result *out, struct err *e)
{
	int64_t start_ms = clock_mono_ms();
	own_unchanged struct unchanged seen = UNCHANGED_INIT;
	struct act a = {.conf = conf, .req = req, .peer = peer, .out = out,
			.prepared = prepared};
	own_fd int cache = -1;

	*out = (struct publish_result){.replaced = -1};
	if (nova_cache_name(req->image, out->name, e) < 0 || check_request(&a, e) < 0)
		return -1;
	cache = filling_open_cache(conf, e);
	if (cache < 0)
		return -1;
	a.cache = cache;
	a.dependents = (struct makeway){.conf = conf,
					.req = req,
					.peer = peer,
					.out = out,
					.m = &a.m,
					.cache = cache,
					.may_flatten = a.dependents.may_flatten,
					.seen = &seen};
	a.ours = (struct ours){.conf = conf,
			       .req = req,
			       .peer = peer,
			       .cache = cache,
			       .name = out->name};
	a.release = (struct placing){.conf = conf, .req = req, .peer = peer, .cache = cache};
	staging_sweep(cache);
	if (publish(&a, e) < 0)
		return -1;
	out->took_ms = clock_mono_ms() - start_ms;
	log_outcome(&a);
	return 0;
}
