/*
 * reasons: the reasons for which an image or a job is (not) warm, one word each.
 *
 * Written and read by: hornero (`why`, `wait`, `log -f`), which shows the word in JSON.
 *
 * Code decides by the enum, never by the sentence (cli/reason.c). hornero(1) lists the table, and
 * t/7700-why-unit compares both, and looks for a test that makes each reason.
 */
#ifndef HORNERO_CLI_REASONS_H
#define HORNERO_CLI_REASONS_H

#include "state/waiting.h"

#include <stdbool.h>

enum reason_kind {
	/* of an image that is warm */
	REASON_WARM,
	REASON_PINNED,
	REASON_RELEASE_ONLY,
	REASON_REF_GONE,
	REASON_RELEASE_COLD,
	REASON_RELEASE_FOREIGN,
	/* of an image without an open job */
	REASON_UNREGISTERED,
	REASON_UNBOUND,
	REASON_IMAGE_FILE,
	REASON_NO_REPOSITORY,
	REASON_REPOSITORY,
	REASON_NOT_PUSHED,
	REASON_OTHER_REF,
	REASON_REF_DELETED,
	REASON_SKIPPED,
	REASON_NO_JOB,
	REASON_REF_MOVED,
	REASON_PIN_MOVED,
	REASON_AGED_OUT,
	REASON_REMOVED,
	REASON_COLLECTED,
	REASON_LET_GO,
	REASON_CHANGED,
	REASON_FOREIGN_FILE,
	/* of the node */
	REASON_CONFIGURATION,
	REASON_QUEUE,
	REASON_AGENT_OFF,
	REASON_AGENT_STOPPED,
	/* of an open job: words of state/waiting.c, then ours */
	REASON_LOCK,
	REASON_FLATTENING,
	REASON_RETRY,
	REASON_DISK,
	REASON_PRESSURE,
	REASON_INSTANCE,
	REASON_FOREIGN,
	REASON_PUBLISHER,
	REASON_DRAIN,
	REASON_PAUSE,
	REASON_UNKNOWN,
	REASON_PLANNED,
	REASON_BACK_OFF,
	REASON_SAME_IMAGE,
	REASON_IDLE,
	REASON_SLOT,
	REASON_QUOTA,
	REASON_MEMORY,
	REASON_LIMIT,
	REASON_STARTING,
	REASON_BUILDING,
	REASON_NO_PROCESSOR,
	REASON_PUBLISHING,
	/* of a job that ended, or that an operator must look at */
	REASON_HELD,
	REASON_FAILED,
	REASON_CANCELLED,
	REASON_SUPERSEDED,
	REASON_PUBLISHED,
	REASON_SAME_CONTENT,
	REASONS, /* their number */
};

struct reason_entry {
	const char *name;
	bool is_warm;    /* the image is warm as wanted */
	bool is_of_node; /* one cause for all images; `hornero why` says it once */
	const char *words; /* one sentence, in roff */
};

const struct reason_entry *reason_entry(enum reason_kind k);

static inline const char *reason_name(enum reason_kind k)
{
	return reason_entry(k)->name;
}

/* Returns the reason with the same word; REASON_PUBLISHING for WAITING_NOTHING. */
enum reason_kind reason_of_waiting(enum waiting w);

/* Whether it is about a job that is queued, runs or is to be published. */
bool reason_is_of_open_job(enum reason_kind k);

/* Whether the image is warm and nothing about it is left to be done. */
bool reason_is_well(enum reason_kind k);

#endif
