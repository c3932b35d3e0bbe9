/* expected: turns the forecast of db/forecast.c into words. Pure. DIAGNOSTICS: none. */
#include "cli/expected.h"

#include "cli/table.h"
#include "conf/keyring.h"

#include <stdio.h>

static int64_t progress_of(const struct job *j, int64_t now_ms)
{
	int64_t percent = (now_ms - j->started_ms) * 100 / j->likely_ms;

	return percent < 1 ? 1 : percent > 99 ? 99 : percent;
}

/* A position counts jobs that the key may not see. */
static bool sees_all(const struct cli *cli)
{
	return !cli->key || key_may(cli->key, KEY_ADMIN, NULL);
}

void expected_of(const struct cli *cli, const struct job *j, bool is_built, struct expected *out)
{
	*out = (struct expected){
		.position = j->state == JOB_QUEUED && sees_all(cli) ? j->position : 0};
	if (!is_built || (j->state != JOB_QUEUED && j->state != JOB_RUNNING))
		return;
	if (j->state == JOB_QUEUED) {
		out->begins_ms = j->begins_ms;
		out->ends_ms = j->ends_ms;
	} else if (j->likely_ms > 0) {
		out->ends_ms = j->started_ms + j->likely_ms;
		out->progress = progress_of(j, cli->now_ms);
	}
}

/* "in 20 s", or "now" for what should have happened. */
static const char *until(int64_t then_ms, int64_t now_ms, char buf[WORDS_MAX])
{
	if (then_ms <= now_ms)
		snprintf(buf, WORDS_MAX, "now");
	else
		age_words(buf, now_ms - then_ms);
	return buf;
}

const char *expected_words(const struct expected *x, int64_t now_ms, char buf[EXPECTED_WORDS])
{
	char words[WORDS_MAX], nth[32] = "";

	*buf = '\0';
	if (x->position)
		snprintf(nth, sizeof(nth), "#%lld", (long long)x->position);
	if (x->begins_ms)
		snprintf(buf, EXPECTED_WORDS, "%s%sstarts %s", nth, x->position ? ", " : "",
			 until(x->begins_ms, now_ms, words));
	else if (x->position)
		snprintf(buf, EXPECTED_WORDS, "%s", nth);
	else if (x->progress && x->ends_ms <= now_ms)
		snprintf(buf, EXPECTED_WORDS, "longer than usual");
	else if (x->progress)
		snprintf(buf, EXPECTED_WORDS, "%lld %%, ends %s", (long long)x->progress,
			 until(x->ends_ms, now_ms, words));
	return buf;
}

const char *expected_sentence(const struct expected *x, int64_t now_ms,
			      char buf[2 * EXPECTED_WORDS])
{
	char begin[WORDS_MAX], end[WORDS_MAX], nth[64] = "";

	*buf = '\0';
	if (x->position)
		snprintf(nth, sizeof(nth), "Its position in the queue is %lld",
			 (long long)x->position);
	if (x->begins_ms && x->ends_ms)
		snprintf(buf, 2 * EXPECTED_WORDS,
			 "%s%s is expected to start %s and to end %s, as the last builds took.",
			 nth, x->position ? "; it" : "It", until(x->begins_ms, now_ms, begin),
			 until(x->ends_ms, now_ms, end));
	else if (x->progress)
		snprintf(buf, 2 * EXPECTED_WORDS,
			 x->ends_ms > now_ms
				 ? "%lld %% of its usual time are over; it is expected to end %s."
				 : "It takes longer than the last builds of its image.",
			 (long long)x->progress, until(x->ends_ms, now_ms, end));
	else if (x->begins_ms)
		snprintf(buf, 2 * EXPECTED_WORDS, "%s%s is expected to start %s.", nth,
			 x->position ? "; it" : "It", until(x->begins_ms, now_ms, begin));
	else if (x->position)
		snprintf(buf, 2 * EXPECTED_WORDS, "%s.", nth);
	return buf;
}
