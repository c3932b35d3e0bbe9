/*
 * row: the least that a hook with SQLite must do. Adds one durable row to the queue whose database
 * is its argument (as a hook: row.db in the repository), and does nothing else. DIAGNOSTICS: 1,
 * with SQLite's message.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <time.h>

static int when_busy(void *arg, int count)
{
	const struct timespec pause = {.tv_nsec = 200000};

	(void)arg;
	(void)count;
	nanosleep(&pause, NULL);
	return 1;
}

int main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : "row.db";
	sqlite3 *sql = NULL;

	if (sqlite3_open_v2(path, &sql, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
	    sqlite3_busy_handler(sql, when_busy, NULL) == SQLITE_OK &&
	    sqlite3_db_config(sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) == SQLITE_OK &&
	    sqlite3_exec(sql,
			 "PRAGMA synchronous = FULL; BEGIN IMMEDIATE;"
			 "INSERT INTO events (at_ms, job, attempt, event) "
			 "VALUES (1, 0, 0, 'bench');"
			 "COMMIT",
			 NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	fprintf(stderr, "row: %s\n", sql ? sqlite3_errmsg(sql) : "no memory");
	return 1;
}
