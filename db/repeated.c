/* repeated: content of an image whose build failed, and would fail again. DIAGNOSTICS: as query. */
#include "db/inner.h"

#include "lib/hex.h"
#include "state/cause.h"

#include <stdio.h>

enum { SEARCHED = 50 };

/* A repeated failure remembers the first one. A later success, by `hornero retry`, ends the
 * memory. */
int job_failures(struct db *db, const char *image, struct job_failure *list, int most,
		 struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_query sqlite3_stmt *q = NULL;
	int n = 0, r = 0;

	if (txn_read(&t, db, e) < 0)
		return -1;
	q = db_query(db, e,
		     "WITH recent AS MATERIALIZED (SELECT id, attempt, state, key FROM jobs "
		     "INDEXED BY jobs_settled WHERE image = ?1 AND (state = 'published' OR state = "
		     "'failed' OR state = 'cancelled') ORDER BY id DESC LIMIT ?2) SELECT "
		     "min(f.id), f.key FROM recent AS f JOIN attempts AS a ON a.job = f.id "
		     "AND a.attempt = f.attempt WHERE f.state = 'failed' AND f.key IS NOT NULL "
		     "AND a.class = 'pusher' AND a.cause IN (?3, ?4) AND NOT EXISTS (SELECT 1 "
		     "FROM recent AS p WHERE p.state = 'published' AND p.key = f.key AND p.id > "
		     "f.id) GROUP BY f.key ORDER BY max(f.id) DESC LIMIT ?5",
		     val_text(image), val_int(SEARCHED), val_text(cause_name(CAUSE_EXIT)),
		     val_text(cause_name(CAUSE_REPEATED)), val_int(most));
	while (n < most && (r = db_step(db, q, e)) == 1) {
		const char *key = row_text(q, 1);

		if (!hex_is_oid(key))
			continue;
		list[n].job = sqlite3_column_int64(q, 0);
		snprintf(list[n++].key, sizeof(list->key), "%s", key);
	}
	return r < 0 ? -1 : n;
}
