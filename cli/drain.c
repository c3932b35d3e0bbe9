/* drain: starts no more builds and waits until none runs; resume (pause.c) undoes it. DIAGNOSTICS:
 * exit 75 with a sentence if builds still run at the end of --timeout. */
#include "cli/wait.h"
#include "cli/watch.h"
#include "cli/words.h"
#include "lib/bell.h"
#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "state/standstill.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

struct running {
	int n;
	int64_t first;
};

static int count_running(void *arg, const struct job *j)
{
	struct running *r = arg;

	if (j->state == JOB_RUNNING && r->n++ == 0)
		r->first = j->id;
	return 0;
}

/* Returns true once hornerod has read the request. Before that, it may be about to start a
 * build. */
static bool is_heard(const struct conf *c)
{
	struct standstill s;

	return standstill_read(c->run_dir, &s) || !cli_agent_runs(c);
}

/* Returns the exit code, or -1 on error. */
static int wait_drained(struct cli *cli, int64_t deadline_ms, struct err *e)
{
	own_watch struct watch w = watch_open();
	own_db struct db *db = NULL;
	int said = 0;

	if (cli_db(cli, DB_READ, &db, e) < 0)
		return -1;
	watch_add(&w, cli->conf->queue_dir);
	watch_add(&w, cli->conf->run_dir);
	for (;;) {
		struct running r = {0};
		bool heard = is_heard(cli->conf); /* must come before the count */
		int64_t left_ms = deadline_ms - clock_mono_ms();

		if (job_each(db, JOB_SCOPE_OPEN, count_running, &r, e) < 0)
			return -1;
		if (r.n == 0 && heard)
			break;
		if (left_ms <= 0 && r.n == 0) {
			fputs("hornero: hornerod has not answered; nothing starts once it does\n",
			      stderr);
			return 75;
		}
		if (left_ms <= 0) {
			fprintf(stderr,
				"hornero: %d build%s still run%s; none starts until `hornero "
				"resume`\n",
				r.n, r.n == 1 ? "" : "s", r.n == 1 ? "s" : "");
			return 75;
		}
		if (r.n != said)
			fprintf(stderr,
				"hornero: %d build%s to end first, job %" PRId64 " among them\n",
				r.n, r.n == 1 ? " has" : "s have", r.first);
		said = r.n;
		watch_wait(&w, left_ms);
	}
	puts("no build runs, and none starts until `hornero resume` or a restart of hornerod");
	return 0;
}

int drain_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	int64_t deadline_ms;

	if (!c || wait_deadline(call_option(call, "timeout"), &deadline_ms, e) < 0 ||
	    drain_begin(c->run_dir, e) < 0)
		return -1;
	bell_ring(c->run_dir);
	if (!cli_agent_runs(c)) {
		puts("hornerod does not run, so no build does");
		return 0;
	}
	return wait_drained(cli, deadline_ms, e);
}
