/* aside: moves a damaged queue aside and makes another one in its place, all under the ticket.
 *
 * DIAGNOSTICS: as query; ERR_OPERATOR if a file cannot be renamed. */
#include "db/inner.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Notes the move in the new database, once, even if a crash interrupted it. */
static int note(struct db *db, const struct db_plan *p, struct err *e)
{
	char detail[DB_TEXT_MAX];

	snprintf(detail, sizeof(detail), "%s: moved aside as %s", p->why, p->name);
	return db_run(db, e,
		      "INSERT INTO events (at_ms, job, attempt, event, detail) SELECT ?1, 0, 0, "
		      "'queue-damaged', ?2 WHERE NOT EXISTS (SELECT 1 FROM events WHERE job = 0 "
		      "AND event = 'queue-damaged' AND detail = ?2)",
		      val_int(steady_now_ms(&db->clock)), val_text(detail));
}

static int carry_out(struct db *db, const struct db_plan *p, struct err *e)
{
	if (db_kept_take(db, p->name, e) < 0)
		return -1;
	failpoint("queue-moved-aside");
	if (!db_has(db, DB_NAME) &&
	    (db_kept_take_logs(db, p->name, e) < 0 || fs_sync_dir(db->dir, ".", e) < 0))
		return -1;
	failpoint("queue-log-moved-aside");
	if (db_connect(db, e) < 0 &&
	    (e->sys != ENOENT || db_make(db, e) < 0 || db_connect(db, e) < 0))
		return -1;
	failpoint("queue-made-anew");
	if (note(db, p, e) < 0)
		return -1;
	log_warn("event=queue-damaged kept=%s/%s reason=\"%s\"", db->queue_dir, p->name, p->why);
	db_kept_prune(db);
	FAILSTEP("queue-report-clear", unlinkat(db->dir, DB_REPORT, 0));
	FAILSTEP("queue-plan-clear", unlinkat(db->dir, DB_PLAN, 0));
	return 0;
}

int aside_put(struct db *db, const char *why, int64_t seq, struct err *e)
{
	struct db_plan p = {.seq = seq};

	snprintf(p.why, sizeof(p.why), "%s", why);
	p.why[strcspn(p.why, "\n")] = '\0';
	db_kept_name(db, p.name);
	db_disconnect(db);
	return plan_write(db, &p, e) < 0 ? -1 : carry_out(db, &p, e);
}

static ino_t inode_of(struct db *db)
{
	struct stat st;

	return fstatat(db->dir, DB_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_ino : 0;
}

/* The check takes no ticket, since it may take seconds: compare the inode afterwards. */
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
		FAILSTEP("queue-report-done", unlinkat(db->dir, DB_REPORT, 0));
		if (looked_at)
			log_warn("event=queue-sound a program reported damage of %s/" DB_NAME
				 ", and there is none",
				 db->queue_dir);
		r = 0;
	}
	db_ticket_drop(db);
	return r;
}

static int finish(struct db *db, struct err *e)
{
	struct db_plan p;
	int r = 0;

	if (db_ticket(db, e) < 0)
		return -1;
	db_disconnect(db);
	if (plan_read(db, &p))
		r = carry_out(db, &p, e) < 0 ? -1 : 1;
	else
		FAILSTEP("queue-plan-done", unlinkat(db->dir, DB_PLAN, 0));
	db_ticket_drop(db);
	return r;
}

int aside_heal(struct db *db, struct err *e)
{
	if (db_has(db, DB_PLAN))
		return finish(db, e);
	return db_has(db, DB_REPORT) ? heed_report(db, e) : 0;
}
