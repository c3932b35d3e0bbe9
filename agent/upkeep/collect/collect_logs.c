/* collect_logs: compresses the logs of attempts, and removes the oldest as log_keep, log_budget and
 * state_floor demand. Those of jobs that have not ended stay as they are.
 * DIAGNOSTICS: ERR_OPERATOR if log_dir is unreadable; as the queue. A log that cannot be compressed
 * or removed stays, and is reported. */
#include "agent/upkeep/collect/collect.h"

#include "db/job.h"
#include "lib/bytes.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/pack.h"

#include <fcntl.h>
#include <string.h>

enum { DB_WAIT_MS = 10000, QUIET_S = 3600, NAME_BYTES = 48 };

/* Log, times and verdict of an attempt have names of their own, and go one by one. */
struct log_file {
	char name[NAME_BYTES];
	int64_t job;
	int64_t wrote_ms, bytes; /* wall time in present terms; blocks on the disk */
	bool packs;              /* to be compressed */
};

struct logs {
	struct collect *c;
	int dir;
	struct log_file *list;
	size_t n, room;
	int64_t bytes, lack_bytes; /* of all; missing to state_floor */
	int64_t *open; /* jobs that have not ended */
	size_t nopen;
	bool out_of_memory;
	int64_t gone, gone_bytes, packed, saved_bytes;
};

static void logs_fini(struct logs *l)
{
	free(l->list);
	free(l->open);
	if (l->dir >= 0)
		close(l->dir);
}
#define own_logs __attribute__((cleanup(logs_fini)))

static int add_open(void *arg, const struct job *j)
{
	struct logs *l = arg;
	int64_t *list = realloc(l->open, (l->nopen + 1) * sizeof(*list));

	l->out_of_memory = !list;
	if (!list)
		return 1;
	l->open = list;
	list[l->nopen++] = j->id;
	return 0;
}

/* Without the queue nobody knows which attempts run: then all logs stay. */
static int load_open(struct logs *l, struct err *e)
{
	own_db struct db *db = NULL;

	if (db_open(&db, &(struct db_queue){.queue_dir = l->c->conf->queue_dir}, DB_READ,
		    DB_WAIT_MS, e) < 0 ||
	    job_each(db, JOB_SCOPE_OPEN, add_open, l, e) < 0)
		return err_wrap(e, "no log is collected: cannot read which jobs are open");
	return l->out_of_memory ? err_set(e, ERR_NOBODY, "out of memory for a list of jobs") : 0;
}

static bool is_open(const struct logs *l, int64_t job)
{
	for (size_t i = 0; i < l->nopen; i++)
		if (l->open[i] == job)
			return true;
	return false;
}

/* Returns the job of JOB.ATTEMPT.log, .log.zst, .times or .verdict, 0 for other names. */
static int64_t job_of(const char *name, bool *plain)
{
	int64_t job = 0, attempt = 0;
	int end = 0;

	if (strspn(name, "0123456789.") < 4 || strlen(name) >= NAME_BYTES ||
	    sscanf(name, "%13lld.%13lld%n", (long long *)&job, (long long *)&attempt, &end) != 2)
		return 0;
	*plain = strcmp(name + end, ".log") == 0;
	return *plain || strcmp(name + end, ".log.zst") == 0 ||
	       strcmp(name + end, ".times") == 0 || strcmp(name + end, ".verdict") == 0 ? job : 0;
}

static int add(struct logs *l, const char *name, struct err *e)
{
	struct log_file *list, *f;
	bool plain = false;
	int64_t job = job_of(name, &plain);
	struct stat st;

	if (job <= 0 || fstatat(l->dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(st.st_mode))
		return 0;
	l->bytes += st.st_blocks * 512;
	if (l->n == l->room) {
		l->room = l->room ? 2 * l->room : 1024;
		list = realloc(l->list, l->room * sizeof(*list));
		if (!list)
			return err_set(e, ERR_NOBODY, "out of memory for a list of logs");
		l->list = list;
	}
	f = &l->list[l->n++];
	*f = (struct log_file){
		.job = job,
		.wrote_ms = steady_present_of_wall_ms(&l->c->clock, st.st_mtim.tv_sec * 1000),
		.bytes = st.st_blocks * 512};
	f->packs = plain && st.st_size > 0 && l->c->now_ms - f->wrote_ms > QUIET_S * 1000;
	snprintf(f->name, sizeof(f->name), "%s", name);
	return 0;
}

static int list_all(struct logs *l, struct err *e)
{
	own_dir DIR *d = opendir(l->c->conf->log_dir);
	struct dirent *entry;

	if (!d)
		return err_sys(e, ERR_OPERATOR, "cannot list %s (hornero init makes it)",
			       l->c->conf->log_dir);
	while ((entry = readdir(d)))
		if (add(l, entry->d_name, e) < 0)
			return -1;
	return 0;
}

static int by_age(const void *a, const void *b)
{
	const struct log_file *left = a;
	const struct log_file *right = b;

	return (left->wrote_ms > right->wrote_ms) - (left->wrote_ms < right->wrote_ms);
}

static void say_stays(const struct logs *l, const char *name, const char *why)
{
	collect_say_stays(l->c, "log", name, why);
	if (l->c->quiet)
		log_warn("event=not-collected what=log name=%s %s", name, why);
}

static void let_go(struct logs *l, struct log_file *f)
{
	if (!l->c->dry && FAILSTEP("log-unlink", unlinkat(l->dir, f->name, 0)) < 0 &&
	    errno != ENOENT) {
		say_stays(l, f->name, strerror(errno));
		return;
	}
	l->gone++;
	l->gone_bytes += f->bytes;
	l->bytes -= f->bytes;
	l->lack_bytes -= f->bytes;
	f->name[0] = '\0';
}

/* The compressed file has the times, the group and the mode of the log, whose readers find one or
 * the other. */
static int write_packed(const struct logs *l, int in, const char *staging, struct stat *st,
			struct err *e)
{
	own_fd int out = fs_create(l->dir, staging, O_WRONLY, 0600);

	if (out < 0 || fstat(in, st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot write in %s", l->c->conf->log_dir);
	if (pack_file(in, out, e) < 0)
		return -1;
	if (fchown(out, (uid_t)-1, st->st_gid) < 0 || fchmod(out, st->st_mode & 07777) < 0 ||
	    futimens(out, (struct timespec[]){st->st_atim, st->st_mtim}) < 0 ||
	    FAILSTEP("log-pack-sync", fsync(out)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot write in %s", l->c->conf->log_dir);
	return fstat(out, st) < 0 ? err_sys(e, ERR_NOBODY, "cannot look at a file") : 0;
}

static int replace(const struct logs *l, const char *name, const char *staging, int64_t *bytes,
		   struct err *e)
{
	own_fd int in = openat(l->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	own_free char *packed = fs_path("%s.zst", name);
	struct stat st;

	if (in < 0 && errno == ENOENT) /* another collector was faster */
		return 0;
	if (in < 0)
		return err_sys(e, ERR_OPERATOR, "cannot read %s", name);
	if (write_packed(l, in, staging, &st, e) < 0)
		return -1;
	failpoint("log-packed");
	if (FAILSTEP("log-pack-rename", renameat(l->dir, staging, l->dir, packed)) < 0 ||
	    (FAILSTEP("log-packed-unlink", unlinkat(l->dir, name, 0)) < 0 && errno != ENOENT))
		return err_sys(e, ERR_OPERATOR, "cannot replace %s", name);
	*bytes = st.st_blocks * 512;
	return 0;
}

static void pack(struct logs *l, struct log_file *f)
{
	own_free char *staging = fs_path(".%s.zst.%d.tmp", f->name, (int)getpid());
	struct err e = ERR_INIT;
	int64_t bytes = 0;

	if (replace(l, f->name, staging, &bytes, &e) < 0) {
		FAILSTEP("log-pack-undo", unlinkat(l->dir, staging, 0));
		say_stays(l, f->name, e.msg);
		return;
	}
	l->packed++;
	l->saved_bytes += f->bytes - bytes;
	l->bytes -= f->bytes - bytes;
	l->lack_bytes -= f->bytes - bytes;
	f->bytes = bytes;
	snprintf(f->name + strlen(f->name), sizeof(f->name) - strlen(f->name), ".zst");
}

static bool demands(const struct logs *l)
{
	int64_t budget = l->c->conf->log_budget_bytes;

	return l->lack_bytes > 0 || (budget > 0 && l->bytes > budget);
}

static void collect(struct logs *l)
{
	const struct conf *conf = l->c->conf;
	int64_t before_ms = l->c->now_ms - conf->log_keep_s * 1000;

	for (size_t i = 0; i < l->n; i++)
		if (is_open(l, l->list[i].job))
			l->list[i].name[0] = '\0';
		else if (conf->log_keep_s > 0 && l->list[i].wrote_ms < before_ms)
			let_go(l, &l->list[i]);
		else if (l->list[i].packs && !l->c->dry)
			pack(l, &l->list[i]);
	for (size_t i = 0; i < l->n; i++)
		if (l->list[i].name[0] && demands(l))
			let_go(l, &l->list[i]);
}

static void say(const struct logs *l)
{
	char size[BYTES_WORDS];

	if (l->gone > 0)
		collect_say(l->c, "logs", "logs", l->gone_bytes,
			    "%lld files of ended jobs (log_keep, log_budget, state_floor)",
			    (long long)l->gone);
	if (l->packed > 0)
		collect_say(l->c, "logs", "space", l->saved_bytes,
			    "%lld logs are compressed (%s less)", (long long)l->packed,
			    bytes_words(size, l->saved_bytes));
	if (l->c->conf->log_budget_bytes > 0 && l->bytes > l->c->conf->log_budget_bytes)
		collect_say_lacking(l->c, "logs", l->bytes - l->c->conf->log_budget_bytes,
				    "all logs take %s, above log_budget; those of open jobs stay",
				    bytes_words(size, l->bytes));
}

int collect_logs(struct collect *c, struct err *e)
{
	struct floor floor = conf_state_floor(c->conf);
	own_logs struct logs l = {
		.c = c, .dir = -1, .lack_bytes = floor_lack_bytes(&floor)};

	if (access(c->conf->log_dir, F_OK) < 0 && errno == ENOENT)
		return 0;
	l.dir = fs_open_dir(AT_FDCWD, c->conf->log_dir, e);
	if (l.dir < 0 || (!c->dry && fs_clear_staging(c->conf->log_dir, e) < 0))
		return -1;
	/* In this order, so that a job which begins meanwhile has no log in the list. */
	if (list_all(&l, e) < 0)
		return -1;
	if (load_open(&l, e) < 0)
		return e->sys == ENOENT ? 0 : -1;
	if (l.n > 0)
		qsort(l.list, l.n, sizeof(*l.list), by_age);
	collect(&l);
	say(&l);
	return 0;
}
