/*
 * facts: collects the facts about an image or a job for cli/why.h.
 *
 *     own_look struct look l;
 *     look_begin(&l, cli);
 *     if (look_at_image(&l, db, uuid, e) < 0) …
 *     why_image(&l.f, &reason);
 *
 * A struct look is for one image or job. Its facts borrow from it, and from cli and db.
 */
#ifndef HORNERO_CLI_FACTS_H
#define HORNERO_CLI_FACTS_H

#include "cli/cli.h"
#include "cli/why.h"

struct look {
	const struct cli *cli;
	struct facts f;
	char uuid[UUID_LEN + 1];
	struct image img;
	struct job job;
	struct job queued; /* a copy of a queued one, which has its forecast */
	bool is_brief;     /* set it for many images: no forecast, which looks at all that wait */
	struct warm warm;
	char commit[CLI_COMMIT_MAX + 1];
	const char *seen; /* of a cli_ref_commit before: git is not asked while the ref has it */
	char *repo, *shown, *other_ref;
	struct err repo_problem;
};

/* Takes the facts about the node. The configuration must be loaded. */
void look_begin(struct look *l, const struct cli *cli);
void look_end(struct look *l);
#define own_look __attribute__((cleanup(look_end)))

/* The job is borrowed. Its image is looked at only for what keeps the job from being published. */
int look_at_job(struct look *l, struct db *db, const struct job *j, struct err *e);

/* db NULL: the queue cannot be read; queue says why. If there is none, its class is ERR_NOBODY and
 * its sys is 0 or ENOENT. A missing image is a fact, too. */
int look_at_image(struct look *l, struct db *db, const struct err *queue, const char *uuid,
		  struct err *e);

/* Writes why the job is not published, or that it is, as a clause (cli/sentence.h). standstill:
 * what stops it, as the caller has seen it. */
int clause_of_job(const struct cli *cli, struct db *db, const struct job *j,
		  const struct standstill *standstill, char buf[WHY_MAX], struct err *e);

#endif
