/* queue-tool: calls db/ for shell scripts. Not installed.
 *
 *     queue-tool [-m read|write|create] [-w MS] [-f FAILPOINT] DIR WORD [ARGUMENT…]
 *
 *     enqueue IMAGE COMMIT    prints the job's number once it is durable
 *     stream PREFIX           enqueues image after image, printing each number, until killed
 *     claim                   prints "JOB IMAGE ATTEMPT", or nothing
 *     list                    prints "JOB STATE IMAGE" of every job
 *     hold                    opens it, prints "open", and keeps it so until standard input ends
 *     check                   PRAGMA integrity_check
 *     sql TEXT                prints the first column of each row
 *
 * DIAGNOSTICS: the message on standard error, the exit code of its class. */
#include "db/inner.h"
#include "lib/clock.h"
#include "lib/failpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int print_job(void *arg, const struct job *j)
{
	(void)arg;
	printf("%" PRId64 " %s %s\n", j->id, job_state_name(j->state), j->image);
	return 0;
}

static int enqueue(struct db *db, const char *image, const char *commit, struct err *e)
{
	const struct job_wish w = {.image = image,
				   .repo = "hello",
				   .ref = "refs/heads/main",
				   .commit = commit,
				   .origin = "push",
				   .pushed_by = "tool"};
	struct job_receipt r;

	if (job_enqueue(db, &w, &r, e) < 0)
		return -1;
	printf("%" PRId64 "\n", r.id);
	return fflush(stdout);
}

static int stream(struct db *db, const char *prefix, struct err *e)
{
	char image[UUID_LEN + 1];
	int r = 0;

	for (unsigned int i = 0; r == 0; i++) {
		snprintf(image, sizeof(image), "%.8s-0000-4000-8000-%012x", prefix, i);
		r = enqueue(db, image, "1111111111111111111111111111111111111111", e);
	}
	return r;
}

static int claim(struct db *db, struct err *e)
{
	own_job struct job j = {.id = 0};
	int r = job_claim(db, clock_wall_ms(), &(struct job_terms){.idle = false}, &j, e);

	if (r == 1)
		printf("%" PRId64 " %s %" PRId64 "\n", j.id, j.image, j.attempt);
	return r < 0 ? -1 : 0;
}

static int hold(void)
{
	char c;

	puts("open");
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	return 0;
}

static int sql(struct db *db, const char *text, struct err *e)
{
	own_txn struct txn t = TXN_INIT;
	own_statement sqlite3_stmt *q = NULL;
	int r;

	if (txn_read(&t, db, e) < 0)
		return -1;
	if (sqlite3_prepare_v2(db->sql, text, -1, &q, NULL) != SQLITE_OK)
		return db_fail(db->sql, db->queue_dir, "read", e);
	while ((r = db_step(db, q, e)) == 1)
		puts(row_text(q, 0));
	return r;
}

static int run(struct db *db, char **words, int n, struct err *e)
{
	if (n == 3 && strcmp(words[0], "enqueue") == 0)
		return enqueue(db, words[1], words[2], e);
	if (n == 2 && strcmp(words[0], "stream") == 0)
		return stream(db, words[1], e);
	if (n == 1 && strcmp(words[0], "claim") == 0)
		return claim(db, e);
	if (n == 1 && strcmp(words[0], "list") == 0)
		return job_each(db, JOB_SCOPE_ALL, print_job, NULL, e);
	if (n == 1 && strcmp(words[0], "hold") == 0)
		return hold();
	if (n == 1 && strcmp(words[0], "check") == 0)
		return sql(db, "PRAGMA integrity_check", e);
	if (n == 2 && strcmp(words[0], "sql") == 0)
		return sql(db, words[1], e);
	return err_set(e, ERR_USAGE, "queue-tool: no such word");
}

int main(int argc, char **argv)
{
	enum db_mode mode = DB_CREATE;
	int wait_ms = 10000, option;
	own_db struct db *db = NULL;
	struct err e = ERR_INIT;

	while ((option = getopt(argc, argv, "+m:w:f:")) != -1) {
		if (option == 'm')
			mode = *optarg == 'r'   ? DB_READ
			       : *optarg == 'w' ? DB_WRITE
			       : *optarg == 'o' ? DB_OWN
						: DB_CREATE;
		else if (option == 'w')
			wait_ms = atoi(optarg);
		else if (option == 'f')
			failpoint_arm(optarg);
		else
			return 64;
	}
	if (argc - optind < 2)
		return 64;
	if (db_open(&db, &(struct db_queue){.queue_dir = argv[optind]}, mode, wait_ms, &e) == 0 &&
	    run(db, argv + optind + 1, argc - optind - 1, &e) == 0)
		return fflush(stdout) == 0 ? 0 : 70;
	fprintf(stderr, "queue-tool: %s\n", e.msg);
	return err_exit(e.class);
}
