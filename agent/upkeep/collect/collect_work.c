/* collect_work: removes checkouts, with builders' caches and fetched files. Those of images that
 * are not registered are junk. Of the others as many go as budget and floor demand, least recently
 * built first. A running build holds the lock of its directory, which we skip.
 * DIAGNOSTICS: as job_each(); ERR_OPERATOR if repo_base is unreadable. If a directory cannot be
 * removed, it is reported and stays. */
#include "agent/upkeep/collect/collect.h"

#include "agent/common/workdir.h"
#include "db/job.h"
#include "lib/bytes.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>

enum { DB_WAIT_MS = 10000 };

/* The directory repo_base/UUID of a registered image. */
struct checkout {
	char uuid[UUID_LEN + 1];
	int64_t used_ms; /* when a checkout last wrote there */
	bool waited_for; /* a job of the image waits to be built */
};

struct checkouts {
	int dir; /* repo_base */
	struct checkout *list;
	size_t n;
	int64_t bytes, files; /* still demanded */
	char why[FLOOR_WHY];
};

static void forget(int64_t *demand, int64_t gone)
{
	*demand = *demand > gone ? *demand - gone : 0;
}

static int clear(const struct checkouts *p, int work, const char *uuid, bool registered,
		 struct err *e)
{
	if (workdir_clear(work, e) < 0)
		return -1;
	failpoint("collect-checkout-cleared");
	return registered ? 0 : fs_remove_tree(p->dir, uuid, e);
}

/* A directory that cannot be removed does not end the pass: the next one may free the space. */
static void say_stays(struct collect *c, const char *uuid, const char *why)
{
	collect_say_stays(c, "checkout", uuid, why);
	if (c->quiet)
		log_warn("event=not-collected what=checkout name=%s %s", uuid, why);
}

/* Skips directories that are in use or empty. `reason` is for the report. */
static void let_go(struct collect *c, struct checkouts *p, const char *uuid, bool registered,
		   const char *reason)
{
	own_fd int work = fs_open_beneath(p->dir, uuid, O_RDONLY | O_DIRECTORY, 0);
	own_fd int fetched = -1;
	struct err e = ERR_INIT;
	struct du sum = {0};

	if (work < 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			say_stays(c, uuid, strerror(errno));
		return;
	}
	if (fs_flock(work, 0, &e) != 1)
		return;
	/* A confirmation may read it. */
	fetched = fs_open_beneath(work, WORKDIR_FETCHED, O_RDONLY | O_DIRECTORY, 0);
	if (fetched >= 0 && fs_flock(fetched, 0, &e) != 1)
		return;
	workdir_size(&sum, work);
	if (sum.files == 0 && registered)
		return;
	if (!c->dry && clear(p, work, uuid, registered, &e) < 0) {
		say_stays(c, uuid, e.msg);
		return;
	}
	forget(&p->bytes, sum.bytes);
	forget(&p->files, sum.files);
	forget(&c->store_lack_bytes, sum.bytes);
	collect_say(c, "checkout", uuid, sum.bytes, "%s", reason);
}

static int add(struct collect *c, struct checkouts *p, const char *uuid, struct err *e)
{
	struct checkout *list;
	struct stat st;

	if (!collect_is_registered(c, uuid)) {
		let_go(c, p, uuid, false, "its image is not registered");
		return 0;
	}
	if (fstatat(p->dir, uuid, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	collect_fetched(c, p->dir, uuid);
	list = realloc(p->list, (p->n + 1) * sizeof(*list));
	if (!list)
		return err_set(e, ERR_NOBODY, "out of memory for a list of checkouts");
	p->list = list;
	list[p->n] = (struct checkout){.used_ms = (int64_t)st.st_mtim.tv_sec * 1000 +
					       st.st_mtim.tv_nsec / 1000000};
	memcpy(list[p->n++].uuid, uuid, UUID_LEN + 1);
	return 0;
}

/* The image has a new directory. A process that hangs in the old one holds its lock, and keeps it
 * until it ends. */
static void remove_aside(struct collect *c, const struct checkouts *p, const char *name)
{
	own_fd int work = fs_open_beneath(p->dir, name, O_RDONLY | O_DIRECTORY, 0);
	struct err e = ERR_INIT;
	struct du sum = {0};

	if (work < 0 || fs_flock(work, 0, &e) != 1)
		return;
	workdir_size(&sum, work);
	if (!c->dry && fs_remove_tree(p->dir, name, &e) < 0)
		say_stays(c, name, e.msg);
	else
		collect_say(c, "checkout", name, sum.bytes,
			    "a process that did not end was left in it");
}

static bool is_of_confirmation(const char *name)
{
	char uuid[UUID_LEN + 1];

	if (strlen(name) != UUID_LEN + strlen(WORKDIR_CONFIRM) ||
	    strcmp(name + UUID_LEN, WORKDIR_CONFIRM) != 0)
		return false;
	memcpy(uuid, name, UUID_LEN);
	uuid[UUID_LEN] = '\0';
	return uuid_valid(uuid);
}

static int list_all(struct collect *c, struct checkouts *p, struct err *e)
{
	own_dir DIR *d = opendir(c->conf->repo_base);
	struct dirent *entry;

	if (!d)
		return err_sys(e, ERR_OPERATOR, "cannot list %s (hornero init makes it)",
			       c->conf->repo_base);
	while ((entry = readdir(d))) {
		if (workdir_is_aside(entry->d_name))
			remove_aside(c, p, entry->d_name);
		else if (is_of_confirmation(entry->d_name))
			let_go(c, p, entry->d_name, false, "its confirmation is over");
		else if (uuid_valid(entry->d_name) && add(c, p, entry->d_name, e) < 0)
			return -1;
	}
	return 0;
}

static int64_t bytes_of(const struct checkouts *p)
{
	struct du sum = {0};

	for (size_t i = 0; i < p->n; i++) {
		own_fd int work = fs_open_beneath(p->dir, p->list[i].uuid, O_RDONLY | O_DIRECTORY,
						  0);

		if (work >= 0)
			workdir_size(&sum, work);
	}
	return sum.bytes;
}

/* Adds the space that the store's artifacts did not free, if both are on one filesystem. */
static void demand(const struct collect *c, struct checkouts *p, const struct floor *floor)
{
	int64_t budget = c->conf->work_budget_bytes;
	int64_t used = budget > 0 ? bytes_of(p) : 0;
	char size[BYTES_WORDS], most[BYTES_WORDS];

	if (p->bytes > 0)
		snprintf(p->why, sizeof(p->why), "below store_floor, %s short",
			 bytes_words(size, p->bytes));
	else if (p->files > 0)
		snprintf(p->why, sizeof(p->why), "below store_floor, %lld inodes short on %.300s",
			 (long long)p->files, floor->dir);
	if (used - budget <= p->bytes)
		return;
	p->bytes = used - budget;
	snprintf(p->why, sizeof(p->why),
		 "all checkouts, builders' caches and fetched files take %s, work_budget is %s",
		 bytes_words(size, used), bytes_words(most, budget));
}

static int note_waiting(void *arg, const struct job *j)
{
	struct checkouts *p = arg;

	for (size_t i = 0; i < p->n; i++)
		if (j->state == JOB_QUEUED && strcmp(p->list[i].uuid, j->image) == 0)
			p->list[i].waited_for = true;
	return 0;
}

static int by_use(const void *a, const void *b)
{
	const struct checkout *left = a;
	const struct checkout *right = b;

	if (left->waited_for != right->waited_for)
		return left->waited_for - right->waited_for;
	return (left->used_ms > right->used_ms) - (left->used_ms < right->used_ms);
}

/* Directories of waiting jobs go last, but they go: if every image has a waiting job, nothing
 * else could free the space that the jobs wait for. */
static int make_room(struct collect *c, struct checkouts *p, struct err *e)
{
	own_db struct db *db = NULL;

	if (db_open(&db, &(struct db_queue){.queue_dir = c->conf->queue_dir}, DB_READ, DB_WAIT_MS,
		    e) < 0 ||
	    job_each(db, JOB_SCOPE_OPEN, note_waiting, p, e) < 0)
		return err_wrap(e, "no checkout is collected: cannot read which ones jobs need");
	qsort(p->list, p->n, sizeof(*p->list), by_use);
	for (size_t i = 0; i < p->n && (p->bytes > 0 || p->files > 0); i++) {
		char date[32], reason[FLOOR_WHY + 128];

		snprintf(reason, sizeof(reason),
			 "%s; the next build checks it out again, last used %s",
			 p->why, collect_date(p->list[i].used_ms, date));
		let_go(c, p, p->list[i].uuid, true, reason);
	}
	return 0;
}

static void say_lacking(struct collect *c, const struct checkouts *p)
{
	char left[BYTES_WORDS];

	if (c->store_lack_bytes > 0)
		collect_say_lacking(
			c, "store", c->store_lack_bytes,
			"%s; %s more should go, but all others are needed: the current and the "
			"previous artifact of an image, a job's, or the checkout of a running "
			"build",
			p->why, bytes_words(left, c->store_lack_bytes));
	else if (p->bytes > 0 || p->files > 0)
		collect_say_lacking(c, "checkouts", p->bytes,
				    "%s; more should go, but only checkouts of running builds are "
				    "left",
				    p->why);
}

static int collect_checkouts(struct collect *c, struct checkouts *p, struct err *e)
{
	struct floor floor = conf_work_floor(c->conf);
	struct stat store, work;

	if (fstat(p->dir, &work) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot look at %s", c->conf->repo_base);
	p->files = floor_lack_files(&floor);
	/* On one filesystem, count what artifacts freed: statfs() may report it late. */
	p->bytes = stat(c->conf->store_dir, &store) == 0 && store.st_dev == work.st_dev
			   ? c->store_lack_bytes
			   : floor_lack_bytes(&floor);
	if (list_all(c, p, e) < 0)
		return -1;
	demand(c, p, &floor);
	if (p->bytes <= 0 && p->files <= 0)
		return 0;
	if (make_room(c, p, e) < 0)
		return -1;
	say_lacking(c, p);
	return 0;
}

int collect_work(struct collect *c, struct err *e)
{
	struct checkouts p = {.dir = -1};
	int rc;

	if (access(c->conf->repo_base, F_OK) < 0 && errno == ENOENT)
		return 0;
	p.dir = fs_open_dir(AT_FDCWD, c->conf->repo_base, e);
	if (p.dir < 0)
		return -1;
	rc = collect_checkouts(c, &p, e);
	free(p.list);
	close(p.dir);
	return rc;
}
