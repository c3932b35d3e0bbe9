/* relics: DIAGNOSTICS: none. A file that cannot be examined or removed stays, and git reports what
 * it blocks. */
#include "state/relics.h"

#include "state/holders.h"
#include "state/underway.h"
#include "lib/err.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { DEPTH_MAX = 64, FLOCK_MS = 2000 };

#define QUARANTINE "objects/tmp_objdir-"

struct walk {
	int repo;
	relics_fn *fn;
	void *arg;
};

/* git creates packed-refs.new with O_EXCL, too, while it holds packed-refs.lock. */
static bool is_lock(const char *name)
{
	size_t len = strlen(name);

	return (len > 5 && strcmp(name + len - 5, ".lock") == 0) ||
	       strcmp(name, "packed-refs.new") == 0;
}

static void look_at_lock(struct walk *w, const char *path)
{
	struct relic r = {.path = path};
	struct holder holder;
	struct stat st;

	if (fstatat(w->repo, path, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return;
	r.left_s = st.st_mtime;
	r.is_dead = !holders_of_lock(w->repo, &st, &holder);
	r.holder = holder.pid;
	r.is_stopped = holder.is_stopped;
	w->fn(w->arg, &r);
}

static bool is_own_quarantine(const char *name)
{
	const char *own = getenv("GIT_QUARANTINE_PATH");
	const char *slash = own ? strrchr(own, '/') : NULL;

	return own && strcmp(slash ? slash + 1 : own, name) == 0;
}

static void look_at_quarantine(struct walk *w, const char *path)
{
	struct relic r = {.path = path, .is_quarantine = true};
	struct holder holder;
	struct stat st;

	if (is_own_quarantine(path + strlen("objects/")) ||
	    fstatat(w->repo, path, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		return;
	r.left_s = st.st_mtime;
	r.is_dead = !holders_of_quarantine(w->repo, &st, &holder);
	r.holder = holder.pid;
	r.is_stopped = holder.is_stopped;
	w->fn(w->arg, &r);
}

/* Visits the entries of one directory, and its subdirectories down to depth. */
static void walk_dir(struct walk *w, const char *dir, int depth)
{
	int fd = fs_open_beneath(w->repo, dir, O_RDONLY | O_DIRECTORY, 0);
	own_dir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!d && fd >= 0)
		close(fd);
	while (d && (entry = readdir(d))) {
		own_free char *path = NULL;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		path = strcmp(dir, ".") == 0 ? fs_path("%s", entry->d_name)
					     : fs_path("%s/%s", dir, entry->d_name);
		if (entry->d_type == DT_DIR && depth > 0)
			walk_dir(w, path, depth - 1);
		else if (entry->d_type == DT_DIR &&
			 strncmp(path, QUARANTINE, strlen(QUARANTINE)) == 0)
			look_at_quarantine(w, path);
		else if (entry->d_type != DT_DIR && is_lock(entry->d_name))
			look_at_lock(w, path);
	}
}

/* A lock below refs/heads/a keeps that directory, and so prevents a ref refs/heads/a. */
static void look_at_ref(struct walk *w, const char *ref)
{
	own_free char *lock = fs_path("%s.lock", ref);
	struct stat st;

	look_at_lock(w, lock);
	if (fstatat(w->repo, ref, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
		walk_dir(w, ref, DEPTH_MAX);
}

void relics_each(int repo, const char *const *refs, size_t n, relics_fn *fn, void *arg)
{
	static const char *const all[] = {"objects/info", "objects/info/commit-graphs",
					  "objects/pack"};
	struct walk w = {.repo = repo, .fn = fn, .arg = arg};

	walk_dir(&w, ".", 0);
	walk_dir(&w, "objects", 0);
	for (size_t i = 0; refs && i < n; i++)
		look_at_ref(&w, refs[i]);
	if (refs)
		return;
	walk_dir(&w, "refs", DEPTH_MAX);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		walk_dir(&w, all[i], 0);
}

static void count_dead(void *arg, const struct relic *r)
{
	size_t *n = arg;

	*n += r->is_dead;
}

struct removal {
	int repo;
	size_t n;
};

static void remove_one(void *arg, const struct relic *r)
{
	struct removal *m = arg;
	struct err e = ERR_INIT;

	if (!r->is_dead)
		return;
	if (r->is_quarantine ? fs_remove_tree(m->repo, r->path, &e) < 0
			     : FAILSTEP("relic-unlink", unlinkat(m->repo, r->path, 0)) < 0) {
		log_warn("event=not-removed file=%s left by a process that died: %s", r->path,
			 r->is_quarantine ? e.msg : strerror(errno));
		return;
	}
	failpoint("relic-removed");
	m->n++;
	log_info("event=removed file=%s left by a process that died", r->path);
}

size_t relics_remove(int repo, const char *const *refs, size_t n)
{
	own_fd int dir = openat(repo, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct removal m = {.repo = dir};
	struct err ignored = ERR_INIT;
	size_t dead = 0;

	if (dir < 0)
		return 0;
	relics_each(dir, refs, n, count_dead, &dead);
	/* Judge again under the flock: meanwhile another process may have removed the file, and git
	 * may have created a new lock. */
	if (dead > 0 && faccessat(dir, ".", W_OK, AT_EACCESS) == 0 &&
	    fs_flock(dir, FLOCK_MS, &ignored) == 1)
		relics_each(dir, refs, n, remove_one, &m);
	return m.n;
}

static void count_dead_mark(void *arg, const struct underway *u)
{
	size_t *n = arg;

	*n += u->life == PROC_DEAD;
}

/* Removes the marks last: where not all processes are visible, only the marks show that a dead push
 * left the locks. */
size_t relics_bury(int repo)
{
	size_t dead = 0;

	underway_each(repo, count_dead_mark, &dead);
	if (dead == 0)
		return 0;
	relics_remove(repo, NULL, 0);
	return underway_bury(repo);
}

const char *relic_words(const struct relic *r, char buf[RELIC_WORDS])
{
	char when[32] = "", who[64];
	struct tm tm;
	time_t at = (time_t)r->left_s;

	if (localtime_r(&at, &tm))
		strftime(when, sizeof(when), "%F %H:%M", &tm);
	if (r->holder)
		snprintf(who, sizeof(who), "process %d%s", (int)r->holder,
			 r->is_stopped ? ", which is stopped," : "");
	else
		snprintf(who, sizeof(who), "a process that cannot be seen from here");
	if (r->is_dead)
		snprintf(buf, RELIC_WORDS, "%s was left at %s by a process that died", r->path,
			 when);
	else
		snprintf(buf, RELIC_WORDS, "%s was last changed at %s, and %s may still need it",
			 r->path, when, who);
	return buf;
}
