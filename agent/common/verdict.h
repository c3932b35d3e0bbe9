/*
 * verdict: the result of one attempt, written by hornero-build to log_dir/JOB.ATTEMPT.verdict, one
 * key=value per line, for grep as well as for hornerod.
 *
 * hornerod publishes from this file, never from a database row: only hornerod's user can write
 * log_dir. It is replaced by rename, so it is complete or absent.
 */
#ifndef HORNERO_AGENT_COMMON_VERDICT_H
#define HORNERO_AGENT_COMMON_VERDICT_H

#include "lib/err.h"
#include "lib/sha.h"
#include "lib/uuid.h"
#include "store/provenance.h"
#include "state/cause.h"

#include <stdbool.h>
#include <stdint.h>

struct verdict {
	struct provenance made;
	enum err_class class;  /* ERR_NONE if built */
	char cause[16];        /* the word, maybe another version's: verdict_cause() */
	char reason[ERR_MSG_MAX]; /* one sentence, escaped */
	/* repository, ref and subdirectory: contentkey.h; "" if nothing was looked up */
	char binding[SHA256_HEX + 1];
	/* how the build of these bytes began, in the words of store/answer.h; "" if unknown */
	char built[16];
	char shared_from[256]; /* node and URL, if another node built these bytes; else "" */
	char confirms[SHA256_HEX + 1]; /* of a confirmation: the artifact that was warm; else "" */
	int64_t confirms_job;  /* the job that built it */
	bool reused;           /* the store had it: no build ran */
	int64_t size_bytes;
	int64_t checkout_ms, build_ms, check_ms, boot_ms, store_ms;
	int64_t cpu_ms, mem_peak_bytes; /* added by hornerod, from the cgroup */
};

int verdict_write(const char *log_dir, const struct verdict *v, struct err *e);
/* The supervisor's: hornerod writes it again, durably, before the row that relies on it; after a
 * power failure in between the attempt is repeated anyway. */
int verdict_write_unsynced(const char *log_dir, const struct verdict *v, struct err *e);

/* Returns 1 if read, 0 if there is none, -1 if it is unusable (ERR_US). */
int verdict_read(const char *log_dir, int64_t job, int64_t attempt, struct verdict *out,
		 struct err *e);

static inline enum cause verdict_cause(const struct verdict *v)
{
	return cause_parse(v->cause);
}

/* Fills class, cause and reason (escaped). Returns -1, like err_set. */
int verdict_say(struct verdict *v, enum err_class class, enum cause cause, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The same with ": strerror(errno)" appended, and the class of err_class_sys(). */
int verdict_sys(struct verdict *v, enum err_class class, enum cause cause, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* verdict_say with the class from the table of causes. */
#define verdict_end(v, cause, ...) verdict_say(v, cause_entry(cause)->who, cause, __VA_ARGS__)

#endif
