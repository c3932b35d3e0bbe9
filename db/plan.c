/* plan: the plan on disk (DB_PLAN) to move a damaged queue aside.
 *
 * It is durable before anything moves and is removed last (aside.c), so hornerod's next turn or
 * start finishes after any crash. Until then nobody else removes the log of the damaged file
 * (plan_keep_log). */
#include "db/inner.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

enum { PLAN_MAX = 1024 };

int plan_read(struct db *db, struct db_plan *p)
{
	own_fd int fd = openat(db->dir, DB_PLAN, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char text[PLAN_MAX];
	ssize_t n = fd < 0 ? -1 : fs_pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return 0;
	text[n] = '\0';
	*p = (struct db_plan){.seq = 0};
	return sscanf(text, "%63[^\n]\n%" SCNd64 "\n%511[^\n]", p->name, &p->seq, p->why) == 3 &&
	       db_kept_is_name(p->name);
}

int plan_write(struct db *db, const struct db_plan *p, struct err *e)
{
	char text[PLAN_MAX];
	int n = snprintf(text, sizeof(text), "%s\n%" PRId64 "\n%s\n", p->name, p->seq, p->why);

	return fs_replace(db->dir, DB_PLAN, text, (size_t)n, 0660, e);
}

int plan_keep_log(struct db *db, int64_t *seq, struct err *e)
{
	struct db_plan p;

	if (!plan_read(db, &p) || !db_has(db, p.name))
		return 0;
	if (p.seq > *seq)
		*seq = p.seq;
	return db_kept_take_logs(db, p.name, e);
}
