/* why: the facts about one image and job, and the sentence they amount to. */
#ifndef HORNERO_CLI_WHY_H
#define HORNERO_CLI_WHY_H

#include "cli/limited.h"
#include "conf/image.h"
#include "db/job.h"
#include "state/standstill.h"
#include "store/kept.h"
#include "store/placed.h"

struct facts {
	int64_t now_ms, workers;
	const struct steady *clock; /* NULL: never changed */
	bool agent_runs;
	struct standstill standstill;    /* what stops the job now */
	bool is_image_paused;            /* it, and what else of its image is built */
	const char *queue_dir;
	bool skipped; /* that commit was pushed with -o skip */
	bool queue_missing;
	bool partly; /* looked at with a key: what it does not see is not counted */

	/* the image; img NULL: asked about a job, or not registered */
	const char *uuid;
	const struct image *img;
	const char *repo_path;
	bool repo_there;
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
	int64_t ahead;        /* claimable jobs queued before it */
	int64_t running;      /* jobs that run */
	int64_t same_running; /* the one of its image that runs, or 0 */
	char limited[LIMITED_WORDS]; /* a limit that keeps it back, or "" */
	bool is_starved;      /* it runs, and others keep the processors busy */
	double percent;       /* of one processor, that it gets then */
};

enum { WHY_MAX = 3 * ERR_MSG_MAX };

/* Write one sentence to buf: the cause, and the command that changes it. Pure. Callers must escape
 * text from outside. */
void why_image(const struct facts *f, char buf[WHY_MAX]);
void why_job(const struct facts *f, char buf[WHY_MAX]);

#endif
