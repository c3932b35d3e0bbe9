/* reason: turns facts into the sentence of `hornero why`. Pure. DIAGNOSTICS: none. */
#include "cli/outcome.h"
#include "cli/table.h"
#include "cli/top.h"
#include "cli/why.h"

#include <string.h>

#define SAY(...) snprintf(buf, WHY_MAX, __VA_ARGS__)

static void why_queued(const struct facts *f, char buf[WHY_MAX])
{
	const struct job *j = f->job;
	long long id = (long long)j->id;
	char words[WORDS_MAX];

	if (!f->agent_runs)
		SAY("Job %lld waits because hornerod does not run: `systemctl start hornerod`; "
		    "`hornero doctor` says what keeps it from starting.",
		    id);
	else if (f->standstill.kind)
		SAY("Job %lld waits, as all builds of %s do: %s.", id,
		    f->is_image_paused ? "its image" : "this node", f->standstill.text);
	else if (j->not_before_ms > f->now_ms && j->attempt == 0)
		SAY("Job %lld begins %s: it was queued for then (origin %s); `hornero rebuild %s` "
		    "begins it now, `hornero cancel %lld` gives it up.",
		    id, age_words(words, f->now_ms - j->not_before_ms), j->origin, j->image, id);
	else if (j->not_before_ms > f->now_ms)
		SAY("Job %lld gets its next attempt %s, because attempt %lld failed: %s; `hornero "
		    "log %lld` shows it, `hornero cancel %lld` gives it up.",
		    id, age_words(words, f->now_ms - j->not_before_ms), (long long)j->attempt,
		    *j->reason ? j->reason : "no reason is recorded", id, id);
	else if (f->same_running)
		SAY("Job %lld waits until job %lld of the same image has ended; `hornero cancel "
		    "%lld` ends that one now.",
		    id, (long long)f->same_running, (long long)f->same_running);
	else if (*f->limited)
		SAY("Job %lld waits because %s; it starts when one of them ends.", id, f->limited);
	else if (f->partly)
		SAY("Job %lld is queued and starts when it is its turn; `hornero log -f %lld` "
		    "follows it.",
		    id, id);
	else if (f->running >= f->workers)
		SAY("Job %lld is queued behind %lld other%s, and all %lld worker%s are busy; "
		    "`hornero queue` shows them, `workers:` in hornero.yaml allows more.",
		    id, (long long)f->ahead, f->ahead == 1 ? "" : "s", (long long)f->workers,
		    f->workers == 1 ? "" : "s");
	else
		SAY("Job %lld is queued and about to start; `hornero log -f %lld` follows it.", id,
		    id);
}

void why_job(const struct facts *f, char buf[WHY_MAX])
{
	const struct job *j = f->job;
	long long id = (long long)j->id;
	char words[WORDS_MAX], sentence[2 * ERR_MSG_MAX];
	const struct standstill none = {.kind = WAITING_NOTHING};

	if (j->state != JOB_QUEUED && outcome_of(j, f->agent_runs ? &f->standstill : &none,
						 sentence, sizeof(sentence)) >= 0) {
		SAY("%s.", sentence);
		*buf = 'J';
	} else if (j->state == JOB_QUEUED) {
		why_queued(f, buf);
	} else if (!f->agent_runs) {
		SAY("Job %lld was %s when hornerod ended, and continues when it starts: `systemctl "
		    "start hornerod`.",
		    id, job_state_name(j->state));
	} else if (j->state == JOB_RUNNING && f->standstill.kind) {
		SAY("Job %lld stands still, attempt %lld: %s; it continues by itself, and its "
		    "timeouts do not count.",
		    id, (long long)j->attempt, f->standstill.text);
	} else if (j->state == JOB_RUNNING) {
		char busy[128] = "";

		if (f->is_starved)
			snprintf(busy, sizeof(busy),
				 ", and " STARVED_WORDS ", and its timeouts do not count while it "
							"waits",
				 f->percent);
		SAY("Job %lld is being built, attempt %lld, started %s%s; `hornero log -f %lld` "
		    "follows it.",
		    id, (long long)j->attempt, age_since(words, j->started_ms, f->now_ms, f->clock),
		    busy, id);
	} else {
		SAY("Job %lld is built and being published%s%s; `hornero wait %lld` tells when it "
		    "is.",
		    id, *j->waiting_for ? ", waiting for this: " : "", j->waiting_for, id);
	}
}

static bool is_of_commit(const struct job *j, const char *commit)
{
	return strcmp(j->commit, commit) == 0 || strcmp(j->built_commit, commit) == 0;
}

/* Explains why the file is gone, as far as we know, and whether it comes back. */
static void why_gone(const struct facts *f, const char *how, char buf[WHY_MAX])
{
	int64_t keep_s = image_keep_s(f->img);
	int64_t gone_ms = f->kept.gone_ms ? f->kept.gone_ms : f->now_ms;
	char words[WORDS_MAX], who[256];

	if (*f->kept.evicted)
		snprintf(who, sizeof(who), "hornero collected it: %s", f->kept.evicted);
	else
		snprintf(who, sizeof(who), "%s",
			 gone_ms < kept_safe_until_ms(&f->kept, f->warm, f->age_s)
				 ? "someone deleted it: it was too young for Nova to age it out"
				 : "Nova ages out what no instance uses, or someone deleted it");
	if (keep_s == 0 || kept_until_ms(&f->kept, keep_s) <= f->now_ms)
		SAY("Image %s is no longer kept warm, as its keep_warm (%s, last used %s) says, "
		    "and its file is gone from Nova's cache (%s): `hornero image set %s "
		    "keep_warm=always` brings it back from the store, and so does a push.",
		    f->uuid, f->img->keep_warm,
		    age_since(words, f->kept.used_ms, f->now_ms, f->clock), who, f->uuid);
	else if (f->grace_s > 0 &&
		 (f->kept.gone_ms == 0 || f->now_ms < f->kept.gone_ms + f->grace_s * 1000))
		SAY("Image %s was warm, but its file is gone from Nova's cache (%s): it comes back "
		    "from the store, without a build, %lld s after it went (`cache_grace:` in "
		    "hornero.yaml); `hornero rebuild %s` does not wait.",
		    f->uuid, who, (long long)f->grace_s, f->uuid);
	else
		SAY("Image %s was warm, but its file is gone from Nova's cache (%s): %s from the "
		    "store, without a build.",
		    f->uuid, who, how);
}

/* No job explains it, so report the state of the cache; a sweep mends it. */
static void why_cold(const struct facts *f, char buf[WHY_MAX])
{
	const char *how =
		f->agent_runs
			? "`hornero sweep` queues it"
			: "start hornerod (`systemctl start hornerod`), whose sweep queues it";

	if (f->warm_state == WARM_GONE)
		why_gone(f, how, buf);
	else if (f->warm_state == WARM_FOREIGN)
		SAY("Image %s is not warm: %s/%s, a file that hornero did not put there, has its "
		    "name in Nova's cache (fetched from Glance, perhaps). hornero does not replace "
		    "it: `hornero image add --replace %s %s` on the node allows that. If its bytes "
		    "are those of an artifact of this image, %s.",
		    f->uuid, f->cache_dir, f->warm->name, f->uuid, f->img->repo, how);
	else if (f->warm_state == WARM_CHANGED)
		SAY("Image %s is not warm: the bytes of its file %s/%s in Nova's cache were "
		    "changed after it was published: %s, and the right bytes are put back as "
		    "in_use says.",
		    f->uuid, f->cache_dir, f->warm->name, how);
	else if (f->warm_state == WARM_OK && strcmp(f->warm->made.commit, f->commit) == 0)
		SAY("Image %s is warm, but %s%s, and no job is queued for that: %s.", f->uuid,
		    f->pinned ? "its file pins it to release "
			      : "its file no longer pins it to an earlier release",
		    f->pinned ? f->pinned : "", how);
	else if (f->warm_state == WARM_OK)
		SAY("Image %s is warm at %.12s, but %s is at %.12s by now and no job is queued for "
		    "it: %s.",
		    f->uuid, f->warm->made.commit, f->img->ref, f->commit, how);
	else
		SAY("Image %s is not warm and no job is queued for it: %s.", f->uuid, how);
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

/* The image's own file is warm as wanted. */
static void why_warm(const struct facts *f, char buf[WHY_MAX])
{
	char words[WORDS_MAX];
	const char *since = age_since(words, f->warm->published_ms, f->now_ms, f->clock);
	long long job = (long long)f->warm->made.job;

	if (f->pinned)
		SAY("Image %s is rolled back: pinned to release %s, warm since %s (job %lld), "
		    "%s%s; `hornero rollback --undo %s` ends that.",
		    f->uuid, f->pinned, since, job,
		    f->img->until_ref_leaves ? "until a push moves " : "whatever is pushed to ",
		    f->img->ref, f->uuid);
	else if (!image_wants_release(f->img) || is_released(f))
		SAY("Image %s is warm at %.12s since %s (job %lld)%s; nothing needs to be done.",
		    f->uuid, f->commit, since, job,
		    is_released(f) ? ", and so is its release" : "");
	else if (f->release_state == WARM_FOREIGN)
		SAY("Image %s is warm at %.12s since %s (job %lld), but its release is not: a file "
		    "of other bytes has its name, %s, in Nova's cache, and a release is never "
		    "replaced; remove that file when no instance needs it, then `hornero sweep`.",
		    f->uuid, f->commit, since, job, f->release.name);
	else
		SAY("Image %s is warm at %.12s since %s (job %lld), but its release is not in "
		    "Nova's cache: `hornero sweep` tells whether it comes back.",
		    f->uuid, f->commit, since, job);
}

void why_image(const struct facts *f, char buf[WHY_MAX])
{
	if (!f->img)
		SAY("Image %s is not registered on this node: `hornero image add %s REPO`.",
		    f->uuid, f->uuid);
	else if (f->img->broken)
		SAY("Image %s is ignored because of an error in its file: %s; mend that line and "
		    "run `hornero sweep`.",
		    f->uuid, f->img->problem.msg);
	else if (!f->repo_there)
		SAY("Image %s has no source: its repository %s is not there; `hornero repo create "
		    "%s` makes it.",
		    f->uuid, f->repo_path, f->img->repo);
	else if (!*f->commit && f->warm_state == WARM_OK)
		SAY("Image %s stays warm at %.12s, its last artifact, although %s has no %s any "
		    "more; `git push %s HEAD:%s` brings it back.",
		    f->uuid, f->warm->made.commit, f->repo_path, f->img->ref, f->repo_path,
		    f->img->ref);
	else if (!*f->commit)
		SAY("Image %s has nothing to be built from: nothing has been pushed to %s; `git "
		    "push %s HEAD:%s`.",
		    f->uuid, f->img->ref, f->repo_path, f->img->ref);
	else if (f->job && !job_state_ended(f->job->state))
		why_job(f, buf);
	else if (f->warm_state == WARM_OK && warm_satisfies(f->warm, f->commit, f->pinned))
		why_warm(f, buf);
	else if (is_release_only_warm(f))
		SAY("Image %s is warm at %.12s as its release alone (job %lld; `hornero image show "
		    "%s` names it): its own UUID keeps the file that instances use, as in_use "
		    "says, and follows when they are gone.",
		    f->uuid, f->commit, (long long)f->release.made.job, f->uuid);
	else if (f->skipped)
		SAY("Image %s is not built at %.12s, because that was pushed with -o skip: "
		    "`hornero rebuild %s` builds it, and so does the next push.",
		    f->uuid, f->commit, f->uuid);
	else if (f->queue_missing)
		SAY("Image %s waits because there is no queue in %s: `hornero init` makes it, "
		    "`hornero sweep` fills it.",
		    f->uuid, f->queue_dir);
	else if (f->job && f->job->state != JOB_PUBLISHED && is_of_commit(f->job, f->commit))
		why_job(f, buf);
	else
		why_cold(f, buf);
}
