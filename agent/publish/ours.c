/* ours: DIAGNOSTICS: ERR_OPERATOR if the cache or the store is unreadable, ERR_NOBODY if
 * peer_stop() ended it. In doubt the answer is OURS_FOREIGN. */
#include "agent/publish/ours.h"

#include "agent/publish/standing.h"
#include "state/replace.h"
#include "lib/digest.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/changed.h"
#include "store/inventory.h"
#include "store/label.h"
#include "store/placed.h"

#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <time.h>

struct look {
	struct ours *o;
	const struct manifest *m;
	const struct stat *st;
	int fd; /* of the file, or -1 if it is not regular or not readable */
};

static int64_t mtime_ns(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* An error that says nothing about the file: a file of ours must not pass for a foreign one. */
static bool says_nothing(int number)
{
	return number == EIO || err_class_sys(ERR_OPERATOR, number) == ERR_NOBODY;
}

/* Without a birth time, the inode number may belong to another file by now. */
static bool is_of_record(const struct ours *o, const struct warm *w)
{
	return !w->refused && w->ino == o->ino && w->size_bytes == o->size_bytes &&
	       o->born_ns != 0 && w->born_ns == o->born_ns;
}

static int match_release(void *arg, struct warm *w, struct err *e)
{
	(void)e;
	return is_of_record(arg, w);
}

/* The record says that the file has the artifact's bytes. Compares them: they may have changed. */
static int compare(const struct look *l, const struct warm *w, struct err *e)
{
	struct ours *o = l->o;
	int same;

	o->how = OURS_CHANGED;
	if (l->fd < 0 || changed_stands(o->conf->store_dir, w))
		return 0;
	same = standing_compare(o->req->artifact, l->fd, l->m->size_bytes, peer_stop, o->peer, e);
	if (same < 0)
		return -1;
	o->how = same ? OURS_SAME : OURS_CHANGED;
	return 0;
}

/* Returns 1 if a record of the image matches the file, 0 if not, -1 on error. */
static int look_recorded(const struct look *l, struct err *e)
{
	struct ours *o = l->o;
	struct warm w;
	int known = warm_load(o->conf->store_dir, o->req->image, &w, e);

	if (known < 0)
		return -1;
	if (known && strcmp(w.name, o->name) == 0 && is_of_record(o, &w)) {
		o->how = OURS_KNOWN;
		if (strcmp(w.made.digest, l->m->made.digest) == 0 &&
		    w.size_bytes == l->m->size_bytes && compare(l, &w, e) < 0)
			return -1;
		return 1;
	}
	known = placed_each(o->conf->store_dir, o->req->image, match_release, o, e);
	if (known > 0)
		o->how = OURS_KNOWN;
	return known;
}

/* Returns 1 if the store or a record has the digest for an artifact of this image, 0 if not, -1 on
 * error. */
static int is_of_image(const struct ours *o, const char *digest, struct err *e)
{
	struct manifest m;
	struct warm w;
	char earlier[SHA256_HEX + 1];
	int known;

	if (strcmp(digest, o->req->digest) == 0)
		return 1;
	if (store_manifest(o->conf->store_dir, digest, &m, e) == 0 &&
	    strcmp(m.made.image, o->req->image) == 0)
		return 1;
	known = warm_load(o->conf->store_dir, o->req->image, &w, e);
	if (known <= 0)
		return known;
	if (strcmp(w.made.digest, digest) == 0)
		return 1;
	for (int i = 0; warm_earlier(&w, i, earlier); i++)
		if (strcmp(earlier, digest) == 0)
			return 1;
	return 0;
}

/* Could the file be an artifact, by its length? If no artifact is as long, we need not read it. */
static bool has_known_size(const struct look *l)
{
	own_free char *path = fs_path("%s/artifact", l->o->conf->store_dir);
	own_dir DIR *d = opendir(path);
	struct dirent *entry;
	struct warm w;
	struct err ignored = ERR_INIT;

	if (l->st->st_size == l->m->size_bytes || (!d && errno != ENOENT))
		return true;
	if (warm_load(l->o->conf->store_dir, l->o->req->image, &w, &ignored) == 1 &&
	    w.size_bytes == l->st->st_size)
		return true;
	while (d && (entry = readdir(d))) {
		char digest[SHA256_HEX + 1];
		struct stat st;

		if (inventory_digest_of(entry->d_name, ".raw", digest) &&
		    fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_size == l->st->st_size)
			return true;
	}
	return false;
}

static int pace(void *arg, int64_t bytes, struct err *e)
{
	(void)bytes;
	return peer_stop(arg, e);
}

/* Returns 1 if the file has the bytes of an artifact of this image, 0 if not, -1 on error. */
static int look_at_bytes(const struct look *l, struct err *e)
{
	own_fd int fd = -1;
	char digest[SHA256_HEX + 1];
	struct stat st;

	if (l->fd < 0 || !has_known_size(l))
		return 0;
	fd = digest_open(l->o->cache, l->o->name, e);
	if (fd < 0 && says_nothing(e->sys))
		return -1;
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_ino != l->st->st_ino)
		return 0; /* another file by now: ours_still() notices it under the lock */
	if (digest_fd(fd, pace, l->o->peer, digest, e) < 0)
		return -1;
	return is_of_image(l->o, digest, e);
}

static void say_foreign(const struct look *l)
{
	struct ours *o = l->o;
	const struct passwd *pw = getpwuid(l->st->st_uid);
	char owner[64], when[32] = "";
	struct tm tm;

	if (pw)
		snprintf(owner, sizeof(owner), "%.60s", pw->pw_name);
	else
		snprintf(owner, sizeof(owner), "uid %u", (unsigned)l->st->st_uid);
	if (gmtime_r(&l->st->st_mtim.tv_sec, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M UTC", &tm);
	snprintf(o->why, sizeof(o->why),
		 "%.160s/%s is not hornero's: %s%jd bytes, owner %s, last changed %s; hornero does "
		 "not replace it unless told to. If it may go, run `hornero image add --replace %s "
		 "REPO` on this node, else `hornero image remove %s`",
		 o->conf->cache_dir, o->name, S_ISREG(l->st->st_mode) ? "" : "not a regular file, ",
		 (intmax_t)l->st->st_size, owner, when, o->req->image, o->req->image);
}

static int judge(const struct look *l, struct err *e)
{
	struct ours *o = l->o;
	int rc = S_ISREG(l->st->st_mode) ? look_recorded(l, e) : 0;

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	o->how = OURS_KNOWN;
	if (l->fd >= 0 && label_is(l->fd, o->req->image))
		return 0;
	o->how = OURS_PERMITTED;
	if (replace_permits(o->conf->images_dir, o->req->image, l->st, o->born_ns))
		return 0;
	rc = look_at_bytes(l, e);
	o->how = rc == 1 ? OURS_KNOWN : OURS_FOREIGN;
	if (rc == 0)
		say_foreign(l);
	return rc < 0 ? -1 : 0;
}

int ours_look(struct ours *o, const struct manifest *m, struct err *e)
{
	own_fd int fd = openat(o->cache, o->name,
			       O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 && says_nothing(errno))
		return err_sys(e, ERR_OPERATOR, "cannot open %s/%s", o->conf->cache_dir, o->name);
	if (fd < 0 && fstatat(o->cache, o->name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		o->how = OURS_ABSENT;
		return errno == ENOENT ? 0
				       : err_sys(e, ERR_OPERATOR, "cannot look at %s/%s",
						 o->conf->cache_dir, o->name);
	}
	if (fd >= 0 && fstat(fd, &st) < 0)
		return err_sys(e, ERR_US, "cannot look at %s/%s", o->conf->cache_dir, o->name);
	o->ino = st.st_ino;
	o->size_bytes = st.st_size;
	o->mtime_ns = mtime_ns(&st);
	o->born_ns = fs_born_ns(o->cache, o->name);
	return judge(&(struct look){.o = o,
				    .m = m,
				    .st = &st,
				    .fd = fd >= 0 && S_ISREG(st.st_mode) ? fd : -1},
		     e);
}

bool ours_still(const struct ours *o)
{
	struct stat st;

	if (o->how == OURS_ABSENT)
		return fstatat(o->cache, o->name, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
	if (!fs_is_still(o->cache, o->name, o->ino, o->size_bytes, o->born_ns))
		return false;
	/* The operator's permission is for exactly one mtime. Nova may have touched a file of
	 * ours. */
	return o->how != OURS_PERMITTED ||
	       (fstatat(o->cache, o->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		mtime_ns(&st) == o->mtime_ns);
}
