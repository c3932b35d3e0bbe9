/* reason: turns the facts about a job, or the node, into a reason. Pure. DIAGNOSTICS: none. */
#include "cli/sentence.h"
#include "cli/table.h"
#include "cli/top.h"
#include "store/nova.h"

#include <string.h>

/* The command that ends a standstill; its sentence, from state/, names the same. */
static void mend_standstill(struct reason *r, const struct facts *f)
{
	if (f->standstill.kind == WAITING_PAUSE && f->is_image_paused)
		reason_mend(r, "hornero resume %s", f->job ? f->job->image : f->uuid);
	else if (f->standstill.kind == WAITING_PAUSE || f->standstill.kind == WAITING_DRAIN)
		reason_mend(r, "hornero resume");
	else if (f->standstill.kind == WAITING_DISK)
		reason_mend(r, "hornero gc");
}

static void why_agent(const struct facts *f, const char *what, struct reason *r)
{
	if (!f->agent_runs) {
		reason_say(r, REASON_AGENT_OFF,
			   "%s because hornerod does not run: `systemctl start hornerod`; `hornero "
			   "doctor` says what keeps it from starting.",
			   what);
		reason_mend(r, "systemctl start hornerod");
		return;
	}
	reason_say(r, REASON_AGENT_STOPPED,
		   "%s because hornerod (process %ld) %s: `kill -CONT %ld` as root continues it if "
		   "it is stopped, and `systemctl restart hornerod` starts another one.",
		   what, f->stopped_agent, f->agent_state, f->stopped_agent);
	reason_mend(r, "kill -CONT %ld", f->stopped_agent);
	reason_mend(r, "systemctl restart hornerod");
}

/* All workers are busy: which limit decided their number. */
static void why_slot(const struct facts *f, const char *what, struct reason *r)
{
	static const enum reason_kind kinds[] = {[CONF_WORKERS_SET] = REASON_SLOT,
						 [CONF_WORKERS_BY_CORES] = REASON_QUOTA,
						 [CONF_WORKERS_BY_MEMORY] = REASON_MEMORY};
	static const char *const limits[] = {
		[CONF_WORKERS_SET] = "",
		[CONF_WORKERS_BY_CORES] = ", as many as `compile_core_limit:` allows",
		[CONF_WORKERS_BY_MEMORY] = ", as many as `compile_mem_limit:` allows",
	};
	char who[64] = "the only worker is";

	if (f->workers != 1)
		snprintf(who, sizeof(who), "all %lld workers are", (long long)f->workers);
	reason_say(r, kinds[f->workers_by],
		   "%s, and %s busy%s; `hornero queue` shows what runs, `workers:` in hornero.yaml "
		   "allows more.",
		   what, who, limits[f->workers_by]);
	reason_mend(r, "hornero queue");
}

static const char *reason_of(const struct job *j)
{
	return *j->reason ? j->reason : "no reason is recorded";
}

static void why_later(const struct facts *f, struct reason *r)
{
	const struct job *j = f->job;
	long long id = (long long)j->id;
	char words[WORDS_MAX];

	age_words(words, f->now_ms - j->not_before_ms);
	if (j->attempt == 0) {
		reason_say(r, REASON_PLANNED,
			   "Job %lld begins %s: it was queued for then (origin %s); `hornero "
			   "rebuild %s` begins it now, `hornero cancel %lld` gives it up.",
			   id, words, j->origin, j->image, id);
		reason_mend(r, "hornero rebuild %s", j->image);
	} else {
		reason_say(r, REASON_BACK_OFF,
			   "Job %lld gets its next attempt %s, because attempt %lld failed: %s; "
			   "`hornero rebuild %s` begins it now, `hornero log %lld` shows it, "
			   "`hornero cancel %lld` gives it up.",
			   id, words, (long long)j->attempt, reason_of(j), j->image, id, id);
		reason_mend(r, "hornero rebuild %s", j->image);
	}
	reason_mend(r, "hornero cancel %lld", id);
}

static void why_queued(const struct facts *f, struct reason *r)
{
	const struct job *j = f->job;
	long long id = (long long)j->id;
	char what[128];

	snprintf(what, sizeof(what), "Job %lld waits", id);
	if (!f->agent_runs || f->stopped_agent) {
		why_agent(f, what, r);
	} else if (f->standstill.kind) {
		reason_say(r, reason_of_waiting(f->standstill.kind),
			   "Job %lld waits, as all builds of %s do: %s.", id,
			   f->is_image_paused ? "its image" : "this node", f->standstill.text);
		mend_standstill(r, f);
	} else if (j->not_before_ms > f->now_ms) {
		why_later(f, r);
	} else if (f->same_running) {
		reason_say(r, REASON_SAME_IMAGE,
			   "Job %lld waits until job %lld of the same image has ended; `hornero "
			   "cancel %lld` ends that one now.",
			   id, (long long)f->same_running, (long long)f->same_running);
		reason_mend(r, "hornero cancel %lld", (long long)f->same_running);
	} else if (*f->limited) {
		reason_say(r, REASON_LIMIT,
			   "Job %lld waits because %s; it starts when one of them ends, and "
			   "`hornero queue` shows them.",
			   id, f->limited);
		reason_mend(r, "hornero queue");
	} else if (f->partly) {
		reason_say(r, REASON_STARTING,
			   "Job %lld is queued and starts when it is its turn; `hornero log -f "
			   "%lld` follows it.",
			   id, id);
	} else if (job_is_confirm(j->origin) && (f->running || f->ahead)) {
		reason_say(r, REASON_IDLE,
			   "Job %lld builds what is warm again from nothing, and begins when the "
			   "node has nothing else to do; `hornero queue` shows what that is.",
			   id);
		reason_mend(r, "hornero queue");
	} else if (f->running >= f->workers) {
		snprintf(what, sizeof(what), "Job %lld is queued behind %lld other%s", id,
			 (long long)f->ahead, f->ahead == 1 ? "" : "s");
		why_slot(f, what, r);
	} else {
		reason_say(r, REASON_STARTING,
			   "Job %lld is queued and about to start; `hornero log -f %lld` follows "
			   "it.",
			   id, id);
	}
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static void why_published(const struct job *j, struct reason *r)
{
	const char *commit = *j->built_commit ? j->built_commit : j->commit;
	char words[WORDS_MAX], release[UUID_LEN + 1];
	struct err ignored = ERR_INIT;
	long long id = (long long)j->id;

	if (*j->reason)
		reason_say(r, REASON_PUBLISHED, "Job %lld is published%s %s.", id,
			   begins(j->reason, "as ") ? "" : ":", j->reason);
	/* If the ref has moved since, the job no longer was a rollback. */
	else if (j->reused && strcmp(j->origin, "rollback") == 0 &&
		 strcmp(commit, j->commit) == 0 && sha256_valid(j->digest) &&
		 nova_release(j->image, j->digest, release, &ignored) == 0)
		reason_say(r, REASON_SAME_CONTENT,
			   "Job %lld is published: image %s is back at release %s (no build).", id,
			   j->image, release);
	else if (j->reused)
		reason_say(r, REASON_SAME_CONTENT,
			   "Job %lld is published: image %s is warm at %.12s (same content as "
			   "before, no build).",
			   id, j->image, commit);
	else
		reason_say(r, REASON_PUBLISHED,
			   "Job %lld is published: image %s is warm at %.12s (%s after it was "
			   "queued).",
			   id, j->image, commit,
			   duration_words(words, j->ended_ms - j->created_ms));
}

/* Built, and something keeps it from being published. */
static void why_built(const struct facts *f, struct reason *r)
{
	const struct job *j = f->job;
	enum waiting w = *j->waiting_for ? job_waits(j) : WAITING_NOTHING;
	long long id = (long long)j->id;
	const char *image = j->image;
	char more[320] = "";
	size_t used;

	if (waiting_entry(w)->is_brief) {
		reason_say(r, reason_of_waiting(w),
			   "Job %lld is built and being published%s%s; `hornero wait %lld` tells "
			   "when it is.",
			   id, w ? ", waiting for this: " : "", w ? j->waiting_for : "", id);
		if (w == WAITING_DISK)
			reason_mend(r, "hornero gc");
		return;
	}
	if (w == WAITING_INSTANCE && f->can_flatten)
		snprintf(more, sizeof(more),
			 "; `hornero image set %s in_use=flatten` makes its disk independent",
			 image);
	used = strlen(more);
	if (w == WAITING_INSTANCE && f->can_release)
		snprintf(more + used, sizeof(more) - used,
			 "%s `hornero image set %s in_use=release-only` publishes only its release",
			 used ? ", and" : ";", image);
	reason_say(r, reason_of_waiting(w), "Job %lld is built and not published yet: %s%s.", id,
		   j->waiting_for, more);
	if (w == WAITING_INSTANCE && f->can_flatten)
		reason_mend(r, "hornero image set %s in_use=flatten", image);
	if (w == WAITING_INSTANCE && f->can_release)
		reason_mend(r, "hornero image set %s in_use=release-only", image);
}

static void why_running(const struct facts *f, struct reason *r)
{
	const struct job *j = f->job;
	long long id = (long long)j->id;
	char words[WORDS_MAX], busy[128] = "";

	if (f->standstill.kind) {
		bool is_brief = waiting_entry(f->standstill.kind)->is_brief;

		reason_say(r, reason_of_waiting(f->standstill.kind),
			   "Job %lld stands still, and its timeouts do not count: %s%s.", id,
			   f->standstill.text, is_brief ? "; it continues by itself" : "");
		mend_standstill(r, f);
		return;
	}
	if (f->is_starved)
		snprintf(busy, sizeof(busy),
			 ", and " STARVED_WORDS ", and its timeouts do not count while it waits",
			 f->percent);
	reason_say(r, f->is_starved ? REASON_NO_PROCESSOR : REASON_BUILDING,
		   "Job %lld is being built, attempt %lld, started %s%s; `hornero log -f %lld` "
		   "follows it.",
		   id, (long long)j->attempt,
		   age_since(words, j->started_ms, f->now_ms, f->clock), busy, id);
}

static void why_ended(const struct job *j, struct reason *r)
{
	long long id = (long long)j->id;

	switch (j->state) {
	case JOB_PUBLISHED:
		why_published(j, r);
		break;
	case JOB_FAILED:
		reason_say(r, REASON_FAILED,
			   "Job %lld failed: %s; `hornero log %lld` shows its log.", id,
			   reason_of(j), id);
		reason_mend(r, "hornero log %lld", id);
		break;
	case JOB_CANCELLED:
		reason_say(r, REASON_CANCELLED,
			   "Job %lld was cancelled%s%s; `hornero retry %lld` queues it again.", id,
			   *j->reason ? ": " : "", j->reason, id);
		reason_mend(r, "hornero retry %lld", id);
		break;
	case JOB_HELD:
		reason_say(r, REASON_HELD,
			   "Job %lld is held: %s; mend that, then `hornero retry %lld`.", id,
			   reason_of(j), id);
		reason_mend(r, "hornero retry %lld", id);
		break;
	default:
		if (j->superseded_by == 0)
			reason_say(r, REASON_SUPERSEDED,
				   "Job %lld was superseded by a newer one.", id);
		else
			reason_say(r, REASON_SUPERSEDED,
				   "Job %lld was superseded by job %lld, a newer push.", id,
				   (long long)j->superseded_by);
	}
}

void why_job(const struct facts *f, struct reason *r)
{
	const struct job *j = f->job;
	char what[160];

	if (j->state == JOB_QUEUED) {
		why_queued(f, r);
	} else if (j->state != JOB_RUNNING && j->state != JOB_BUILT) {
		why_ended(j, r);
	} else if (j->state == JOB_BUILT && *j->waiting_for &&
		   !waiting_entry(job_waits(j))->is_brief) {
		why_built(f, r);
	} else if (!f->agent_runs) {
		reason_say(r, REASON_AGENT_OFF,
			   "Job %lld was %s when hornerod ended, and continues when it starts: "
			   "`systemctl start hornerod`.",
			   (long long)j->id, job_state_name(j->state));
		reason_mend(r, "systemctl start hornerod");
	} else if (f->stopped_agent && !f->standstill.kind) {
		snprintf(what, sizeof(what), "Job %lld is %s, and its end is not seen",
			 (long long)j->id, job_state_name(j->state));
		why_agent(f, what, r);
	} else if (j->state == JOB_BUILT) {
		why_built(f, r);
	} else {
		why_running(f, r);
	}
}

void why_node(const struct facts *f, enum reason_kind kind, size_t n, struct reason *r)
{
	char what[128];

	if (kind == REASON_SLOT || kind == REASON_QUOTA || kind == REASON_MEMORY) {
		snprintf(what, sizeof(what), "%zu image%s wait%s for a worker", n,
			 n == 1 ? "" : "s", n == 1 ? "s" : "");
		why_slot(f, what, r);
	} else if (kind == REASON_AGENT_OFF || kind == REASON_AGENT_STOPPED) {
		snprintf(what, sizeof(what),
			 "Nothing is built or published (images that wait: %zu)", n);
		why_agent(f, what, r);
	} else {
		reason_say(r, kind, "Nothing starts for now (images that wait: %zu): %s.", n,
			   f->standstill.text);
		mend_standstill(r, f);
	}
}
