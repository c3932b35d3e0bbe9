/*
 * verdict: what one attempt came to, as hornero-build left it: log_dir/JOB.ATTEMPT.verdict,
 * a key=value line each, for grep as much as for the agent.
 *
 * The agent publishes from this file, never from a database row: only the agent's user can
 * write log_dir. Written aside and renamed; it is there whole or not at all.
 */
#ifndef HORNERO_AGENT_COMMON_VERDICT_H
#define HORNERO_AGENT_COMMON_VERDICT_H

#include "lib/err.h"
#include "lib/sha.h"
#include "lib/uuid.h"
#include "state/cause.h"

#include <stdbool.h>
#include <stdint.h>

struct verdict {
	char image[UUID_LEN + 1];
	int64_t job, attempt;
	enum err_class class;  /* ERR_NONE: built */
	char cause[16];        /* the word, also one of another version: verdict_cause() */
	char reason[ERR_MSG_MAX]; /* one sentence, escaped */
	char commit[65], tree[65], builder[33];
	char key[SHA256_HEX + 1], inputs[SHA256_HEX + 1], digest[SHA256_HEX + 1];
	char pinned[UUID_LEN + 1]; /* the release that the image is pinned to, "": none */
	char repo[256];        /* that it was built from */
	char binding[SHA256_HEX + 1]; /* the same with ref and subdirectory: key.h; "" where nothing was looked up */
	char built[16];        /* how the build of these bytes began, in the words of store/answer.h; "": unknown */
	char confirms[SHA256_HEX + 1]; /* of a confirmation: the artifact that was warm; "" for all other attempts */
	int64_t confirms_job;  /* that built it */
	bool reused;           /* the store had it: nothing was built */
	int64_t size_bytes;
	int64_t checkout_ms, build_ms, check_ms, boot_ms, store_ms;
	int64_t cpu_ms, mem_peak_bytes; /* the agent's additions, from the cgroup */
};

int verdict_write(const char *log_dir, const struct verdict *v, struct err *e);

/* 1 read, 0 there is none, -1 it cannot be used (ERR_US). */
int verdict_read(const char *log_dir, int64_t job, int64_t attempt, struct verdict *out, struct err *e);

static inline enum cause verdict_cause(const struct verdict *v)
{
	return cause_parse(v->cause);
}

/* Fill class, cause and reason (escaped); returns -1 as err_set does. */
int verdict_say(struct verdict *v, enum err_class class, enum cause cause, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The same where the table of causes names the class. */
#define verdict_end(v, cause, ...) verdict_say(v, cause_entry(cause)->who, cause, __VA_ARGS__)

#endif
