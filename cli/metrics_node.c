/* metrics_node: what holds on the node at this moment. DIAGNOSTICS: a figure that cannot be read is
 * left out, since any number would be taken for true. */
#include "cli/metrics.h"

#include "cli/cache.h"
#include "cli/mirroring.h"
#include "lib/alone.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/stall.h"
#include "state/done.h"
#include "state/doorcounts.h"
#include "state/pause.h"
#include "state/stuck.h"
#include "store/inventory.h"
#include "store/registration.h"
#include "store/rollout.h"
#include "store/stable.h"
#include "store/warm.h"

#include <string.h>

enum {
	LABELS_MAX = 64,
	WARM_STATES = WARM_CHANGED + 1,
	GLANCE_STATES = REGISTRATION_RETIRED + 1,
	MIRROR_STATES = MIRRORED_FAILED + 1,
	ROLLOUT_STATES = ROLLOUT_DONE + 1,
};

static const char *label(char labels[LABELS_MAX], const char *name, const char *value)
{
	snprintf(labels, LABELS_MAX, "%s=\"%s\"", name, value);
	return labels;
}

static void gauge(struct metrics *m, const char *name, const char *unit, const char *help,
		  double value)
{
	metric_begin(m, METRIC_GAUGE, name, unit, help);
	metric_value(m, NULL, value);
}

/* ---- the queue ---- */

struct open_jobs {
	int64_t states[JOB_STATES], waits[WAITING_UNKNOWN + 1], oldest_ms;
};

static int count_job(void *arg, const struct job *j)
{
	struct open_jobs *o = arg;

	o->states[j->state]++;
	if (j->state == JOB_BUILT)
		o->waits[job_waits(j)]++;
	if (j->state == JOB_QUEUED && !job_is_confirm(j->origin) &&
	    (!o->oldest_ms || j->created_ms < o->oldest_ms))
		o->oldest_ms = j->created_ms;
	return 0;
}

static void print_queue(struct metrics *m, const struct cli *cli, struct db *db)
{
	struct open_jobs o = {.oldest_ms = 0};
	struct err ignored = ERR_INIT;
	char labels[LABELS_MAX];

	if (!db || job_each(db, JOB_SCOPE_OPEN, count_job, &o, &ignored) < 0)
		return;
	metric_begin(m, METRIC_GAUGE, "hornero_jobs", NULL, "Jobs that have not ended.");
	for (int s = 0; s < JOB_STATES; s++)
		if (!job_state_ended((enum job_state)s))
			metric_value(m, label(labels, "state", job_state_name((enum job_state)s)),
				     (double)o.states[s]);
	metric_begin(m, METRIC_GAUGE, "hornero_jobs_waiting", NULL,
		     "Built jobs that are not published yet, by what they wait for.");
	for (int w = WAITING_NOTHING; w <= WAITING_UNKNOWN; w++)
		metric_value(m,
			     label(labels, "reason",
				   w == WAITING_NOTHING ? "none" : waiting_name((enum waiting)w)),
			     (double)o.waits[w]);
	gauge(m, "hornero_queue_oldest_seconds", "seconds",
	      "Age of the oldest queued job; confirmations do not count.",
	      o.oldest_ms && cli->now_ms > o.oldest_ms
		      ? (double)(cli->now_ms - o.oldest_ms) / 1000 : 0);
}

/* ---- hornerod ---- */

static void count_stuck(void *arg, const char *sentence)
{
	(void)sentence;
	++*(int *)arg;
}

static void print_standstill(struct metrics *m, const struct conf *c)
{
	own_paused struct paused p = {.node = false};
	struct standstill s;
	char labels[LABELS_MAX];
	int stuck = 0;

	paused_load(&p, c);
	paused_why(&p, c, NULL, false, &s);
	gauge(m, "hornero_node_paused", NULL, "1 if a user paused the node.", p.node);
	gauge(m, "hornero_images_paused", NULL, "Images that a user paused.", (double)p.n);
	metric_begin(m, METRIC_GAUGE, "hornero_standstill", NULL,
		     "1 for the reason why nothing starts on the node at the moment.");
	for (int w = WAITING_NOTHING + 1; w <= WAITING_UNKNOWN; w++)
		metric_value(m, label(labels, "reason", waiting_name((enum waiting)w)),
			     (int)s.kind == w);
	stuck_each(c->run_dir, NULL, count_stuck, &stuck);
	gauge(m, "hornero_processes_stuck", NULL, "Processes that hang, as hornerod sees them.",
	      stuck);
}

static void print_pressure(struct metrics *m, const struct conf *c)
{
	const struct {
		const char *name;
		double percent;
		int64_t limit;
	} list[] = {
		{"memory", stall_percent(c->pressure_dir, "memory"), c->memory_pressure_limit},
		{"io", stall_percent(c->pressure_dir, "io"), c->io_pressure_limit},
		{"cpu", stall_percent(c->pressure_dir, "cpu"), c->cpu_pressure_limit},
		{"load", stall_load(), c->load_limit},
	};
	enum { N = sizeof(list) / sizeof(list[0]) };
	char labels[LABELS_MAX];

	metric_begin(m, METRIC_GAUGE, "hornero_pressure_ratio", "ratio",
		     "Share of the last ten seconds in which processes waited; load: the load "
		     "average by the number of processors.");
	for (int i = 0; i < N; i++)
		if (list[i].percent >= 0)
			metric_value(m, label(labels, "resource", list[i].name),
				     list[i].percent / 100);
	metric_begin(m, METRIC_GAUGE, "hornero_pressure_limit_ratio", "ratio",
		     "Pressure above which builds stand still; no sample without a limit.");
	for (int i = 0; i < N; i++)
		if (list[i].limit > 0)
			metric_value(m, label(labels, "resource", list[i].name),
				     (double)list[i].limit / 100);
}

static void print_done(struct metrics *m, const struct cli *cli, int64_t confirmed_ms)
{
	char labels[LABELS_MAX];

	metric_begin(m, METRIC_GAUGE, "hornero_last_success_timestamp_seconds", "seconds",
		     "When each upkeep program of hornerod, or a confirmation, last succeeded.");
	for (int d = 0; d < DONES; d++) {
		int64_t at_ms = steady_present_ms(&cli->clock,
						  done_when(cli->conf->run_dir, (enum done)d));

		if (at_ms)
			metric_value(m, label(labels, "task", done_name((enum done)d)),
				     (double)at_ms / 1000);
	}
	if (confirmed_ms)
		metric_value(m, "task=\"confirm\"",
			     (double)steady_present_ms(&cli->clock, confirmed_ms) / 1000);
}

/* ---- images and disks ---- */

static void print_images(struct metrics *m, const struct conf *c, const struct image *list,
			 size_t n)
{
	int64_t states[WARM_STATES] = {0}, broken = 0;
	struct err ignored = ERR_INIT;
	char labels[LABELS_MAX];

	for (size_t i = 0; i < n; i++) {
		enum warm_state state = WARM_NONE;
		struct warm w;

		broken += list[i].broken;
		if (warm_look(c->store_dir, c->cache_dir, list[i].uuid, &w, &state, &ignored) == 0)
			states[state]++;
	}
	metric_begin(m, METRIC_GAUGE, "hornero_images", NULL,
		     "Images by the state of their file in Nova's cache; none: never published.");
	for (int s = 0; s < WARM_STATES; s++)
		metric_value(m, label(labels, "state", warm_state_name((enum warm_state)s)),
			     (double)states[s]);
	gauge(m, "hornero_images_broken", NULL, "Image files with an error.", (double)broken);
}

static void print_room(struct metrics *m, const struct conf *c)
{
	const struct floor floors[] = {conf_store_floor(c), conf_work_floor(c),
				       conf_cache_floor(c), conf_state_floor(c)};
	static const char *const areas[] = {"area=\"store\"", "area=\"work\"", "area=\"cache\"",
					    "area=\"state\""};

	metric_begin(m, METRIC_GAUGE, "hornero_filesystem_free_bytes", "bytes",
		     "Bytes that hornero may still write on the filesystem of each area.");
	for (int i = 0; i < 4; i++)
		if (floor_free_bytes(&floors[i]) >= 0)
			metric_value(m, areas[i], (double)floor_free_bytes(&floors[i]));
	metric_begin(m, METRIC_GAUGE, "hornero_filesystem_floor_bytes", "bytes",
		     "Bytes that must stay free there: below it nothing is built.");
	for (int i = 0; i < 4; i++)
		metric_value(m, areas[i], (double)floor_bytes(&floors[i]));
}

static void print_budgets(struct metrics *m, const struct conf *c)
{
	own_inventory struct inventory all = {0};
	struct err ignored = ERR_INIT;
	bool has_store = inventory_load(&all, c->store_dir, &ignored) == 0;
	int64_t in_cache = cache_used_bytes(c);

	if (has_store)
		gauge(m, "hornero_store_artifacts", NULL, "Artifacts in the store.", (double)all.n);
	metric_begin(m, METRIC_GAUGE, "hornero_used_bytes", "bytes",
		     "Disk space of the artifacts in the store, and of hornero's files in Nova's "
		     "cache.");
	if (has_store)
		metric_value(m, "area=\"store\"", (double)all.bytes);
	if (in_cache >= 0)
		metric_value(m, "area=\"cache\"", (double)in_cache);
	metric_begin(m, METRIC_GAUGE, "hornero_budget_bytes", "bytes",
		     "Budget of each area. Without a budget there is no sample.");
	if (c->store_budget_bytes)
		metric_value(m, "area=\"store\"", (double)c->store_budget_bytes);
	if (c->cache_budget_bytes)
		metric_value(m, "area=\"cache\"", (double)c->cache_budget_bytes);
}

/* ---- other programs ---- */

/* An answer to an older file of the outbox is none. */
static void count_releases(const struct conf *c, int64_t states[GLANCE_STATES])
{
	own_free struct outgoing *list = NULL;
	struct err ignored = ERR_INIT;
	struct registration r;
	size_t n = 0;

	if (outbox_load(c->store_dir, &list, &n, &ignored) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (registration_load(c->glance_dir, list[i].release, &r, &ignored) == 1 &&
		    registration_answers(&r, &list[i]))
			states[registration_state(&r)]++;
		else
			states[REGISTRATION_NONE]++;
}

static void count_stable(const struct conf *c, int64_t states[GLANCE_STATES])
{
	own_free struct stable *list = NULL;
	struct err ignored = ERR_INIT;
	struct registration r;
	size_t n = 0;

	if (stable_load(c->store_dir, &list, &n, &ignored) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (registration_load(c->glance_dir, list[i].image, &r, &ignored) == 1 &&
		    r.job == list[i].serial)
			states[registration_state(&r)]++;
		else
			states[REGISTRATION_NONE]++;
}

static void print_glance(struct metrics *m, const struct conf *c)
{
	int64_t states[GLANCE_STATES] = {0};
	char labels[LABELS_MAX];

	count_releases(c, states);
	count_stable(c, states);
	metric_begin(m, METRIC_GAUGE, "hornero_glance_outbox", NULL,
		     "Releases and stable ids to be registered in Glance, by what became of them.");
	for (int s = 0; s < GLANCE_STATES; s++)
		metric_value(
			m,
			label(labels, "state",
			      registration_state_name((enum registration_state)s)),
			(double)states[s]);
	gauge(m, "hornero_glance_up", NULL, "1 if hornero-glance runs.",
	      alone_is_taken(c->glance_dir) == 1);
}

static void print_rollouts(struct metrics *m, const struct conf *c, const struct image *list,
			   size_t n)
{
	int64_t states[ROLLOUT_STATES] = {0};
	struct err ignored = ERR_INIT;
	char labels[LABELS_MAX];
	struct rollout r;

	for (size_t i = 0; i < n; i++)
		if (rollout_load(c->glance_dir, list[i].uuid, &r, &ignored) == 1)
			states[rollout_state(&r)]++;
	metric_begin(m, METRIC_GAUGE, "hornero_rollouts", NULL,
		     "Images whose servers are rebuilt onto each release, by what became of the "
		     "last one.");
	for (int s = 0; s < ROLLOUT_STATES; s++)
		metric_value(m, label(labels, "state", rollout_state_name((enum rollout_state)s)),
			     (double)states[s]);
}

struct mirrors {
	const struct conf *c;
	int64_t states[MIRROR_STATES];
};

static void count_mirror(void *arg, const char *repo)
{
	struct mirrors *all = arg;
	struct err ignored = ERR_INIT;
	struct mirroring g;

	if (mirroring_look(all->c, repo, &g, &ignored) > 0)
		all->states[g.state]++;
}

static void print_mirrors(struct metrics *m, const struct conf *c)
{
	struct mirrors all = {.c = c};
	struct err ignored = ERR_INIT;
	char labels[LABELS_MAX];

	gauge(m, "hornero_mirror_up", NULL, "1 if hornero-mirror runs.",
	      alone_is_taken(c->mirror_dir) == 1);
	if (mirror_each(c, count_mirror, &all, &ignored) < 0)
		return;
	metric_begin(m, METRIC_GAUGE, "hornero_mirrors", NULL,
		     "Repositories that follow an upstream, by what became of the last fetch.");
	for (int s = 0; s < MIRROR_STATES; s++)
		metric_value(m, label(labels, "state", mirrored_state_name((enum mirrored_state)s)),
			     (double)all.states[s]);
}

static void print_door(struct metrics *m, const struct conf *c)
{
	struct door_counts d = {0};
	char labels[LABELS_MAX];
	int answers = doorcounts_ask(c->run_dir, &d);

	gauge(m, "hornero_door_up", NULL, "1 if hornero-door listens and answers.", answers == 1);
	if (answers != 1)
		return;
	metric_begin(m, METRIC_COUNTER, "hornero_door_logins", NULL,
		     "Logins since the door started.");
	metric_value(m, NULL, (double)d.logins);
	metric_begin(m, METRIC_COUNTER, "hornero_door_refusals", NULL,
		     "Connections that got no login, by the reason.");
	for (int r = 0; r < DOOR_REFUSALS; r++)
		metric_value(m, label(labels, "reason", door_refused_name((enum door_refused)r)),
			     (double)d.refused[r]);
	metric_begin(m, METRIC_GAUGE, "hornero_door_connections", NULL,
		     "Connections at this moment.");
	metric_value(m, "state=\"logged-in\"", (double)d.logged_in);
	metric_value(m, "state=\"logging-in\"", (double)(d.open - d.logged_in));
	gauge(m, "hornero_door_connections_limit", NULL, "Connections that the door takes.",
	      (double)c->door_connections);
}

void metrics_node(struct metrics *m, struct cli *cli, struct db *db, int64_t confirmed_ms)
{
	const struct conf *c = cli->conf;
	struct image *images = NULL;
	struct err ignored = ERR_INIT;
	size_t n = 0;

	metric_begin(m, METRIC_GAUGE, "hornero_build_info", NULL,
		     "The version, as a label of a 1.");
	metric_value(m, "version=\"" PACKAGE_VERSION "\"", 1);
	gauge(m, "hornero_metrics_timestamp_seconds", "seconds", "When these figures were taken.",
	      (double)cli->now_ms / 1000);
	gauge(m, "hornero_agent_up", NULL, "1 if hornerod runs.", cli_agent_runs(c));
	gauge(m, "hornero_queue_up", NULL, "1 if the queue can be read.", db != NULL);
	gauge(m, "hornero_workers", NULL, "Builds that may run at the same time.",
	      (double)c->workers);
	print_queue(m, cli, db);
	print_standstill(m, c);
	print_pressure(m, c);
	print_done(m, cli, confirmed_ms);
	if (cli_images(cli, &images, &n, &ignored) == 0) {
		print_images(m, c, images, n);
		print_rollouts(m, c, images, n);
		images_free(images, n);
	}
	print_room(m, c);
	print_budgets(m, c);
	print_glance(m, c);
	print_mirrors(m, c);
	print_door(m, c);
}
