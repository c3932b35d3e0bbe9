/* why: the facts about one image or job, and the reason that they amount to. */
#ifndef HORNERO_CLI_WHY_H
#define HORNERO_CLI_WHY_H

#include "cli/limited.h"
#include "cli/reasons.h"
#include "conf/conf.h"
#include "conf/image.h"
#include "db/job.h"
#include "state/standstill.h"
#include "store/kept.h"
#include "store/placed.h"

struct facts {
	int64_t now_ms, workers;
	enum conf_workers_by workers_by;
	const struct steady *clock; /* NULL: never changed */
	bool agent_runs;
	long stopped_agent;      /* the process of hornerod if it makes no progress, or 0 */
	const char *agent_state; /* of that process, in words */
	struct standstill standstill; /* what stops the job now */
	bool is_image_paused;         /* it, and what else of its image is built */
	const char *queue_dir;
	bool skipped; /* that commit was pushed with -o skip */
	bool queue_missing;
	const char *queue_problem; /* why the queue cannot be read, or NULL */
	bool partly; /* looked at with a key: what it does not see is not counted */

	/* the image; img NULL: asked about a job, or not registered */
	const char *uuid;
	const struct image *img;
	const char *repo_path;
	bool repo_there;
	const char *repo_problem; /* why its ref cannot be read, or NULL */
	const char *other_ref;    /* one that has commits while its own has none, or NULL */
	const char *commit; /* of its ref now, "" for none */
	const char *pinned;    /* its pin that is in effect at that commit, or NULL */
	enum warm_state warm_state;
	const struct warm *warm;
	struct kept kept;      /* where warm_state is not WARM_NONE */
	/* Of the current release, or WARM_NONE if the image wants none. */
	enum warm_state release_state;
	struct warm release;           /* unless WARM_NONE */
	int64_t age_s, grace_s;
	const char *cache_dir;

	/* the job, or NULL */
	const struct job *job;
	bool can_flatten;     /* in_use of its image is not flatten yet */
	bool can_release;     /* nor release-only */
	int64_t ahead;        /* claimable jobs queued before it */
	int64_t running;      /* jobs that run */
	int64_t same_running; /* the one of its image that runs, or 0 */
	char limited[LIMITED_WORDS]; /* a limit that keeps it back, or "" */
	bool is_starved;      /* it runs, and others keep the processors busy */
	double percent;       /* of one processor, that it gets then */
};

enum { WHY_MAX = 3 * ERR_MSG_MAX, WHY_COMMAND = 512, WHY_COMMANDS = 2 };

struct reason {
	enum reason_kind kind;
	char text[WHY_MAX]; /* one sentence: the cause, and the command that changes it */
	char commands[WHY_COMMANDS][WHY_COMMAND]; /* the same alone; "": none */
};

/* Pure. Callers must escape text from outside. */
void why_image(const struct facts *f, struct reason *r);
void why_job(const struct facts *f, struct reason *r);

/* The same about the node: n images wait for one reason that is_of_node. */
void why_node(const struct facts *f, enum reason_kind kind, size_t n, struct reason *r);

#endif
