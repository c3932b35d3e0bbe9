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
		{c->state_dir, 0755, us, NO_GID, "hornero's own state"},
		{c->queue_dir, 02770, us, queue, "the queue of jobs"},
		{c->run_dir, 02770, us, queue, "sockets, locks and requests"},
		{cancel, 02770, us, queue, "requests to cancel jobs"},
		{c->log_dir, 02750, us, queue, "build logs and verdicts"},
		{c->images_dir, 02775, us, queue, "a file of settings for each image"},
		{c->skip_dir, 02775, us, queue, "commits pushed with -o skip"},
		{c->pause_dir, 02775, us, queue, "what is paused, and by whom"},
		{c->audit_dir, 02770, us, queue, "who did what: the audit log"},
		{c->fence_dir, 0755, us, NO_GID, "the attempt that may publish an image"},
		{c->base_dir, 0755, us, NO_GID, "base images that builders name"},
		{metrics, 0755, us, NO_GID, "figures for Prometheus"},
		{c->repo_root, queue == NO_GID ? 0755 : 02750, c->git_uid, queue,
		 "the repositories that users push to"},
		{c->repo_base, 0755, us, NO_GID, "checkouts, and caches of builds"},
		{c->door_host_keys, 0700, c->git_uid, NO_GID, "the SSH keys of this node"},
		{c->mirror_dir, 02775, us, queue, "upstreams that repositories follow"},
		{access_dir, 0700, c->git_uid, NO_GID, "their keys and passwords"},
		{work_dir, 0700, c->git_uid, NO_GID, "fetches under way"},
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

struct layout_dir layout_store(const struct conf *c)
{
	return (struct layout_dir){c->store_dir, 0755, c->hornero_uid, NO_GID,
				   "finished artifacts, by digest"};
}

bool layout_is_right(const struct layout_dir *p, const struct stat *st)
{
	return (st->st_mode & 07777) == p->mode && (p->uid == NO_UID || st->st_uid == p->uid) &&
	       (p->gid == NO_GID || st->st_gid == p->gid);
}
