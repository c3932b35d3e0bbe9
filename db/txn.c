/* txn: a transaction, which ends with its variable's scope.
 * DIAGNOSTICS: ERR_NOBODY busy, full, deleted; ERR_US a handle after a fork, or a write inside a
 * listing. */
#include "db/inner.h"

#include "lib/clock.h"
#include "lib/failpoint.h"

#include <errno.h>
#include <unistd.h>

static int check_handle(struct db *db, struct err *e)
{
	if (db->pid != getpid())
		return err_set(e, ERR_US, "a database handle was carried across a fork");
	if (db->writing)
		return err_set(e, ERR_US, "a transaction inside a writing transaction");
	return 0;
}

static int deleted(struct db *db, struct err *e)
{
	err_set(e, ERR_NOBODY, "the database %s/" DB_NAME " was deleted or replaced; open it again",
		db->queue_dir);
	e->sys = ENOENT;
	return -1;
}

int txn_read(struct txn *t, struct db *db, struct err *e)
{
	if (check_handle(db, e) < 0)
		return -1;
	if (db->reading == 0) {
		db->deadline_ms = clock_mono_ms() + db->wait_ms;
		if (!db->sql || db_moved(db)) {
			if (db->mode < DB_CREATE)
				return deleted(db, e);
			if (db_ticket(db, e) < 0)
				return -1;
			if (db_create(db, e) < 0) {
				db_ticket_drop(db);
				return -1;
			}
			db_ticket_drop(db);
		}
		if (db_run_n(db, e, "BEGIN", NULL, 0) < 0)
			return -1;
	}
	db->reading++;
	*t = (struct txn){.db = db};
	return 0;
}

static int begin_write(struct db *db, struct err *e)
{
	if (!db->sql || db_moved(db)) {
		if (db->mode < DB_CREATE)
			return deleted(db, e);
		if (db_create(db, e) < 0)
			return -1;
	}
	return db_run_n(db, e, "BEGIN IMMEDIATE", NULL, 0);
}

int txn_write(struct txn *t, struct db *db, struct err *e)
{
	if (check_handle(db, e) < 0)
		return -1;
	if (db->reading > 0 || db->mode == DB_READ)
		return err_set(e, ERR_US,
			       db->mode == DB_READ
				       ? "a write by a handle that was opened for reading"
				       : "a write inside a listing");
	db->deadline_ms = clock_mono_ms() + db->wait_ms;
	if (db_ticket(db, e) < 0)
		return -1;
	if (begin_write(db, e) < 0) {
		db_ticket_drop(db);
		return -1;
	}
	db->writing = true;
	*t = (struct txn){.db = db, .write = true};
	return 0;
}

/* Checkpoints after the ticket is released, so that nobody waits for it; if it fails, the next one
 * does it. A hook leaves it to the agent, which nobody waits for. */
static void checkpoint(struct db *db)
{
	int most = db->mode >= DB_CREATE ? DB_WAL_PAGES_AGENT : DB_WAL_PAGES_HOOK;

	if (db->wal_pages < most)
		return;
	db->wal_pages = 0;
	sqlite3_wal_checkpoint_v2(db->sql, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static void leave(struct txn *t, bool commit)
{
	struct db *db = t->db;

	t->db = NULL;
	db->writing = false;
	db_ticket_drop(db);
	if (commit)
		checkpoint(db);
}

static int sync_file(sqlite3_file *f)
{
	int code = f->pMethods->xSync(f, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);

	if (code != SQLITE_OK)
		f->pMethods->xFileControl(f, SQLITE_FCNTL_LAST_ERRNO, &errno);
	return code == SQLITE_OK ? 0 : -1;
}

/* The hook syncs the log after it has released the ticket: others write meanwhile, and one flush of
 * the disk serves several. A power cut only shortens the log: whatever others made of our rows
 * comes later in it. */
static int sync_log(struct db *db, struct err *e)
{
	sqlite3_file *log = NULL;

	sqlite3_file_control(db->sql, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
	if (!log)
		return err_set(e, ERR_US, "SQLite has no log of %s/" DB_NAME, db->queue_dir);
	if (FAILSTEP("queue-sync", sync_file(log)) < 0)
		return err_sys(e, errno == EIO ? ERR_OPERATOR : ERR_NOBODY,
			       "cannot sync %s/" DB_NAME "-wal", db->queue_dir);
	return 0;
}

int txn_commit(struct txn *t, struct err *e)
{
	struct db *db = t->db;

	if (!t->write) {
		txn_end(t);
		return 0;
	}
	failpoint("queue-before-commit");
	if (db_run_n(db, e, "COMMIT", NULL, 0) < 0)
		return -1;
	failpoint("queue-committed");
	leave(t, true);
	return db->mode == DB_WRITE && !db->relaxed ? sync_log(db, e) : 0;
}

void txn_end(struct txn *t)
{
	struct err ignored = ERR_INIT;

	if (!t->db)
		return;
	if (!t->write) {
		if (--t->db->reading == 0 && !sqlite3_get_autocommit(t->db->sql))
			db_run_n(t->db, &ignored, "COMMIT", NULL, 0);
		t->db = NULL;
		return;
	}
	if (!sqlite3_get_autocommit(t->db->sql))
		db_run_n(t->db, &ignored, "ROLLBACK", NULL, 0);
	leave(t, false);
}
