/*
 * db: the queue's database. Only this room includes sqlite3.h, and every SQL statement is here.
 *
 *     own_db struct db *db = NULL;
 *     if (db_open(&db, &(struct db_queue){c->queue_dir}, DB_WRITE, 200, e) < 0) …
 *     job_enqueue(db, &wish, &receipt, e);          see job.h
 *
 * Every writing call takes the ticket (an flock on the queue directory itself; it waits at most
 * wait_ms), then BEGIN IMMEDIATE, and is durable on return (WAL, synchronous=FULL). A reader takes
 * no ticket, but needs write access to the index of the log, so it must be in the queue's group,
 * too. A handle belongs to the process that opened it: using it after a fork is ERR_US.
 *
 * `hornero init` makes the directory (mode 2770). All files here are 0660 and of its group,
 * whatever the umask.
 *
 * The file may be deleted at any time. Before each transaction the handle compares the path with
 * its open file. If the file was deleted, DB_CREATE handles open it again and others return
 * ERR_NOBODY. A database whose -wal or -shm was removed while open counts as deleted: its content
 * cannot be trusted. Job numbers never repeat: they are reserved in blocks in the file `last-job`
 * beside the database.
 *
 * A damaged or foreign file is ERR_NOBODY with e->sys EUCLEAN, from any call. A process that meets
 * one leaves a report beside it. The owner (DB_OWN, hornerod) checks the file itself, moves it and
 * its log to `queue.db.damaged-TIME`, and makes a new one. It keeps the last three.
 *
 * Closing never checkpoints, so -wal and -shm stay. DB_CREATE handles checkpoint after their
 * commits (from 1000 pages on), once the ticket is released; DB_WRITE handles do so only from 8000
 * pages on.
 */
#ifndef HORNERO_DB_DB_H
#define HORNERO_DB_DB_H

#include "lib/err.h"
#include "lib/steady.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;

struct db_queue {
	const char *queue_dir; /* holds queue.db and last-job, and is the ticket */
	/* Returns the highest job number outside the queue; called when last-job is lost. NULL:
	 * there is none. */
	int64_t (*highest)(const void *arg);
	const void *highest_arg; /* borrowed for the handle's life */
};

enum db_mode {
	DB_READ,   /* ERR_NOBODY (sys ENOENT) if there is no database */
	DB_WRITE,  /* the same; for hook and collector, which release the queue before they sync */
	DB_CREATE, /* makes or migrates a missing or older one; for the sweep and the CLI */
	DB_OWN,    /* the same, and moves a damaged one aside; for hornerod only */
};

/* Opens the queue. ERR_NOBODY (try again): missing (sys ENOENT), busy, full (sys ENOSPC), older and
 * not migrated yet, or damaged (sys EUCLEAN). ERR_OPERATOR: of a newer hornero's version, or no
 * permission. wait_ms bounds every wait of this handle, for ticket and SQLite together. */
int db_open(struct db **out, const struct db_queue *queue, enum db_mode mode, int wait_ms,
	    struct err *e);
void db_close(struct db *db);

/* For DB_OWN handles: acts on reports of damage and makes missing files. Returns 1 if it moved a
 * damaged database aside, 0 if not, -1 on error. */
int db_heal(struct db *db, struct err *e);

/* Counts connections: it changes whenever the file was replaced. */
int64_t db_generation(const struct db *db);

/* Rows hold times of the steady clock (lib/steady.h), whose file is beside the database. The owner
 * notes clock changes in it. */
int64_t db_now_ms(const struct db *db);
struct steady *db_clock(struct db *db);

/* Returns how many damaged databases are kept, and the name of the newest. */
int db_damaged_count(const char *queue_dir, char newest[64]);

/* From now on job_get, job_newest and job_each hide jobs whose repository may() does not grant.
 * Writes still take all jobs into account. superseded_by is 0 if that job is hidden. */
void db_view(struct db *db, bool (*may)(const void *arg, const char *repo), const void *arg);

/* Copies the queue as one moment saw it, while others write, into a new file of `dir` that has no
 * name. Returns its descriptor, or -1 with e filled. */
int db_backup(struct db *db, const char *dir, struct err *e);
/* Whether fd is such a copy: 0, or -1 with ERR_USAGE, or ERR_OPERATOR if it is of a newer
 * hornero. */
int db_backup_check(int fd, struct err *e);
/* Puts such a copy in the place of the queue, if any, and migrates it. No hornerod may run. wait_ms
 * bounds the wait for the ticket. */
int db_restore(const struct db_queue *queue, int in, int wait_ms, struct err *e);

static inline void db_end(struct db **db)
{
	db_close(*db);
}
#define own_db __attribute__((cleanup(db_end)))

#endif
