/* sequence: job numbers that never repeat, although the database may be deleted at any time: logs and fences
 * are named by them. The file `last-job` beside it holds the highest number that may have been given out;
 * it is moved on a block at a time, and is durable before the first number of the block is used.
 * DIAGNOSTICS: ERR_OPERATOR where the file holds something else. */
#include "db/inner.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK = 100 };
static const int64_t LAST_MAX = INT64_C(1000000000000000);

/* 0 where there is no file. */
static int read_last(int dir, const char *queue_dir, int64_t *last, struct err *e)
{
	own_free char *text = NULL;
	size_t len, digits;

	*last = 0;
	if (faccessat(dir, DB_LAST, F_OK, 0) < 0 && errno == ENOENT)
		return 0;
	if (fs_read(dir, DB_LAST, 64, &text, &len, e) < 0)
		return err_wrap(e, "in %s", queue_dir);
	digits = strspn(text, "0123456789");
	if (digits == 0 || digits > 16 || strcmp(text + digits, "\n") != 0 || strlen(text) != len)
		return err_set(e, ERR_OPERATOR, "%s/" DB_LAST " does not hold a number; write the highest job number that "
			       "a log has into it", queue_dir);
	*last = strtoll(text, NULL, 10);
	return 0;
}

static int write_last(int dir, int64_t last, struct err *e)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%" PRId64 "\n", last);

	return fs_replace(dir, DB_LAST, text, (size_t)len, 0660, e);
}

static int64_t block_end(int64_t n)
{
	return (n + BLOCK - 1) / BLOCK * BLOCK;
}

int sequence_start(int dir, const char *queue_dir, int64_t *last, struct err *e)
{
	int64_t n;

	if (read_last(dir, queue_dir, &n, e) < 0)
		return -1;
	*last = block_end(n);
	return 0;
}

static int used(struct db *db, int64_t *seq, struct err *e)
{
	own_query sqlite3_stmt *q = db_query_n(db, e, "SELECT seq FROM sqlite_sequence WHERE name = 'jobs'", NULL, 0);
	int r = db_step(db, q, e);

	if (r < 0)
		return -1;
	*seq = r == 1 ? sqlite3_column_int64(q, 0) : 0;
	if (*seq < 0 || *seq > LAST_MAX)
		return err_set(e, ERR_OPERATOR, "%s/" DB_NAME " counts jobs from %" PRId64 "; move it away, and the next "
			       "sweep queues again what is not warm", db->queue_dir, *seq);
	return 0;
}

/* A block is opened where the last one is used up; then the file's word counts, should it be the higher one:
 * its numbers may have been used by a database that is gone. */
int sequence_next(struct db *db, int64_t *id, struct err *e)
{
	int64_t seq, last;

	if (used(db, &seq, e) < 0)
		return -1;
	if (seq % BLOCK == 0) {
		if (read_last(db->dir, db->queue_dir, &last, e) < 0)
			return -1;
		if (last > seq)
			seq = block_end(last);
		if (write_last(db->dir, seq + BLOCK, e) < 0)
			return -1;
	}
	*id = seq + 1;
	return 0;
}

int sequence_mend(struct db *db, struct err *e)
{
	int64_t seq;

	if (used(db, &seq, e) < 0)
		return -1;
	if (faccessat(db->dir, DB_LAST, F_OK, 0) == 0)
		return 0;
	return write_last(db->dir, block_end(seq), e);
}
