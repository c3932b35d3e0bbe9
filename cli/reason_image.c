/* reason_image: turns the facts about an image into a reason. Pure. DIAGNOSTICS: none. */
#include "cli/sentence.h"
#include "cli/table.h"
#include "store/nova.h"

#include <string.h>

static bool is_of_commit(const struct job *j, const char *commit)
{
	return strcmp(j->commit, commit) == 0 || strcmp(j->built_commit, commit) == 0;
}

/* Explains why the file is gone, as far as we know, and whether it comes back. */
static void why_gone(const struct facts *f, const char *how, struct reason *r)
{
	int64_t keep_s = image_keep_s(f->img);
	int64_t gone_ms = f->kept.gone_ms ? f->kept.gone_ms : f->now_ms;
	bool is_young = gone_ms < kept_safe_until_ms(&f->kept, f->warm, f->age_s);
	enum reason_kind kind = *f->kept.evicted ? REASON_COLLECTED
				: is_young       ? REASON_REMOVED
						 : REASON_AGED_OUT;
	char words[WORDS_MAX], who[256];

	if (*f->kept.evicted)
		snprintf(who, sizeof(who), "hornero collected it: %s", f->kept.evicted);
	else
		snprintf(who, sizeof(who), "%s",
			 is_young ? "someone deleted it: it was too young for Nova to age it out"
				  : "Nova ages out what no instance uses, or someone deleted it");
	if (keep_s == 0 || kept_until_ms(&f->kept, keep_s) <= f->now_ms) {
		reason_say(r, REASON_LET_GO,
			   "Image %s is no longer kept warm, as its keep_warm (%s, last used %s) "
			   "says, and its file is gone from Nova's cache (%s): `hornero image set "
			   "%s keep_warm=always` brings it back from the store, and so does a "
			   "push.",
			   f->uuid, f->img->keep_warm,
			   age_since(words, f->kept.used_ms, f->now_ms, f->clock), who, f->uuid);
		reason_mend(r, "hornero image set %s keep_warm=always", f->uuid);
	} else if (f->grace_s > 0 &&
		   (f->kept.gone_ms == 0 || f->now_ms < f->kept.gone_ms + f->grace_s * 1000)) {
		reason_say(r, kind,
			   "Image %s was warm, but its file is gone from Nova's cache (%s): it "
			   "comes back from the store, without a build, %lld s after it went "
			   "(`cache_grace:` in hornero.yaml); `hornero rebuild %s` does not wait.",
			   f->uuid, who, (long long)f->grace_s, f->uuid);
		reason_mend(r, "hornero rebuild %s", f->uuid);
	} else {
		reason_say(r, kind,
			   "Image %s was warm, but its file is gone from Nova's cache (%s): %s "
			   "from the store, without a build.",
			   f->uuid, who, how);
		reason_mend(r, f->agent_runs ? "hornero sweep" : "systemctl start hornerod");
	}
}

/* No job explains it, so report the state of the cache; a sweep mends it. */
static void why_cold(const struct facts *f, struct reason *r)
{
	const char *how =
		f->agent_runs
			? "`hornero sweep` queues it"
			: "start hornerod (`systemctl start hornerod`), whose sweep queues it";

	if (f->warm_state == WARM_GONE) {
		why_gone(f, how, r);
		return;
	}
	if (f->warm_state == WARM_FOREIGN) {
		reason_say(r, REASON_FOREIGN_FILE,
			   "Image %s is not warm: %s/%s, a file that hornero did not put there, "
			   "has its name in Nova's cache (fetched from Glance, perhaps). hornero "
			   "does not replace it: `hornero image add --replace %s %s` on the node "
			   "allows that. If its bytes are those of an artifact of this image, %s.",
			   f->uuid, f->cache_dir, f->warm->name, f->uuid, f->img->repo, how);
		reason_mend(r, "hornero image add --replace %s %s", f->uuid, f->img->repo);
	} else if (f->warm_state == WARM_CHANGED) {
		reason_say(r, REASON_CHANGED,
			   "Image %s is not warm: the bytes of its file %s/%s in Nova's cache were "
			   "changed after it was published: %s, and the right bytes are put back "
			   "as in_use says.",
			   f->uuid, f->cache_dir, f->warm->name, how);
	} else if (f->warm_state == WARM_OK && strcmp(f->warm->made.commit, f->commit) == 0) {
		reason_say(r, REASON_PIN_MOVED,
			   "Image %s is warm, but %s%s, and no job is queued for that: %s.",
			   f->uuid,
			   f->pinned ? "its file pins it to release "
				     : "its file no longer pins it to an earlier release",
			   f->pinned ? f->pinned : "", how);
	} else if (f->warm_state == WARM_OK) {
		reason_say(r, REASON_REF_MOVED,
			   "Image %s is warm at %.12s, but %s is at %.12s by now and no job is "
			   "queued for it: %s.",
			   f->uuid, f->warm->made.commit, f->img->ref, f->commit, how);
	} else {
		reason_say(r, REASON_NO_JOB,
			   "Image %s is not warm and no job is queued for it: %s.", f->uuid, how);
	}
	reason_mend(r, f->agent_runs ? "hornero sweep" : "systemctl start hornerod");
}

/* Returns true if the current release is warm and holds the ref's commit. */
static bool is_released(const struct facts *f)
{
	return f->release_state == WARM_OK && warm_satisfies(&f->release, f->commit, f->pinned);
}

static bool is_release_only_warm(const struct facts *f)
{
	return f->img->in_use == IMAGE_IN_USE_RELEASE_ONLY && is_released(f);
}

static void why_release_only(const struct facts *f, struct reason *r)
{
	char release[UUID_LEN + 1] = "";
	struct err ignored = ERR_INIT;

	(void)nova_release(f->uuid, f->release.made.digest, release, &ignored);
	reason_say(r, REASON_RELEASE_ONLY,
		   "Image %s is warm at %.12s as its release %s alone (job %lld): its own UUID "
		   "keeps the file that instances use, as in_use says, and follows when they are "
		   "gone.",
		   f->uuid, f->commit, release, (long long)f->release.made.job);
}

/* The image's own file is warm as wanted. */
static void why_warm(const struct facts *f, struct reason *r)
{
	char words[WORDS_MAX];
	const char *since = age_since(words, f->warm->published_ms, f->now_ms, f->clock);
	long long job = (long long)f->warm->made.job;
	bool is_reused = f->job && f->job->state == JOB_PUBLISHED && f->job->reused &&
			 is_of_commit(f->job, f->commit);

	if (f->pinned) {
		reason_say(r, REASON_PINNED,
			   "Image %s is rolled back: pinned to release %s, warm since %s (job "
			   "%lld), %s%s; `hornero rollback --undo %s` ends that.",
			   f->uuid, f->pinned, since, job,
			   f->img->until_ref_leaves ? "until a push moves "
						    : "whatever is pushed to ",
			   f->img->ref, f->uuid);
		reason_mend(r, "hornero rollback --undo %s", f->uuid);
	} else if (!image_wants_release(f->img) || is_released(f)) {
		reason_say(r, REASON_WARM,
			   "Image %s is warm at %.12s since %s (job %lld)%s%s; nothing needs to be "
			   "done.",
			   f->uuid, f->commit, since, job,
			   is_released(f) ? ", and so is its release" : "",
			   is_reused ? ", the same content as before, so nothing was built" : "");
	} else if (f->release_state == WARM_FOREIGN) {
		reason_say(r, REASON_RELEASE_FOREIGN,
			   "Image %s is warm at %.12s since %s (job %lld), but its release is not: "
			   "a file of other bytes has its name, %s, in Nova's cache, and a release "
			   "is never replaced; remove that file when no instance needs it, then "
			   "`hornero sweep`.",
			   f->uuid, f->commit, since, job, f->release.name);
		reason_mend(r, "hornero sweep");
	} else {
		reason_say(r, REASON_RELEASE_COLD,
			   "Image %s is warm at %.12s since %s (job %lld), but its release is not "
			   "in Nova's cache: `hornero sweep` tells whether it comes back.",
			   f->uuid, f->commit, since, job);
		reason_mend(r, "hornero sweep");
	}
}

/* The ref has no commit. */
static void why_no_commit(const struct facts *f, struct reason *r)
{
	const char *ref = f->img->ref;

	if (f->warm_state == WARM_OK)
		reason_say(r, REASON_REF_GONE,
			   "Image %s stays warm at %.12s, its last artifact, although %s has no %s "
			   "any more; `git push %s HEAD:%s` brings it back.",
			   f->uuid, f->warm->made.commit, f->repo_path, ref, f->repo_path, ref);
	else if (f->job && strcmp(f->job->ref, ref) == 0)
		reason_say(r, REASON_REF_DELETED,
			   "Image %s has nothing to be built from: %s of %s was deleted; `git push "
			   "%s HEAD:%s` brings it back.",
			   f->uuid, ref, f->repo_path, f->repo_path, ref);
	else if (f->other_ref) {
		reason_say(r, REASON_OTHER_REF,
			   "Image %s has nothing to be built from: it follows %s, and nothing has "
			   "been pushed to that; `hornero image set %s ref=%s` has it follow a ref "
			   "that has commits, and `git push %s HEAD:%s` pushes to its own.",
			   f->uuid, ref, f->uuid, f->other_ref, f->repo_path, ref);
		reason_mend(r, "hornero image set %s ref=%s", f->uuid, f->other_ref);
	} else
		reason_say(r, REASON_NOT_PUSHED,
			   "Image %s has nothing to be built from: nothing has been pushed to %s; "
			   "`git push %s HEAD:%s`.",
			   f->uuid, ref, f->repo_path, ref);
	reason_mend(r, "git push %s HEAD:%s", f->repo_path, ref);
}

/* The image, or what it is built from, cannot be used. Returns false if both can. */
static bool why_unusable(const struct facts *f, struct reason *r)
{
	if (!f->img) {
		reason_say(r, REASON_UNREGISTERED,
			   "Image %s is not registered on this node: `hornero image add %s REPO`.",
			   f->uuid, f->uuid);
		reason_mend(r, "hornero image add %s REPO", f->uuid);
	} else if (f->img->broken) {
		reason_say(r, REASON_IMAGE_FILE,
			   "Image %s is ignored because of an error in its file: %s; mend that "
			   "line and run `hornero sweep`.",
			   f->uuid, f->img->problem.msg);
		reason_mend(r, "hornero sweep");
	} else if (!f->repo_there) {
		reason_say(r, REASON_NO_REPOSITORY,
			   "Image %s has no source: its repository %s is not there; `hornero repo "
			   "create %s` makes it.",
			   f->uuid, f->repo_path, f->img->repo);
		reason_mend(r, "hornero repo create %s", f->img->repo);
	} else if (f->repo_problem) {
		reason_say(r, REASON_REPOSITORY,
			   "Image %s cannot be compared with its ref: %s; then run `hornero "
			   "sweep`.",
			   f->uuid, f->repo_problem);
		reason_mend(r, "hornero sweep");
	} else {
		return false;
	}
	return true;
}

void why_image(const struct facts *f, struct reason *r)
{
	if (why_unusable(f, r))
		return;
	if (!*f->commit)
		why_no_commit(f, r);
	else if (f->job && !job_state_ended(f->job->state))
		why_job(f, r);
	else if (f->warm_state == WARM_OK && warm_satisfies(f->warm, f->commit, f->pinned))
		why_warm(f, r);
	else if (is_release_only_warm(f))
		why_release_only(f, r);
	else if (f->skipped) {
		reason_say(r, REASON_SKIPPED,
			   "Image %s is not built at %.12s, because that was pushed with -o skip: "
			   "`hornero rebuild %s` builds it, and so does the next push.",
			   f->uuid, f->commit, f->uuid);
		reason_mend(r, "hornero rebuild %s", f->uuid);
	} else if (f->queue_missing) {
		reason_say(r, REASON_QUEUE,
			   "Image %s waits because there is no queue in %s: `hornero init` makes "
			   "it, `hornero sweep` fills it.",
			   f->uuid, f->queue_dir);
		reason_mend(r, "hornero init");
		reason_mend(r, "hornero sweep");
	} else if (f->queue_problem)
		reason_say(r, REASON_QUEUE,
			   "Image %s is not warm, and its jobs cannot be seen: %s.", f->uuid,
			   f->queue_problem);
	else if (f->job && f->job->state != JOB_PUBLISHED && is_of_commit(f->job, f->commit))
		why_job(f, r);
	else
		why_cold(f, r);
}
