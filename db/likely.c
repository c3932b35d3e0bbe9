/* likely: what a job will need, from the last builds of its image. DIAGNOSTICS: as query. */
#include "db/inner.h"

#include <stdio.h>
#include <stdlib.h>

enum { BUILDS = 5, SEARCHED = 50 };

static int by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int64_t median(int64_t *ms, int n)
{
	qsort(ms, (size_t)n, sizeof(*ms), by_value);
	return n ? ms[n / 2] : 0;
}

/* Builds that ended without an artifact count as well: the next one may end in the same way. */
int likely_of(struct db *db, const char *image, struct likely *out, struct err *e)
{
	own_query sqlite3_stmt *q = db_query(
		db, e,
		"SELECT j.builder, a.ended_ms - a.started_ms, a.cpu_ms FROM (SELECT id, attempt, "
		"builder, reused, origin, state FROM jobs INDEXED BY jobs_settled WHERE image = "
		"?1 AND (state = 'published' OR state = 'failed' OR state = 'cancelled') "
		"ORDER BY id DESC LIMIT ?2) AS j JOIN attempts AS a ON a.job = j.id AND a.attempt "
		"= j.attempt WHERE j.state <> 'cancelled' AND j.reused = 0 AND j.origin <> "
		"'confirm' AND a.ended_ms > a.started_ms ORDER BY j.id DESC LIMIT ?3",
		val_text(image), val_int(SEARCHED), val_int(BUILDS));
	int64_t ms[BUILDS], cpu_ms[BUILDS];
	int n = 0, r;

	*out = (struct likely){.ms = 0};
	while ((r = db_step(db, q, e)) == 1 && n < BUILDS) {
		if (n == 0)
			snprintf(out->builder, sizeof(out->builder), "%s", row_text(q, 0));
		ms[n] = sqlite3_column_int64(q, 1);
		cpu_ms[n++] = sqlite3_column_int64(q, 2);
	}
	if (r < 0)
		return -1;
	out->ms = median(ms, n);
	out->cpu_ms = median(cpu_ms, n);
	if (out->ms > ACCOUNT_MOST_MS)
		out->ms = ACCOUNT_MOST_MS;
	if (out->cpu_ms < 0 || out->cpu_ms > ACCOUNT_MOST_MS)
		out->cpu_ms = 0;
	return 0;
}
