/* aside_files: the damaged databases beside the queue: their names, their logs, how many stay.
 * DIAGNOSTICS: ERR_OPERATOR if a file cannot be renamed. */
#include "db/inner.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { KEPT = 3 };

static const char *const logs[] = {"-wal", "-shm", "-journal"};
enum { N_LOGS = sizeof(logs) / sizeof(logs[0]) };

bool db_kept_is_name(const char *name)
{
	size_t len = strlen(DB_DAMAGED);

	return strncmp(name, DB_DAMAGED, len) == 0 &&
	       name[len + strspn(name + len, "0123456789TZ.")] == '\0';
}

/* The time in the name is for users; two of one second differ by a number. */
void db_kept_name(struct db *db, char name[64])
{
	time_t now = time(NULL);
	char stamp[32] = "";
	struct tm tm;
	int i = 0;

	if (gmtime_r(&now, &tm))
		strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	snprintf(name, 64, DB_DAMAGED "%s", stamp);
	while (db_has(db, name) && ++i < 1000)
		snprintf(name, 64, DB_DAMAGED "%s.%d", stamp, i);
}

static int rename_one(struct db *db, const char *from, const char *to, struct err *e)
{
	if (FAILSTEP("queue-aside-rename", renameat(db->dir, from, db->dir, to)) < 0 &&
	    errno != ENOENT)
		return err_sys(e, ERR_OPERATOR, "cannot move the damaged %s/%s aside",
			       db->queue_dir, from);
	return 0;
}

int db_kept_take(struct db *db, const char *name, struct err *e)
{
	return db_has(db, name) ? 0 : rename_one(db, DB_NAME, name, e);
}

int db_kept_take_logs(struct db *db, const char *name, struct err *e)
{
	for (int i = 0; i < N_LOGS; i++) {
		own_free char *from = fs_path(DB_NAME "%s", logs[i]);
		own_free char *to = fs_path("%s%s", name, logs[i]);

		if (!db_has(db, to) && rename_one(db, from, to, e) < 0)
			return -1;
	}
	return 0;
}

static int cmp_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*b)->d_name, (*a)->d_name);
}

static int is_kept(const struct dirent *d)
{
	return db_kept_is_name(d->d_name);
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

/* Names sort by their time. */
void db_kept_prune(struct db *db)
{
	struct dirent **list = NULL;
	int n = scandirat(db->dir, ".", &list, is_kept, cmp_names);

	for (int i = 0; i < n; i++) {
		for (int k = 0; k < N_LOGS && i >= KEPT; k++) {
			own_free char *log = fs_path("%s%s", list[i]->d_name, logs[k]);

			FAILSTEP("queue-aside-prune-log", unlinkat(db->dir, log, 0));
		}
		if (i >= KEPT)
			FAILSTEP("queue-aside-prune", unlinkat(db->dir, list[i]->d_name, 0));
		free(list[i]);
	}
	free(list);
}
