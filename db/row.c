/* row: turns a row of jobs into a struct job and checks it: members of the queue's group can write
 * anything there. DIAGNOSTICS: a damaged row is damage of the queue (damage.c); the message names
 * its job. */
#include "db/inner.h"

#include "lib/fs.h"
#include "lib/hex.h"
#include "lib/own.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The columns of JOB_COLUMNS; those of JOB_COLUMNS_FRESH come first. */
enum {
	C_ID, C_IMAGE, C_REPO, C_REF, C_COMMIT, C_ORIGIN, C_PUSHED_BY, C_STATE, C_FORCE, C_CLEAN,
	C_ATTEMPT, C_NOT_BEFORE, C_CREATED, C_PRIORITY, N_FRESH, C_CRASHES = N_FRESH,
	C_SUPERSEDED_BY, C_REASON, C_WAITING_FOR, C_KEY, C_DIGEST, C_TREE, C_INPUTS, C_BUILDER,
	C_BUILT_COMMIT, C_REUSED, C_STARTED, C_BUILT, C_ENDED, C_HOW_BUILT, C_WAITING_KIND,
	C_LIKELY,
};

static const struct {
	int column;
	size_t offset;
} texts[] = {
	{C_REPO, offsetof(struct job, repo)},
	{C_REF, offsetof(struct job, ref)},
	{C_COMMIT, offsetof(struct job, commit)},
	{C_ORIGIN, offsetof(struct job, origin)},
	{C_PUSHED_BY, offsetof(struct job, pushed_by)},
	{C_REASON, offsetof(struct job, reason)},
	{C_WAITING_FOR, offsetof(struct job, waiting_for)},
	{C_KEY, offsetof(struct job, key)},
	{C_DIGEST, offsetof(struct job, digest)},
	{C_TREE, offsetof(struct job, tree)},
	{C_INPUTS, offsetof(struct job, inputs)},
	{C_BUILDER, offsetof(struct job, builder)},
	{C_BUILT_COMMIT, offsetof(struct job, built_commit)},
	{C_HOW_BUILT, offsetof(struct job, how_built)},
	{C_WAITING_KIND, offsetof(struct job, waiting_kind)},
};
enum { N_TEXTS = sizeof(texts) / sizeof(texts[0]) };

static char **text_at(struct job *j, int i)
{
	return (char **)(void *)((char *)j + texts[i].offset);
}

const char *row_text(sqlite3_stmt *q, int column)
{
	const unsigned char *text = sqlite3_column_text(q, column);

	return text ? (const char *)text : "";
}

/* Returns true for "" and for an object id. */
static bool oid(const char *s)
{
	return !*s || hex_is_oid(s);
}

static bool well_formed(const struct job *j)
{
	return j->id > 0 && j->attempt >= 0 && j->crashes >= 0 && uuid_valid(j->image) &&
	       *j->commit && oid(j->commit) && oid(j->key) && oid(j->digest) && oid(j->tree) &&
	       oid(j->inputs) && oid(j->built_commit);
}

bool job_row_lacks(sqlite3_stmt *q)
{
	return sqlite3_column_count(q) == N_FRESH && sqlite3_column_int64(q, C_ATTEMPT) != 0;
}

static void borrow_fresh(sqlite3_stmt *q, struct job *j)
{
	const char *image = row_text(q, C_IMAGE);

	*j = (struct job){
		.id = sqlite3_column_int64(q, C_ID),
		.force = sqlite3_column_int(q, C_FORCE) != 0,
		.clean = sqlite3_column_int(q, C_CLEAN) != 0,
		.attempt = sqlite3_column_int64(q, C_ATTEMPT),
		.not_before_ms = sqlite3_column_int64(q, C_NOT_BEFORE),
		.created_ms = sqlite3_column_int64(q, C_CREATED),
		.priority = -sqlite3_column_int64(q, C_PRIORITY),
	};
	if (strnlen(image, sizeof(j->image)) < sizeof(j->image))
		strcpy(j->image, image);
}

static void borrow_rest(sqlite3_stmt *q, struct job *j)
{
	j->crashes = sqlite3_column_int64(q, C_CRASHES);
	j->superseded_by = sqlite3_column_int64(q, C_SUPERSEDED_BY);
	j->reused = sqlite3_column_int(q, C_REUSED) != 0;
	j->started_ms = sqlite3_column_int64(q, C_STARTED);
	j->built_ms = sqlite3_column_int64(q, C_BUILT);
	j->ended_ms = sqlite3_column_int64(q, C_ENDED);
	j->likely_ms = sqlite3_column_int64(q, C_LIKELY);
}

static int damaged(sqlite3_stmt *q, int64_t id, struct err *e)
{
	const char *path = sqlite3_db_filename(sqlite3_db_handle(q), "main");
	const char *end = path ? strrchr(path, '/') : NULL;
	own_free char *dir = fs_path("%.*s", end ? (int)(end - path) : 1, end ? path : ".");

	return db_damaged(dir, e, "the row of job %lld is invalid", (long long)id);
}

int job_row_borrow(sqlite3_stmt *q, struct job *j, struct err *e)
{
	int columns = sqlite3_column_count(q);
	struct job row;
	bool known;

	borrow_fresh(q, &row);
	if (columns > N_FRESH)
		borrow_rest(q, &row);
	known = job_state_parse(row_text(q, C_STATE), &row.state);
	/* struct job owns its strings elsewhere, hence char *; nobody writes through a borrowed
	 * row. */
	for (int i = 0; i < N_TEXTS; i++)
		*text_at(&row, i) =
			(char *)(uintptr_t)(texts[i].column < columns ? row_text(q, texts[i].column)
								      : "");
	if (!known || !well_formed(&row))
		return damaged(q, row.id, e);
	*j = row;
	return 0;
}

int job_row_copy(sqlite3_stmt *q, struct job *j, struct err *e)
{
	struct job row;
	bool whole = true;

	if (job_row_borrow(q, &row, e) < 0)
		return -1;
	for (int i = 0; i < N_TEXTS; i++) {
		*text_at(&row, i) = strdup(*text_at(&row, i));
		whole = whole && *text_at(&row, i);
	}
	if (!whole) {
		job_fini(&row);
		return err_set(e, ERR_NOBODY, "out of memory for a job");
	}
	*j = row;
	return 0;
}

void job_present(const struct db *db, struct job *j)
{
	int64_t *const times[] = {&j->not_before_ms, &j->created_ms, &j->started_ms, &j->built_ms,
				  &j->ended_ms};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		*times[i] = steady_present_ms(&db->clock, *times[i]);
}

void job_fini(struct job *j)
{
	for (int i = 0; i < N_TEXTS; i++) {
		free(*text_at(j, i));
		*text_at(j, i) = NULL;
	}
}
