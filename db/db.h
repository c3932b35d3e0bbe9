/*
 * db: the queue's database. The only room with sqlite3.h; every SQL statement is here.
 *
 *     own_db struct db *db = NULL;
 *     if (db_open(&db, &(struct db_place){c->queue_dir}, DB_WRITE, 200, e) < 0) …
 *     job_enqueue(db, &wish, &receipt, e);          see job.h
 *
 * Every writing call takes the ticket (an flock on the queue directory itself, waited for at most
 * wait_ms), then BEGIN IMMEDIATE, and is durable on return (WAL, synchronous=FULL). A reader takes
 * no ticket, but needs write access to the index of the log: it must be in the queue's group too.
 * The handle belongs to the process that opened it: using it after a fork is ERR_US.
 *
 * The directory is made by others (mode 2770); whatever the umask, all files here are 0660 of its group.
 *
 * The file may be deleted at any time: before each transaction the path is compared with the open
 * file, and a handle on a deleted file is opened anew (DB_CREATE) or answers ERR_NOBODY (the rest). A
 * database whose -wal or -shm was taken away under us counts as deleted: what it still holds would be a guess.
 * Job numbers never repeat: they are reserved in blocks in the file `last-job` beside the database.
 *
 * A damaged or foreign file is ERR_NOBODY with sys EUCLEAN, from any call. Whoever meets it leaves a report beside it;
 * the owner (DB_OWN, hornerod) looks for itself and moves it aside as `queue.db.damaged-TIME`, with its log, and makes
 * another. The last three are kept.
 *
 * Closing never checkpoints, so -wal and -shm stay; DB_CREATE handles do that after commits of theirs
 * (1000 pages), once the ticket is given back, and DB_WRITE ones only from 8000 pages on.
 */
#ifndef HORNERO_DB_DB_H
#define HORNERO_DB_DB_H

#include "lib/err.h"
#include "lib/steady.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;

struct db_place {
	const char *queue_dir; /* holds queue.db and last-job, and is the ticket */
	/* The highest job number that anything else on the node bears: asked where last-job is lost. NULL: nothing does. */
	int64_t (*highest)(const void *arg);
	const void *highest_arg; /* borrowed for the handle's life */
};

enum db_mode {
	DB_READ,   /* ERR_NOBODY (sys ENOENT) where there is no database */
	DB_WRITE,  /* the same; what the hook uses */
	DB_CREATE, /* made and migrated where it is missing or older; what the sweep and CLI use */
	DB_OWN,    /* the same, and a damaged one is moved aside; hornerod's alone */
};

/* ERR_NOBODY: missing (sys ENOENT), busy, full (sys ENOSPC), older and not migrated yet, or damaged (sys EUCLEAN): try again;
 * ERR_OPERATOR: of a newer hornero's version, no permission. wait_ms bounds every wait of this handle, ticket and SQLite together. */
int db_open(struct db **out, const struct db_place *place, enum db_mode mode, int wait_ms, struct err *e);
void db_close(struct db *db);

/* DB_OWN: act on reports of damage, make what is missing. 1 a damaged one was moved aside, 0, -1. */
int db_heal(struct db *db, struct err *e);

/* Counts connections: it changes where the file was replaced by another, by whomever. */
int64_t db_generation(const struct db *db);

/* Rows hold times of the steady clock (lib/steady.h), which lies beside them. Its owner notes changes in it. */
int64_t db_now_ms(const struct db *db);
struct steady *db_clock(struct db *db);

/* How many damaged ones are kept, and the name of the newest. */
int db_damaged_count(const char *queue_dir, char newest[64]);

/* From now on job_get, job_newest and job_each show those jobs only whose repository may() grants; others are not there.
 * What is written is decided on all of them. superseded_by is 0 where that job is not shown. */
void db_view(struct db *db, bool (*may)(const void *arg, const char *repo), const void *arg);

static inline void db_end(struct db **db)
{
	db_close(*db);
}
#define own_db __attribute__((cleanup(db_end)))

#endif
