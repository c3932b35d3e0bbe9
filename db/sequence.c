/* sequence: gives out job numbers that never repeat, since logs and fences are named by them,
 * although the database may be deleted at any time. The file `last-job` beside it holds the highest
 * number that may have been used. It advances a block at a time and is durable before the first
 * number of the block is used. If the file is lost or invalid, the highest number outside the queue
 * counts (db_queue).
 * DIAGNOSTICS: ERR_OPERATOR if the file cannot be read; ERR_NOBODY if a hook finds it lost. */
#include "db/inner.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const int64_t LAST_MAX = SEQUENCE_MAX;

static int64_t block_end(int64_t n)
{
	return (n + SEQUENCE_BLOCK - 1) / SEQUENCE_BLOCK * SEQUENCE_BLOCK;
}

static int64_t highest(const struct db *db)
{
	int64_t n = db->highest ? db->highest(db->highest_arg) : 0;

	return n > 0 && n <= LAST_MAX ? n : 0;
}

/* Returns 1 if read, 0 if missing or invalid, -1 on error. */
static int read_last(const struct db *db, int64_t *last, struct err *e)
{
	own_fd int fd = openat(db->dir, DB_LAST, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char text[64];
	ssize_t n;
	size_t digits;

	*last = 0;
	if (fd < 0 && errno == ENOENT)
		return 0;
	n = fd < 0 ? -1 : fs_pread(fd, text, sizeof(text) - 1, 0);
	if (n < 0)
		return err_sys(e, ERR_OPERATOR, "cannot read %s/" DB_LAST, db->queue_dir);
	text[n] = '\0';
	digits = strspn(text, "0123456789");
	if (digits == 0 || digits > 13 || strcmp(text + digits, "\n") != 0)
		return 0;
	*last = strtoll(text, NULL, 10);
	return *last <= LAST_MAX;
}

static int write_last(const struct db *db, int64_t last, struct err *e)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%" PRId64 "\n", last);

	return fs_replace(db->dir, DB_LAST, text, (size_t)len, 0660, e);
}

/* Always reads the numbers outside the queue: a new database is rare. */
int sequence_start(struct db *db, int64_t seq, int64_t *last, struct err *e)
{
	int64_t known, n = highest(db);

	if (read_last(db, &known, e) < 0)
		return -1;
	n = n > known ? n : known;
	*last = block_end(n > seq ? n : seq);
	return 0;
}

static int used(struct db *db, int64_t *seq, struct err *e)
{
	own_query sqlite3_stmt *q =
		db_query_n(db, e, "SELECT seq FROM sqlite_sequence WHERE name = 'jobs'", NULL, 0);
	int r = db_step(db, q, e);

	if (r < 0)
		return -1;
	*seq = r == 1 ? sqlite3_column_int64(q, 0) : 0;
	if (*seq < 0 || *seq > LAST_MAX)
		return db_damaged(db->queue_dir, e, "it counts jobs from %" PRId64, *seq);
	return 0;
}

/* A database without a counter and without the file was emptied. */
static int lost(struct db *db, int64_t seq, int64_t *last, struct err *e)
{
	if (seq == 0 && db->mode == DB_WRITE) {
		db_report(db->queue_dir);
		return err_set(
			e, ERR_NOBODY,
			"%s/" DB_LAST
			" is lost, and with it the next job number; hornerod writes it again",
			db->queue_dir);
	}
	*last = highest(db);
	return 0;
}

/* Opens a block if the last one is used up, or if the file says more than this database can know:
 * then a database that is gone used its numbers, and this one is a copy of an older one or another
 * node's. */
int sequence_next(struct db *db, int64_t *id, struct err *e)
{
	int64_t seq, last;
	int read;

	if (used(db, &seq, e) < 0 || (read = read_last(db, &last, e)) < 0 ||
	    (read == 0 && lost(db, seq, &last, e) < 0))
		return -1;
	if (seq % SEQUENCE_BLOCK == 0 || last > block_end(seq)) {
		if (last > seq)
			seq = block_end(last);
		if (write_last(db, seq + SEQUENCE_BLOCK, e) < 0)
			return -1;
	} else if ((read == 0 || last < block_end(seq)) && write_last(db, block_end(seq), e) < 0) {
		return -1;
	}
	*id = seq + 1;
	return 0;
}

int sequence_mend(struct db *db, struct err *e)
{
	int64_t seq, last, seen;
	int read;

	if (used(db, &seq, e) < 0 || (read = read_last(db, &last, e)) < 0)
		return -1;
	if (read == 1 && db->mode != DB_OWN)
		return 0;
	seen = highest(db);
	seen = block_end(seen > seq ? seen : seq);
	return read == 1 && last >= seen ? 0 : write_last(db, seen, e);
}

int sequence_skip(struct db *db, struct err *e)
{
	int64_t seq;

	if (used(db, &seq, e) < 0)
		return -1;
	if (seq % SEQUENCE_BLOCK == 0)
		return 0;
	return db_run(db, e, "UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'jobs'",
		      val_int(block_end(seq)));
}
