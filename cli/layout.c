/* layout: DIAGNOSTICS: none. */
#include "cli/layout.h"

#include "lib/fs.h"
#include "state/mirror.h"

#include <stdlib.h>
#include <string.h>

void layout_init(struct layout *p, const struct conf *c)
{
	const uid_t us = c->hornero_uid;
	const gid_t queue = c->queue_gid;
	char *cancel = fs_path("%s/cancel", c->run_dir);
	char *access_dir = fs_path("%s/" MIRROR_ACCESS, c->mirror_dir);
	char *work_dir = fs_path("%s/" MIRROR_WORK, c->mirror_dir);
	char *metrics = fs_path("%s/metrics", c->state_dir);
	const struct layout_dir list[] = {
		{c->state_dir, 0755, us, NO_GID},
		{c->queue_dir, 02770, us, queue},
		{c->run_dir, 02770, us, queue},
		{cancel, 02770, us, queue},
		{c->log_dir, 02750, us, queue},
		{c->images_dir, 02775, us, queue},
		{c->skip_dir, 02775, us, queue},
		{c->pause_dir, 02775, us, queue},
		{c->fence_dir, 0755, us, NO_GID},
		{c->base_dir, 0755, us, NO_GID},
		{metrics, 0755, us, NO_GID},
		{c->repo_root, queue == NO_GID ? 0755 : 02750, c->git_uid, queue},
		{c->repo_base, 0755, us, NO_GID},
		{c->door_host_keys, 0700, c->git_uid, NO_GID},
		{c->mirror_dir, 02775, us, queue},
		{access_dir, 0700, c->git_uid, NO_GID},
		{work_dir, 0700, c->git_uid, NO_GID},
	};

	p->n = sizeof(list) / sizeof(list[0]);
	memcpy(p->list, list, sizeof(list));
	p->cancel = cancel;
	p->mirror_access = access_dir;
	p->mirror_work = work_dir;
	p->metrics = metrics;
}

void layout_fini(struct layout *p)
{
	free(p->cancel);
	free(p->mirror_access);
	free(p->mirror_work);
	free(p->metrics);
}

bool layout_is_right(const struct layout_dir *p, const struct stat *st)
{
	return (st->st_mode & 07777) == p->mode && (p->uid == NO_UID || st->st_uid == p->uid) &&
	       (p->gid == NO_GID || st->st_gid == p->gid);
}
