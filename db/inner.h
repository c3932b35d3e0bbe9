/*
 * inner: what the files of this room share, and nobody else includes (a test and the benchmark do,
 * for raw SQL).
 *
 *     own_txn struct txn t = TXN_INIT;
 *     own_query sqlite3_stmt *q = NULL;
 *     if (txn_write(&t, db, e) < 0) return -1;
 *     q = db_query(db, e, "… ?1 … ?2", val_int(id), val_text(image));
 *     while ((r = db_step(db, q, e)) == 1) …
 *     return txn_commit(&t, e);
 *
 * A transaction that is not committed is rolled back, and the ticket given back, where its variable ends.
 */
#ifndef HORNERO_DB_INNER_H
#define HORNERO_DB_INNER_H

#include "db/job.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/types.h>
#include <unistd.h>

#define DB_NAME  "queue.db"
#define DB_ASIDE ".queue.db.new"
#define DB_LAST  "last-job"
#define DB_DAMAGED "queue.db.damaged-"   /* and the time */
#define DB_REPORT  ".queue.db.damaged"   /* somebody met damage: hornerod looks */
#define DB_PLAN    ".queue.db.aside"     /* hornerod moves it aside */

enum {
	DB_APPLICATION_ID = 0x686f726e, /* "horn", in the file's head */
	DB_CACHE_SLOTS = 64,
	DB_TEXT_MAX = 1000,         /* bytes of one text for people; longer ones are cut */
	DB_ROW_MAX = 65536,         /* bytes of a row read back */
	DB_WAL_PAGES_HOOK = 8000,   /* 32 MB: a hook leaves checkpoints to the agent, within reason */
	DB_WAL_PAGES_AGENT = 1000,  /* SQLite's own default */
};

struct db_file_id {
	dev_t dev;
	ino_t ino;
};

struct db {
	sqlite3 *sql;
	char *queue_dir;
	int dir;                /* the queue directory, open; flock on it is the ticket */
	enum db_mode mode;
	int wait_ms;
	int64_t deadline_ms;    /* of the call under way; every wait ends here */
	pid_t pid;              /* the one process that may use this handle */
	int reading;            /* depth of read transactions */
	bool writing;
	int wal_pages;          /* length of the write-ahead log after our last commit */
	struct db_file_id wal, shm;
	int64_t (*highest)(const void *arg); /* as in db_place */
	const void *highest_arg;
	int64_t generation;     /* how often it has connected */
	struct steady clock;
	bool (*may)(const void *arg, const char *repo); /* db_view; NULL: all is shown */
	const void *may_arg;
	struct db_cached {
		const char *text; /* compared by address: string literals */
		sqlite3_stmt *stmt;
	} cache[DB_CACHE_SLOTS];
};

/* Whether the queue directory has it. */
static inline bool db_has(const struct db *db, const char *name)
{
	return faccessat(db->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* connect.c: one connection. */
int db_connect(struct db *db, struct err *e);
void db_disconnect(struct db *db);
/* 0: the three files are the ones that this handle has open; 1: the database was deleted or replaced;
 * 2: it is there, but its log was taken away: what it holds cannot be trusted any more. */
int db_moved(struct db *db);

/* create.c: under the ticket. Make it where it is missing, migrate it where it is older, then connect. */
int db_create(struct db *db, struct err *e);

/* make.c: under the ticket. Make one where there is none; it does not connect. */
int db_make(struct db *db, struct err *e);

/* migrate.c */
int db_newest_version(void);
int db_version(sqlite3 *sql, const char *queue_dir, int64_t *version, struct err *e);
/* Inside a transaction of the caller's. */
int db_migrate(sqlite3 *sql, const char *queue_dir, int64_t from, int64_t to, struct err *e);

/* damage.c */
/* Leave a report for hornerod. */
void db_report(const char *queue_dir);
/* The same, and ERR_NOBODY with sys EUCLEAN. Always -1. */
int db_damaged(const char *queue_dir, struct err *e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Whether SQLite's extended error says that the file is damaged. */
bool db_is_damage(int code);

/* look.c */
/* 1 damaged (why), 0 sound or of a newer hornero, -1 cannot be told. *seq: its highest job number, 0 where it cannot be read. */
int db_look(struct db *db, char *why, size_t size, int64_t *seq, struct err *e);

/* aside.c */
/* hornerod's: act on a report, or finish what a death interrupted. 1 moved aside, 0 nothing to do, -1. */
int aside_heal(struct db *db, struct err *e);
/* Under the ticket: move the database aside, make another and connect. seq: the highest job number it had, or 0. */
int aside_put(struct db *db, const char *why, int64_t seq, struct err *e);

/* plan.c: what is being moved aside, and why. */
struct db_plan {
	char name[64];
	int64_t seq; /* the highest job number seen */
	char why[512];
};
/* 1 read, 0 there is none or it makes no sense, which is as good as none: nothing has moved then. */
int plan_read(struct db *db, struct db_plan *p);
int plan_write(struct db *db, const struct db_plan *p, struct err *e);
/* Under the ticket, before a database is made: the log of a damaged one goes with it, its number counts. */
int plan_keep_log(struct db *db, int64_t *seq, struct err *e);

/* kept.c: the damaged ones, queue.db.damaged-TIME. */
bool db_kept_is_name(const char *name);
/* A name that none has yet. */
void db_kept_name(struct db *db, char name[64]);
/* Rename the database to name, unless that is done. */
int db_kept_take(struct db *db, const char *name, struct err *e);
/* The same for its logs. Once there is a new database the logs are its own. */
int db_kept_take_logs(struct db *db, const char *name, struct err *e);
/* Remove all but the newest. */
void db_kept_prune(struct db *db);

/* ticket.c: 0 held, -1 (ERR_NOBODY after the deadline). db_ticket_drop gives it back. */
int db_ticket(struct db *db, struct err *e);
void db_ticket_drop(struct db *db);

/* sequence.c: all under the ticket. */
enum { SEQUENCE_BLOCK = 100 };
#define SEQUENCE_MAX INT64_C(1000000000000)
/* The number after which a fresh database counts: at least seq. */
int sequence_start(struct db *db, int64_t seq, int64_t *last, struct err *e);
/* A job number that was never given out and never will be again, durable before it is returned. */
int sequence_next(struct db *db, int64_t *id, struct err *e);
/* Write the file again where it was lost, or (DB_OWN) says less than the node has seen. */
int sequence_mend(struct db *db, struct err *e);
/* The newest rows are lost, and with them the numbers given out of this block: go on with the next one. */
int sequence_skip(struct db *db, struct err *e);

/* txn.c */
struct txn {
	struct db *db;
	bool write;
};
#define TXN_INIT { .db = NULL }
int txn_read(struct txn *t, struct db *db, struct err *e);
int txn_write(struct txn *t, struct db *db, struct err *e);
int txn_commit(struct txn *t, struct err *e);
void txn_end(struct txn *t);
#define own_txn __attribute__((cleanup(txn_end)))

/* query.c */
struct value {
	bool is_text;
	int64_t number;
	const char *text;
};
static inline struct value val_int(int64_t n)
{
	return (struct value){.number = n};
}
/* NULL is NULL; cut at DB_TEXT_MAX bytes, at a whole character. Borrowed until the query ends. */
static inline struct value val_text(const char *s)
{
	return (struct value){.is_text = true, .text = s};
}
/* "" is NULL as well. */
static inline struct value val_some(const char *s)
{
	return (struct value){.is_text = true, .text = s && *s ? s : NULL};
}

/* A prepared statement of this handle's cache with its values bound, or NULL with e filled. text must be a literal. */
sqlite3_stmt *db_query_n(struct db *db, struct err *e, const char *text, const struct value *v, int n);
#define DB_VALUES(...) (const struct value[]){__VA_ARGS__}, (int)(sizeof((const struct value[]){__VA_ARGS__}) / sizeof(struct value))
#define db_query(db, e, text, ...) db_query_n(db, e, text, DB_VALUES(__VA_ARGS__))
/* 1 a row, 0 no more, -1. q may be NULL (-1: the caller passes db_query's result unseen). */
int db_step(struct db *db, sqlite3_stmt *q, struct err *e);
/* For what returns no row that matters: 0 or -1. */
int db_run_n(struct db *db, struct err *e, const char *text, const struct value *v, int n);
#define db_run(db, e, text, ...) db_run_n(db, e, text, DB_VALUES(__VA_ARGS__))
/* Map SQLite's last error on this connection to ours: "cannot WHAT: …". Always -1. */
int db_fail(sqlite3 *sql, const char *queue_dir, const char *what, struct err *e);

static inline void query_end(sqlite3_stmt **q)
{
	if (*q) {
		sqlite3_reset(*q);
		sqlite3_clear_bindings(*q);
	}
}
#define own_query __attribute__((cleanup(query_end)))

static inline void statement_end(sqlite3_stmt **q)
{
	sqlite3_finalize(*q);
}
#define own_statement __attribute__((cleanup(statement_end)))

/* row.c: columns of a job, in this order. Those of a fresh one (queued, no attempt yet) are enough for it, and half
 * the cost of a listing of very many. */
#define JOB_COLUMNS_FRESH \
	"id, image, repo, ref, \"commit\", origin, pushed_by, state, force, clean, attempt, not_before_ms, created_ms, " \
	"priority "
#define JOB_COLUMNS \
	JOB_COLUMNS_FRESH ", crashes, superseded_by, reason, waiting_for, key, digest, tree, inputs, builder, " \
	"built_commit, reused, started_ms, built_ms, ended_ms, how_built "
/* True for a row of JOB_COLUMNS_FRESH whose job is not fresh: ask again, for all columns. */
bool job_row_lacks(sqlite3_stmt *q);
/* Fill *j with pointers into the row; good until the next step. -1: the row is damaged. */
int job_row_borrow(sqlite3_stmt *q, struct job *j, struct err *e);
/* The same with strings of its own. */
int job_row_copy(sqlite3_stmt *q, struct job *j, struct err *e);
/* Its times become those of the wall clock in force; before it leaves this room. */
void job_present(const struct db *db, struct job *j);
bool job_state_parse(const char *name, enum job_state *s);
/* A text column, "" for NULL. */
const char *row_text(sqlite3_stmt *q, int column);

/* enqueue.c: inside a write transaction. */
int job_enqueue_within(struct db *db, const struct job_wish *w, struct job_receipt *r, struct err *e);
int job_held(struct db *db, const char *image, int64_t *id, struct err *e); /* 0: none */
int job_supersede(struct db *db, int64_t id, int64_t by, const char *reason, struct err *e);

/* event.c: one line of the log, inside a write transaction. */
struct job_event {
	int64_t job, attempt;
	const char *image, *event, *detail, *who;
};
int job_event_add(struct db *db, const struct job_event *ev, struct err *e);

#endif
