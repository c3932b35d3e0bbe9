/* outcome: pure. DIAGNOSTICS: none. */
#include "cli/outcome.h"

#include "cli/table.h"
#include "store/nova.h"

#include <string.h>

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

const char *outcome_waits(const struct job *j, const struct standstill *s)
{
	if (s->kind != WAITING_NOTHING)
		return s->text;
	return j->state == JOB_BUILT ? j->waiting_for : j->state == JOB_QUEUED ? j->reason : "";
}

static const char *reason_of(const struct job *j)
{
	return *j->reason ? j->reason : "no reason is recorded";
}

static void published_words(const struct job *j, char *buf, size_t size)
{
	const char *commit = *j->built_commit ? j->built_commit : j->commit;
	char words[WORDS_MAX], release[UUID_LEN + 1];
	struct err ignored = ERR_INIT;

	if (*j->reason)
		snprintf(buf, size, "job %lld is published%s %s", (long long)j->id,
			 begins(j->reason, "as ") ? "" : ":", j->reason);
	/* If the ref has moved since, the job no longer was a rollback. */
	else if (j->reused && strcmp(j->origin, "rollback") == 0 &&
		 strcmp(commit, j->commit) == 0 && sha256_valid(j->digest) &&
		 nova_release(j->image, j->digest, release, &ignored) == 0)
		snprintf(buf, size,
			 "job %lld is published: image %s is back at release %s (no build)",
			 (long long)j->id, j->image, release);
	else if (j->reused)
		snprintf(buf, size,
			 "job %lld is published: image %s is warm at %.12s (same content as "
			 "before, no build)",
			 (long long)j->id, j->image, commit);
	else
		snprintf(
			buf, size,
			"job %lld is published: image %s is warm at %.12s (%s after it was queued)",
			(long long)j->id, j->image, commit,
			duration_words(words, j->ended_ms - j->created_ms));
}

int outcome_of(const struct job *j, const struct standstill *s, char *buf, size_t size)
{
	long long id = (long long)j->id;
	bool is_stopped = !waiting_entry(s->kind)->is_brief;

	switch (j->state) {
	case JOB_PUBLISHED:
		published_words(j, buf, size);
		return 0;
	case JOB_FAILED:
		snprintf(buf, size, "job %lld failed: %s; `hornero log %lld` shows its log", id,
			 reason_of(j), id);
		return 1;
	case JOB_SUPERSEDED:
		if (j->superseded_by == 0) {
			snprintf(buf, size, "job %lld was superseded by a newer one", id);
			return 1;
		}
		snprintf(buf, size, "job %lld was superseded by job %lld, a newer push", id,
			 (long long)j->superseded_by);
		return 1;
	case JOB_CANCELLED:
		snprintf(buf, size, "job %lld was cancelled%s%s", id, *j->reason ? ": " : "",
			 j->reason);
		return 1;
	case JOB_HELD:
		snprintf(buf, size, "job %lld is held: %s; mend that, then `hornero retry %lld`",
			 id, reason_of(j), id);
		return 75;
	case JOB_BUILT:
		if (!*j->waiting_for || waiting_entry(job_waits(j))->is_brief)
			return -1;
		snprintf(buf, size, "job %lld is built and not published yet: %s", id,
			 j->waiting_for);
		return 75;
	case JOB_QUEUED:
		if (!is_stopped)
			return -1;
		snprintf(buf, size, "job %lld is queued and nothing is built now: %s", id, s->text);
		return 75;
	case JOB_RUNNING:
		if (!is_stopped)
			return -1;
		snprintf(buf, size, "job %lld stands still, and its timeouts do not count: %s", id,
			 s->text);
		return 75;
	}
	return -1;
}
