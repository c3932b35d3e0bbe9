/* db: opens the queue: connects and, with DB_CREATE or DB_OWN, makes, migrates and repairs it.
 * DIAGNOSTICS: as connect; ERR_OPERATOR if it cannot be made. */
#include "db/inner.h"

#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>

static int open_dir(struct db *db, struct err *e)
{
	db->dir = fs_open_dir(AT_FDCWD, db->queue_dir, e);
	if (db->dir >= 0)
		return 0;
	if (e->sys == ENOENT && db->mode < DB_CREATE)
		e->class = ERR_NOBODY;
	return err_wrap(e, e->sys == ENOENT ? "no queue yet, `hornero init` makes it"
					    : "the queue is for members of its directory's group");
}

/* Takes no ticket if nothing must be made, so that a busy queue can be opened. */
static int open_or_create(struct db *db, struct err *e)
{
	bool is_logless;
	int r;

	if (db->mode == DB_OWN && aside_heal(db, e) < 0)
		return -1;
	/* If the log is missing, it may have been removed with the newest rows, or written back by
	 * a sqlite3: we cannot tell. */
	is_logless = db->mode == DB_OWN && faccessat(db->dir, DB_NAME "-wal", F_OK, 0) < 0;
	/* aside_heal has connected if it moved a database aside. */
	if ((db->sql || db_connect(db, e) == 0) && db->mode != DB_OWN &&
	    faccessat(db->dir, DB_LAST, F_OK, 0) == 0)
		return 0;
	/* db_connect has just reported it. */
	if (!db->sql && e->sys == EUCLEAN && db->mode == DB_OWN && aside_heal(db, e) <= 0)
		return -1;
	if (!db->sql && e->sys != ENOENT && e->sys != ESTALE)
		return -1;
	if (db_ticket(db, e) < 0)
		return -1;
	r = db->sql ? 0 : db_create(db, e);
	if (r == 0)
		r = sequence_mend(db, e);
	if (r == 0 && is_logless)
		r = sequence_skip(db, e);
	db_ticket_drop(db);
	return r;
}

int db_open(struct db **out, const struct db_queue *queue, enum db_mode mode, int wait_ms,
	    struct err *e)
{
	own_db struct db *db = calloc(1, sizeof(*db));

	if (!db)
		return err_set(e, ERR_NOBODY, "out of memory for the database");
	db->dir = -1;
	db->queue_dir = fs_path("%s", queue->queue_dir);
	db->mode = mode;
	db->wait_ms = wait_ms;
	db->deadline_ms = clock_mono_ms() + wait_ms;
	db->pid = getpid();
	steady_load(&db->clock, db->queue_dir);
	db->highest = queue->highest;
	db->highest_arg = queue->highest_arg;
	db_let_fail();
	if (open_dir(db, e) < 0 ||
	    (mode >= DB_CREATE ? open_or_create(db, e) : db_connect(db, e)) < 0)
		return -1;
	*out = steal_ptr(&db);
	return 0;
}

/* Takes the ticket only to make or repair something; else it costs a few calls of stat. */
static int look_after(struct db *db, struct err *e)
{
	int r;

	if (db->sql && !db_moved(db) && faccessat(db->dir, DB_LAST, F_OK, 0) == 0)
		return 0;
	if (db_ticket(db, e) < 0)
		return -1;
	r = (!db->sql || db_moved(db)) && db_create(db, e) < 0 ? -1 : sequence_mend(db, e);
	db_ticket_drop(db);
	return r;
}

int db_heal(struct db *db, struct err *e)
{
	int r;

	db->deadline_ms = clock_mono_ms() + db->wait_ms;
	r = aside_heal(db, e);
	return r < 0 || look_after(db, e) < 0 ? -1 : r;
}

int64_t db_now_ms(const struct db *db)
{
	return steady_now_ms(&db->clock);
}

struct steady *db_clock(struct db *db)
{
	return &db->clock;
}

int64_t db_generation(const struct db *db)
{
	return db->generation;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	db_disconnect(db);
	if (db->dir >= 0)
		close(db->dir);
	free(db->queue_dir);
	free(db);
}
