/* makeway: DIAGNOSTICS: see dependents.h, standing.h and flattening.h; ERR_NOBODY if the fence
 * names another attempt. */
#include "agent/publish/makeway.h"

#include "agent/publish/flattening.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int makeway_look(struct makeway *w, bool may_compare, struct dependents *d, struct err *e)
{
	w->out->deferred[0] = '\0';
	if (dependents_scan(w->conf->instances_path, w->conf->cache_subdir, w->out->name, w->seen,
			    d, e) < 0)
		return -1;
	if (d->count == 0)
		return 0;
	if (may_compare &&
	    standing_look(&w->standing, w->conf->store_dir, w->cache, w->req->image, w->out->name,
			  w->m, w->req->artifact, peer_stop, w->peer, e) < 0)
		return -1;
	if (standing_is_same(&w->standing, w->cache, w->out->name))
		return 0;
	if (faccessat(w->cache, w->out->name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		snprintf(w->out->deferred, sizeof(w->out->deferred),
			 "%.300s, which are lost, and hornero has no record of them; if you have "
			 "them, copy them to %s again",
			 d->text, w->out->name);
	else
		memcpy(w->out->deferred, d->text, sizeof(w->out->deferred));
	return 1;
}

static int flatten(struct makeway *w, const char *disk, struct err *e)
{
	own_free char *base = fs_path("%s/%s", w->conf->cache_dir, w->out->name);
	char why[FLATTENING_WHY_MAX];
	int rc = fence_check(w->conf, w->req->image, &w->req->fence, e) < 0
			 ? -1
			 : flattening_run(w->conf, disk, base, w->peer, why, e);

	if (rc == 1)
		snprintf(w->out->deferred, sizeof(w->out->deferred),
			 "instance %.*s stands on the present bytes and is not "
			 "flattened: %.390s",
			 (int)strcspn(disk, "/"), disk, why);
	if (rc == 0)
		failpoint("publish-flattened");
	return rc;
}

int makeway_run(struct makeway *w, struct err *e)
{
	struct dependents d;
	int used = makeway_look(w, true, &d, e);

	while (used == 1 && w->may_flatten && !d.in_doubt && d.disk[0] != '\0') {
		used = flatten(w, d.disk, e);
		if (used != 0)
			return used;
		used = makeway_look(w, false, &d, e);
	}
	return used;
}
