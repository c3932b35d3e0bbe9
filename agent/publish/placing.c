/* placing: DIAGNOSTICS: ERR_OPERATOR if the cache is unusable, ERR_NOBODY if the fence names
 * another attempt, the name was taken meanwhile, or peer_stop() ended it. */
#include "agent/publish/placing.h"

#include "agent/publish/dependents.h"
#include "agent/publish/novalock.h"
#include "agent/publish/standing.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "store/changed.h"
#include "store/placed.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

/* Without a birth time, the inode number may belong to another file by now. */
static bool is_recorded(const struct placing *p, const struct warm *w)
{
	return w->born_ns != 0 &&
	       fs_is_still(p->cache, w->name, w->ino, w->size_bytes, w->born_ns);
}

/* If the image's own name has the same bytes, we link them instead of copying. */
static int find_source(struct placing *p, struct err *e)
{
	struct warm w;
	int known = warm_load(p->conf->store_dir, p->req->image, &w, e);

	if (known < 0)
		return -1;
	if (known && strcmp(w.made.digest, p->req->digest) == 0 && is_recorded(p, &w) &&
	    w.ino != p->changed_ino)
		memcpy(p->source, w.name, sizeof(p->source));
	return 0;
}

static void refuse(struct placing *p, const char *what)
{
	snprintf(p->refused, sizeof(p->refused),
		 "%s/%s, which is the name of release %s, %s; it is never replaced: remove "
		 "it when no instance needs it",
		 p->conf->cache_dir, p->name, p->release, what);
}

enum found { FOUND_OTHER, FOUND_SAME, FOUND_CHANGED };

/* Is fd, the file under the name, the artifact? The record or a comparison tells. Returns an enum
 * found, or -1 on error. */
static int compare(const struct placing *p, int fd, const struct stat *st, const struct manifest *m,
		   struct err *e)
{
	bool is_ours;
	struct warm w;
	int known, same;

	if (!S_ISREG(st->st_mode) || st->st_size != m->size_bytes)
		return FOUND_OTHER;
	known = placed_load(p->conf->store_dir, p->req->image, p->req->digest, &w, e);
	if (known < 0)
		return -1;
	is_ours = known && is_recorded(p, &w) && !w.refused;
	if (is_ours && (st->st_ino == p->changed_ino || changed_stands(p->conf->store_dir, &w)))
		return FOUND_CHANGED;
	if (known && is_recorded(p, &w) && (w.refused || !p->doubt))
		return w.refused ? FOUND_OTHER : FOUND_SAME;
	same = standing_compare(p->req->artifact, fd, m->size_bytes, peer_stop, p->peer, e);
	if (same < 0)
		return -1;
	return same ? FOUND_SAME : is_ours ? FOUND_CHANGED : FOUND_OTHER;
}

/* Returns 1 if instances use the release's file, with their names in d, 0 if not, -1 on error. */
static int is_in_use(const struct placing *p, struct dependents *d, struct err *e)
{
	own_unchanged struct unchanged seen = UNCHANGED_INIT;

	if (dependents_scan(p->conf->instances_path, p->conf->cache_subdir, p->name, &seen, d, e) <
	    0)
		return -1;
	return d->count > 0;
}

static int judge_changed(struct placing *p, struct err *e)
{
	struct dependents d;
	int used = is_in_use(p, &d, e);

	if (used < 0)
		return -1;
	p->replaces = used == 0;
	if (used == 1)
		refuse(p, "was published by hornero and changed since, and an instance "
			  "stands on it");
	log_warn("event=cache-changed job=%lld image=%s name=%s digest=%.12s",
		 (long long)p->req->fence.job, p->req->image, p->name, p->req->digest);
	peer_say(p->peer, "changed", "%s", p->name);
	return used == 1 ? 0 : find_source(p, e);
}

static int judge(struct placing *p, int fd, const struct manifest *m, struct err *e)
{
	struct stat st;
	int found;

	if (fstat(fd, &st) < 0)
		return err_sys(e, ERR_US, "cannot look at %s", p->name);
	found = compare(p, fd, &st, m, e);
	switch (found) {
	case FOUND_SAME:
		break;
	case FOUND_CHANGED:
		return judge_changed(p, e);
	case FOUND_OTHER:
		refuse(p, "has other bytes");
		return 0;
	default:
		return -1;
	}
	p->is_there = true;
	p->ino = st.st_ino;
	p->size_bytes = st.st_size;
	memcpy(p->source, p->name, sizeof(p->source));
	return 0;
}

int placing_find(struct placing *p, const struct manifest *m, struct err *e)
{
	own_fd int fd = -1;

	if (nova_release(p->req->image, p->req->digest, p->release, e) < 0 ||
	    nova_cache_name(p->release, p->name, e) < 0)
		return -1;
	fd = openat(p->cache, p->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0)
		return judge(p, fd, m, e);
	if (errno == ENOENT)
		return find_source(p, e);
	if (errno != ELOOP)
		return err_sys(e, ERR_OPERATOR, "cannot open %s/%s", p->conf->cache_dir, p->name);
	refuse(p, "is a symbolic link");
	return 0;
}

/* Replaces a changed file of ours by the right bytes, unless an instance uses it by now. */
static int replace_changed(const struct placing *p, const struct staging *staging, struct err *e)
{
	struct dependents d;
	int used = is_in_use(p, &d, e);

	if (used == 1)
		return err_set(e, ERR_NOBODY, "%s/%s was changed, and %s", p->conf->cache_dir,
			       p->name, d.text);
	return used < 0 ? -1 : staging_link_over(staging, p->name, e);
}

static int link_under_lock(struct placing *p, const struct staging *staging, struct err *e)
{
	struct stat st;

	failpoint("release-locked");
	if (fence_check(p->conf, p->req->image, &p->req->fence, e) < 0)
		return -1;
	/* Nova's ageing counts from mtime. */
	if (futimens(staging->fd, NULL) < 0 || fstat(staging->fd, &st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot set the time of %s", staging->name);
	if ((p->replaces ? replace_changed(p, staging, e)
			 : staging_link(staging, p->name, e)) < 0) {
		if (e->sys == EEXIST)
			e->class = ERR_NOBODY; /* the next attempt examines it */
		return -1;
	}
	failpoint("release-linked");
	if (FAILSTEP("release-sync", fsync(p->cache)) < 0)
		return err_sys(e, ERR_NOBODY, "cannot make %s durable", p->conf->cache_dir);
	p->is_there = true;
	p->ino = st.st_ino;
	p->size_bytes = st.st_size;
	return 0;
}

bool placing_is_due(const struct placing *p)
{
	return !p->is_there && p->refused[0] == '\0';
}

int placing_take(const struct placing *p, struct staging *staging, struct err *e)
{
	if (staging_take(staging, p->cache, p->req, p->source, e) < 0)
		return -1;
	if (FAILSTEP("placing-sync", fsync(staging->fd)) < 0)
		return err_sys(e, ERR_NOBODY, "cannot make %s durable", p->source);
	failpoint("publish-taken");
	return 0;
}

int placing_link(struct placing *p, const struct staging *staging, const char *way, struct err *e)
{
	own_fd int lock = novalock_take(p->conf->instances_path, p->name, p->peer, e);

	if (lock < 0 || link_under_lock(p, staging, e) < 0)
		return -1;
	log_info("event=released job=%lld attempt=%lld image=%s release=%s name=%s digest=%.12s "
		 "way=%s",
		 (long long)p->req->fence.job, (long long)p->req->fence.attempt, p->req->image,
		 p->release, p->name, p->req->digest, way);
	return 0;
}

void placing_say(const struct placing *p)
{
	if (p->refused[0] != '\0')
		peer_say(p->peer, "unreleased", "%s %s", p->name, p->refused);
	else
		peer_say(p->peer, "released", "%s %" PRIu64 " %" PRId64, p->name, p->ino,
			 p->size_bytes);
}
