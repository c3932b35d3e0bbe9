/* top_look: collects what `hornero top` shows. DIAGNOSTICS: as db says. */
#include "cli/top.h"

#include "cli/view.h"
#include "conf/keyring.h"
#include "lib/clock.h"
#include "lib/own.h"
#include "lib/stall.h"

#include <string.h>

enum { HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS };

struct look {
	struct cli *cli;
	struct db *db;
	struct snapshot *s;
	struct err *e;
	bool failed;
};

/* Called for open jobs first, then for ended jobs, newest first. Stops at one that ended more than
 * a day ago. */
static int look_at_job(void *arg, const struct job *j)
{
	struct look *l = arg;
	struct snapshot *s = l->s;
	int64_t ago_ms = s->at_ms - j->ended_ms;

	if (!job_state_ended(j->state)) {
		s->counts[j->state]++;
		if (s->n < TOP_JOBS_MAX &&
		    cli_job_get(l->cli, l->db, j->id, &s->jobs[s->n], l->e) < 0)
			l->failed = true;
		s->n += s->n < TOP_JOBS_MAX && s->jobs[s->n].id;
		return l->failed;
	}
	if (j->state == JOB_PUBLISHED && strcmp(j->origin, "push") == 0 && ago_ms <= DAY_MS) {
		span_add(&s->day, j->ended_ms - j->created_ms);
		if (ago_ms <= HOUR_MS)
			span_add(&s->hour, j->ended_ms - j->created_ms);
	}
	return ago_ms > DAY_MS;
}

int snapshot_take(struct cli *cli, struct snapshot *s, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	own_db struct db *db = NULL;
	struct look l = {.cli = cli, .s = s, .e = e};

	*s = (struct snapshot){.at_ms = clock_wall_ms()};
	if (!c || cli_db(cli, DB_READ, &db, e) < 0)
		return -1;
	l.db = db;
	if (job_each_newest(db, &(struct job_filter){.workers = c->workers}, look_at_job, &l, e) <
		    0 || l.failed)
		return -1;
	for (size_t i = 0; i < s->n; i++)
		if (s->jobs[i].state == JOB_RUNNING)
			usage_look(c, s->jobs[i].id, s->jobs[i].attempt, &s->usage[i]);
	starved_look(c, s->jobs, s->n, s->starved);
	s->sees_node = !cli->key || key_may(cli->key, KEY_ADMIN, NULL);
	s->memory = stall_percent(c->pressure_dir, "memory");
	s->io = stall_percent(c->pressure_dir, "io");
	s->cpu = stall_percent(c->pressure_dir, "cpu");
	s->load = stall_load();
	s->agent_runs = cli_agent_runs(c) == 1;
	standstill_read(c->run_dir, &s->standstill);
	return 0;
}

void snapshot_free(struct snapshot *s)
{
	for (size_t i = 0; i < s->n; i++)
		job_fini(&s->jobs[i]);
	span_fini(&s->hour);
	span_fini(&s->day);
	*s = (struct snapshot){0};
}
