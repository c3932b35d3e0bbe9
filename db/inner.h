/*
 * inner: shared by the files of this room. Nobody else includes it (except a test and the
 * benchmark, for raw SQL).
 *
 *     own_txn struct txn t = TXN_INIT;
 *     own_query sqlite3_stmt *q = NULL;
 *     if (txn_write(&t, db, e) < 0) return -1;
 *     q = db_query(db, e, "… ?1 … ?2", val_int(id), val_text(image));
 *     while ((r = db_step(db, q, e)) == 1) …
 *     return txn_commit(&t, e);
 *
 * At the end of its variable's scope an uncommitted transaction is rolled back and its ticket
 * released.
 */
#ifndef HORNERO_DB_INNER_H
#define HORNERO_DB_INNER_H

#include "db/job.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/types.h>
#include <unistd.h>

#define DB_NAME  "queue.db"
#define DB_STAGING ".queue.db.new"
#define DB_LAST  "last-job"
#define DB_DAMAGED "queue.db.damaged-"   /* and the time */
#define DB_REPORT  ".queue.db.damaged"   /* a process met damage: hornerod checks */
#define DB_PLAN    ".queue.db.aside"     /* hornerod is moving it aside */

enum {
	DB_APPLICATION_ID = 0x686f726e, /* "horn", in the file's header */
	DB_CACHE_SLOTS = 64,
	DB_TEXT_MAX = 1000,         /* bytes of a text for users; longer ones are cut */
	DB_ROW_MAX = 65536,         /* bytes of a row read back */
	DB_WAL_PAGES_HOOK = 8000,   /* 32 MB: a hook leaves checkpoints to the agent up to here */
	DB_WAL_PAGES_AGENT = 1000,  /* SQLite's own default */
};

struct db_file_id {
	dev_t dev;
	ino_t ino;
};

struct db {
	sqlite3 *sql;
	char *queue_dir;
	int dir;                /* the queue directory, open; an flock on it is the ticket */
	enum db_mode mode;
	int wait_ms;
	int64_t deadline_ms;    /* of the current call; every wait ends here */
	pid_t pid;              /* the only process that may use this handle */
	int reading;            /* depth of read transactions */
	bool writing;
	bool relaxed;           /* a DB_WRITE handle does not sync */
	int wal_pages;          /* length of the write-ahead log after our last commit */
	struct db_file_id wal, shm;
	int64_t (*highest)(const void *arg); /* as in db_queue */
	const void *highest_arg;
	int64_t generation;     /* number of connections so far */
	struct steady clock;
	bool (*may)(const void *arg, const char *repo); /* of db_view; NULL: show all */
	const void *may_arg;
	struct db_cached {
		const char *text; /* compared by address: string literals */
		sqlite3_stmt *stmt;
	} cache[DB_CACHE_SLOTS];
};

/* Returns true if the queue directory has this file. */
static inline bool db_has(const struct db *db, const char *name)
{
	return faccessat(db->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* failing.c: if a failpoint is armed, it may be a write of SQLite. */
void db_let_fail(void);

/* connect.c: one connection. */
int db_connect(struct db *db, struct err *e);
void db_disconnect(struct db *db);
/* Returns 0 if the three files are those that this handle has open, 1 if the database was deleted
 * or replaced, 2 if it exists but its log was removed: its content cannot be trusted. */
int db_moved(struct db *db);

/* create.c: under the ticket. Makes a missing database, migrates an older one, then connects. */
int db_create(struct db *db, struct err *e);

/* make.c: under the ticket. Makes a missing database; does not connect. */
int db_make(struct db *db, struct err *e);
/* Removes the logs of a deleted database, and makes the empty file DB_STAGING with the right group
 * and mode. */
int db_make_staging(struct db *db, struct err *e);

/* migrate.c */
int db_newest_version(void);
int db_version(sqlite3 *sql, const char *queue_dir, int64_t *version, struct err *e);
/* Runs inside the caller's transaction. */
int db_migrate(sqlite3 *sql, const char *queue_dir, int64_t from, int64_t to, struct err *e);

/* damage.c */
/* Leaves a report for hornerod. */
void db_report(const char *queue_dir);
/* The same, and sets ERR_NOBODY with sys EUCLEAN. Always returns -1. */
int db_damaged(const char *queue_dir, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Returns true if SQLite's extended error code means that the file is damaged. */
bool db_is_damage(int code);

/* look.c */
/* Returns 1 if damaged (why says how), 0 if sound or of a newer hornero, -1 if it cannot tell. *seq
 * is the highest job number, or 0 if unreadable. */
int db_look(struct db *db, char *why, size_t size, int64_t *seq, struct err *e);

/* aside.c */
/* For hornerod: acts on a report, or finishes a move that a crash interrupted. Returns 1 if it
 * moved the database aside, 0 if there is nothing to do, -1 on error. */
int aside_heal(struct db *db, struct err *e);
/* Under the ticket: moves the database aside, makes another and connects. seq is its highest job
 * number, or 0. */
int aside_put(struct db *db, const char *why, int64_t seq, struct err *e);

/* plan.c: a move of a damaged database and its reason. */
struct db_plan {
	char name[64];
	int64_t seq; /* the highest job number seen */
	char why[512];
};
/* Returns 1 if read, 0 if missing or invalid: then nothing has moved yet. */
int plan_read(struct db *db, struct db_plan *p);
int plan_write(struct db *db, const struct db_plan *p, struct err *e);
/* Under the ticket, before a database is made: moves the log of a damaged database along with it
 * and takes its number into *seq. */
int plan_keep_log(struct db *db, int64_t *seq, struct err *e);

/* aside_files.c: the damaged databases, queue.db.damaged-TIME. */
bool db_kept_is_name(const char *name);
/* Finds an unused name. */
void db_kept_name(struct db *db, char name[64]);
/* Renames the database to name, if that is not done yet. */
int db_kept_take(struct db *db, const char *name, struct err *e);
/* The same for its logs. Call it before a new database exists: from then on the logs belong to
 * that. */
int db_kept_take_logs(struct db *db, const char *name, struct err *e);
/* Removes all but the newest. */
void db_kept_prune(struct db *db);

/* ticket.c: returns 0 if held, -1 on error (ERR_NOBODY after the deadline). db_ticket_drop releases
 * it. */
int db_ticket(struct db *db, struct err *e);
void db_ticket_drop(struct db *db);

/* sequence.c: all under the ticket. */
enum { SEQUENCE_BLOCK = 100 };
#define SEQUENCE_MAX INT64_C(1000000000000)
/* Finds the number after which a new database counts: at least seq. */
int sequence_start(struct db *db, int64_t seq, int64_t *last, struct err *e);
/* Returns a job number that was never used before and never will be again; it is durable on
 * return. */
int sequence_next(struct db *db, int64_t *id, struct err *e);
/* Writes the file again if it is lost or (DB_OWN) too low. */
int sequence_mend(struct db *db, struct err *e);
/* Skips to the next block: the newest rows are lost, and with them the numbers used in this
 * block. */
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
/* NULL becomes NULL. Cut at DB_TEXT_MAX bytes, at a whole character. Borrowed until the query
 * ends. */
static inline struct value val_text(const char *s)
{
	return (struct value){.is_text = true, .text = s};
}
/* "" becomes NULL, too. */
static inline struct value val_some(const char *s)
{
	return (struct value){.is_text = true, .text = s && *s ? s : NULL};
}

/* Returns a prepared statement of this handle's cache with its values bound, or NULL with e filled.
 * text must be a literal. */
sqlite3_stmt *db_query_n(struct db *db, struct err *e, const char *text, const struct value *v,
			 int n);
#define DB_VALUES(...) \
	(const struct value[]){__VA_ARGS__}, \
	(int)(sizeof((const struct value[]){__VA_ARGS__}) / sizeof(struct value))
#define db_query(db, e, text, ...) db_query_n(db, e, text, DB_VALUES(__VA_ARGS__))
/* Returns 1 if there is a row, 0 if not, -1 on error. q may be NULL (returns -1), so that callers
 * can pass db_query's result unchecked. */
int db_step(struct db *db, sqlite3_stmt *q, struct err *e);
/* For statements without result rows. Returns 0, or -1 on error. */
int db_run_n(struct db *db, struct err *e, const char *text, const struct value *v, int n);
#define db_run(db, e, text, ...) db_run_n(db, e, text, DB_VALUES(__VA_ARGS__))
/* Turns SQLite's last error on this connection into ours: "cannot WHAT: …". Always returns -1. */
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

/* row.c: columns of a job, in this order. Those of a fresh job (queued, no attempt yet) suffice for
 * it and halve the cost of a very long listing. */
#define JOB_COLUMNS_FRESH \
	"id, image, repo, ref, \"commit\", origin, pushed_by, state, force, clean, attempt, " \
	"not_before_ms, created_ms, priority "
#define JOB_COLUMNS \
	JOB_COLUMNS_FRESH ", crashes, superseded_by, reason, waiting_for, key, digest, tree, " \
	"inputs, builder, built_commit, reused, started_ms, built_ms, ended_ms, how_built, " \
	"waiting_kind, likely_ms "
/* Every change to a state other than built sets these columns. */
#define WAITS_FOR_NOTHING "waiting_for = NULL, waiting_kind = NULL"
/* Returns true for a row of JOB_COLUMNS_FRESH whose job is not fresh: query it again for all
 * columns. */
bool job_row_lacks(sqlite3_stmt *q);
/* Fills *j with pointers into the row, valid until the next step. Returns -1 if the row is
 * damaged. */
int job_row_borrow(sqlite3_stmt *q, struct job *j, struct err *e);
/* The same with strings of its own. */
int job_row_copy(sqlite3_stmt *q, struct job *j, struct err *e);
/* Converts its times to the current wall clock. Call it before the job leaves this room. */
void job_present(const struct db *db, struct job *j);
bool job_state_parse(const char *name, enum job_state *s);
/* Returns a text column, "" for NULL. */
const char *row_text(sqlite3_stmt *q, int column);

/* enqueue.c: inside a write transaction. */
int job_enqueue_within(struct db *db, const struct job_wish *w, struct job_receipt *r,
		       struct err *e);
int job_held(struct db *db, const char *image, int64_t *id, struct err *e); /* *id 0: none */
int job_supersede(struct db *db, int64_t id, int64_t by, const char *reason, struct err *e);

/* account.c: inside a write transaction. The processor time of each repository. */
enum { PRIORITY_SWEEP = 1, PRIORITY_CONFIRM = 100 }; /* of the column */
enum { ACCOUNT_UNKNOWN_MS = 1000 }; /* of an attempt without history */
#define ACCOUNT_MOST_MS INT64_C(1000000000)       /* of one attempt */
#define ACCOUNT_MAX_MS  INT64_C(1000000000000000) /* of a repository */
/* Before the job's claim. */
int account_charge(struct db *db, int64_t id, struct err *e);
/* After its attempt; does nothing the second time. */
int account_settle(struct db *db, int64_t id, const struct attempt_result *r, struct err *e);
int account_mend(struct db *db, struct err *e);
int account_forget(struct db *db, int most, struct err *e);

/* likely.c: 0 and "" if unknown. */
struct likely {
	char builder[64 + 1];
	int64_t ms, cpu_ms;
};
int likely_of(struct db *db, const char *image, struct likely *out, struct err *e);

/* forecast.c: inside a read transaction. The ready jobs in the order in which they will be served,
 * then those that wait for a time. */
struct forecast_row {
	int64_t id, priority, cpu_ms, ms;
	int64_t virtual_ms;            /* its repository's virtual time when it is served */
	int64_t begins_ms, ends_ms; /* of the steady clock; 0: unknown */
	uint32_t account;
};
struct forecast {
	struct forecast_row *rows;
	size_t n, ready;
};
int forecast_make(struct db *db, int64_t workers, struct forecast *out, struct err *e);
void forecast_end(struct forecast *f);
#define own_forecast __attribute__((cleanup(forecast_end)))
/* Fills in position, begins_ms and ends_ms, after job_present(). */
void forecast_tell(const struct db *db, const struct forecast *f, size_t i, struct job *j);

/* event.c: adds one line to the log, inside a write transaction. */
struct job_event {
	int64_t job, attempt;
	const char *image, *event, *detail, *who;
};
int job_event_add(struct db *db, const struct job_event *ev, struct err *e);

#endif
