/* aside: a damaged queue is moved aside and another one made in its place. All under the ticket.
 *
 * The plan (DB_PLAN: the new name, the highest job number seen, the reason) is durable before anything
 * moves and goes last, so a death anywhere is finished by hornerod's next turn or start. Until then
 * nobody else removes the log of the damaged file (aside_keep_log).
 *
 * DIAGNOSTICS: as query; ERR_OPERATOR where a file cannot be renamed. */
#include "db/inner.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { PLAN_MAX = 1024, KEPT = 3 };

struct plan {
	char name[64];
	int64_t seq;
	char why[512];
};

static const char *const logs[] = {"-wal", "-shm", "-journal"};
enum { N_LOGS = sizeof(logs) / sizeof(logs[0]) };

static bool is_there(const struct db *db, const char *name)
{
	return faccessat(db->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool is_kept_name(const char *name)
{
	size_t len = strlen(DB_DAMAGED);

	return strncmp(name, DB_DAMAGED, len) == 0 && name[len + strspn(name + len, "0123456789TZ.")] == '\0';
}

/* 1 read, 0 there is none or it makes no sense, which is as good as none: nothing has moved then. */
static int plan_read(struct db *db, struct plan *p)
{
	own_fd int fd = openat(db->dir, DB_PLAN, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char text[PLAN_MAX];
	ssize_t n = fd < 0 ? -1 : fs_pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return 0;
	text[n] = '\0';
	*p = (struct plan){.seq = 0};
	return sscanf(text, "%63[^\n]\n%" SCNd64 "\n%511[^\n]", p->name, &p->seq, p->why) == 3 && is_kept_name(p->name);
}

static int plan_write(struct db *db, const struct plan *p, struct err *e)
{
	char text[PLAN_MAX];
	int n = snprintf(text, sizeof(text), "%s\n%" PRId64 "\n%s\n", p->name, p->seq, p->why);

	return fs_replace(db->dir, DB_PLAN, text, (size_t)n, 0660, e);
}

/* The time in its name is for people; two of one second differ by a number. */
static void name_it(struct db *db, char name[64])
{
	time_t now = time(NULL);
	char stamp[32] = "";
	struct tm tm;
	int i = 0;

	if (gmtime_r(&now, &tm))
		strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	snprintf(name, 64, DB_DAMAGED "%s", stamp);
	while (is_there(db, name) && ++i < 1000)
		snprintf(name, 64, DB_DAMAGED "%s.%d", stamp, i);
}

static int rename_one(struct db *db, const char *from, const char *to, struct err *e)
{
	if (renameat(db->dir, from, db->dir, to) < 0 && errno != ENOENT)
		return err_sys(e, ERR_OPERATOR, "cannot move the damaged %s/%s aside", db->queue_dir, from);
	return 0;
}

/* Once there is a new database the logs are its own. */
static int move_logs(struct db *db, const struct plan *p, struct err *e)
{
	for (int i = 0; i < N_LOGS; i++) {
		own_free char *from = fs_path(DB_NAME "%s", logs[i]);
		own_free char *to = fs_path("%s%s", p->name, logs[i]);

		if (!is_there(db, to) && rename_one(db, from, to, e) < 0)
			return -1;
	}
	return 0;
}

int aside_keep_log(struct db *db, int64_t *seq, struct err *e)
{
	struct plan p;

	if (!plan_read(db, &p) || !is_there(db, p.name))
		return 0;
	if (p.seq > *seq)
		*seq = p.seq;
	return move_logs(db, &p, e);
}

static int cmp_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*b)->d_name, (*a)->d_name);
}

static int is_kept(const struct dirent *d)
{
	return is_kept_name(d->d_name);
}

int db_damaged_count(const char *queue_dir, char newest[64])
{
	struct dirent **list = NULL;
	int n = scandir(queue_dir, &list, is_kept, cmp_names);

	*newest = '\0';
	if (n > 0)
		snprintf(newest, 64, "%.63s", list[0]->d_name);
	for (int i = 0; i < n; i++)
		free(list[i]);
	free(list);
	return n > 0 ? n : 0;
}

/* The newest ones stay; names sort by their time. */
static void prune(struct db *db)
{
	struct dirent **list = NULL;
	int n = scandirat(db->dir, ".", &list, is_kept, cmp_names);

	for (int i = 0; i < n; i++) {
		for (int k = 0; k < N_LOGS && i >= KEPT; k++) {
			own_free char *log = fs_path("%s%s", list[i]->d_name, logs[k]);

			unlinkat(db->dir, log, 0);
		}
		if (i >= KEPT)
			unlinkat(db->dir, list[i]->d_name, 0);
		free(list[i]);
	}
	free(list);
}

/* In the new database, once, whoever died in between. */
static int note(struct db *db, const struct plan *p, struct err *e)
{
	char detail[DB_TEXT_MAX];

	snprintf(detail, sizeof(detail), "%s: moved aside as %s", p->why, p->name);
	return db_run(db, e, "INSERT INTO events (at_ms, job, attempt, event, detail) SELECT ?1, 0, 0, 'queue-damaged', ?2 "
		      "WHERE NOT EXISTS (SELECT 1 FROM events WHERE job = 0 AND event = 'queue-damaged' AND detail = ?2)",
		      val_int(db_now_ms(db)), val_text(detail));
}

static int carry_out(struct db *db, const struct plan *p, struct err *e)
{
	if (!is_there(db, p->name) && rename_one(db, DB_NAME, p->name, e) < 0)
		return -1;
	failpoint("queue-moved-aside");
	if (!is_there(db, DB_NAME) && (move_logs(db, p, e) < 0 || fs_sync_dir(db->dir, ".", e) < 0))
		return -1;
	failpoint("queue-log-moved-aside");
	if (db_connect(db, e) < 0 && (e->sys != ENOENT || db_make(db, e) < 0 || db_connect(db, e) < 0))
		return -1;
	failpoint("queue-made-anew");
	if (note(db, p, e) < 0)
		return -1;
	log_warn("event=queue-damaged kept=%s/%s reason=\"%s\"", db->queue_dir, p->name, p->why);
	prune(db);
	unlinkat(db->dir, DB_REPORT, 0);
	unlinkat(db->dir, DB_PLAN, 0);
	return 0;
}

int aside_put(struct db *db, const char *why, int64_t seq, struct err *e)
{
	struct plan p = {.seq = seq};

	snprintf(p.why, sizeof(p.why), "%s", why);
	p.why[strcspn(p.why, "\n")] = '\0';
	name_it(db, p.name);
	db_disconnect(db);
	return plan_write(db, &p, e) < 0 ? -1 : carry_out(db, &p, e);
}

static ino_t inode_of(struct db *db)
{
	struct stat st;

	return fstatat(db->dir, DB_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_ino : 0;
}

/* The look takes no ticket, since it may take seconds; whoever replaced the file meanwhile is heard. */
static int heed_report(struct db *db, struct err *e)
{
	ino_t looked_at = inode_of(db);
	char why[512];
	int64_t seq;
	int r = looked_at ? db_look(db, why, sizeof(why), &seq, e) : 0;

	if (r < 0)
		return -1;
	if (db_ticket(db, e) < 0)
		return -1;
	if (r == 1 && inode_of(db) == looked_at) {
		r = aside_put(db, why, seq, e) < 0 ? -1 : 1;
	} else {
		unlinkat(db->dir, DB_REPORT, 0);
		if (looked_at)
			log_warn("event=queue-sound a program reported damage of %s/" DB_NAME ", and there is none", db->queue_dir);
		r = 0;
	}
	db_ticket_drop(db);
	return r;
}

static int finish(struct db *db, struct err *e)
{
	struct plan p;
	int r = 0;

	if (db_ticket(db, e) < 0)
		return -1;
	db_disconnect(db);
	if (plan_read(db, &p))
		r = carry_out(db, &p, e) < 0 ? -1 : 1;
	else
		unlinkat(db->dir, DB_PLAN, 0);
	db_ticket_drop(db);
	return r;
}

int aside_heal(struct db *db, struct err *e)
{
	if (is_there(db, DB_PLAN))
		return finish(db, e);
	return is_there(db, DB_REPORT) ? heed_report(db, e) : 0;
}
