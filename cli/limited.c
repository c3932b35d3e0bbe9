/* limited: DIAGNOSTICS: as the database says; unreadable files of images and groups limit nothing
 * here. */
#include "cli/limited.h"

#include "conf/builder.h"
#include "conf/group.h"
#include "conf/image.h"
#include "store/warm.h"

#include <string.h>

enum { GROUP_NAME = 64 };

struct limited {
	const struct cli *cli;
	const struct job *job;
	const struct builders *builders;
	char group[GROUP_NAME];
	int64_t of_repo, of_group; /* builds that run */
};

/* As hornerod chooses it: of the image file's builder, else of the one that built it last. */
static void group_of(const struct limited *l, const char *uuid, char group[GROUP_NAME])
{
	own_image struct image img = {0};
	const char *name = "";
	struct warm w = {0};
	struct err ignored = ERR_INIT;

	if (cli_image(l->cli, uuid, &img, &ignored) == 0 && img.builder)
		name = img.builder;
	else if (warm_load(l->cli->conf->store_dir, uuid, &w, &ignored) == 1)
		name = w.made.builder;
	snprintf(group, GROUP_NAME, "%s", builder_group(l->builders, name));
}

static int count(void *arg, const struct job *j)
{
	struct limited *l = arg;
	char group[GROUP_NAME];

	if (job_is_confirm(j->origin))
		return 0;
	group_of(l, j->image, group);
	l->of_repo += strcmp(j->repo, l->job->repo) == 0;
	l->of_group += strcmp(group, l->group) == 0;
	return 0;
}

int limited_look(const struct cli *cli, struct db *db, const struct job *j,
		 char buf[LIMITED_WORDS], struct err *e)
{
	const struct conf *c = cli->conf;
	own_builders struct builders *builders = NULL;
	struct limited l = {.cli = cli, .job = j};
	struct err ignored = ERR_INIT;
	struct group g = {.workers = 0};

	*buf = '\0';
	if (job_is_confirm(j->origin) ||
	    builders_load(c->builders_dir, &builders, &ignored) < 0)
		return 0;
	l.builders = builders;
	group_of(&l, j->image, l.group);
	if (group_load(c->groups_dir, l.group, &g, &ignored) < 0)
		g.workers = 0;
	if (g.workers == 0 && c->workers_per_repo == 0)
		return 0;
	if (job_each(db, JOB_SCOPE_RUNNING, count, &l, e) < 0)
		return -1;
	if (c->workers_per_repo > 0 && l.of_repo >= c->workers_per_repo)
		snprintf(buf, LIMITED_WORDS,
			 "its repository %s has as many builds running as workers_per_repo in "
			 "hornero.yaml allows (%lld)", j->repo, (long long)c->workers_per_repo);
	else if (g.workers > 0 && l.of_group >= g.workers)
		snprintf(buf, LIMITED_WORDS,
			 "the group %s has as many builds running as workers in %s/%s.yaml allows "
			 "(%lld)", l.group, c->groups_dir, l.group, (long long)g.workers);
	return 0;
}
