/* try_group: DIAGNOSTICS: as the header says; a group that does not become empty is a line of the
 * log. */
#include "agent/build/try_group.h"

#include "lib/bell.h"

static void take_limits(struct conf *c, const struct cg *cg)
{
	struct limits all = cg_limits(cg);

	c->compile_core_limit = all.core_percent;
	c->compile_mem_limit = all.mem_mb;
	c->compile_pids_limit = all.pids;
}

void try_group_join(struct try_group *g, struct conf *c, struct build *b)
{
	struct err why = ERR_INIT;
	sigset_t set;

	*g = (struct try_group){.cg = NULL};
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &g->before);
	if (c->isolation == CONF_ISOLATION_NONE) {
		stage_note(&b->log, "no control group: isolation is none in %s", c->path);
		return;
	}
	if (cg_beside_open(&g->cg, c, b->builder->group, bell_agent(c->run_dir), &g->leaf,
			   &why) < 0) {
		stage_note(&b->log, "no control group, so no limit of processors, memory and "
			   "processes: %s", why.msg);
		return;
	}
	take_limits(c, g->cg);
	for (size_t i = 0; i < g->leaf.njoin && i < BUILD_MAX_JOIN; i++)
		b->join[b->njoin++] = g->leaf.join[i];
	stage_note(&b->log, "limits: %lld percent of the processors, %lld MB, %lld processes",
		   (long long)g->leaf.limits.core_percent, (long long)g->leaf.limits.mem_mb,
		   (long long)g->leaf.limits.pids);
}

static void say_usage(const struct try_group *g, struct build *b)
{
	struct cg_usage u;

	cg_leaf_usage(g->cg, &g->leaf, &u);
	stage_note(&b->log, "used: %lld ms of processor time, at most %lld MB",
		   (long long)u.cpu_ms, (long long)u.mem_peak_bytes / 1000000);
	if (u.oom_kills > 0)
		stage_note(&b->log, "the kernel killed %lld processes that needed more than %lld "
			   "MB", (long long)u.oom_kills, (long long)g->leaf.limits.mem_mb);
	if (u.refused_forks > 0)
		stage_note(&b->log, "more than %lld processes were refused",
			   (long long)g->leaf.limits.pids);
}

void try_group_leave(struct try_group *g, struct build *b)
{
	struct err why = ERR_INIT;

	b->njoin = 0;
	if (g->cg) {
		say_usage(g, b);
		if (cg_beside_end(g->cg, &g->leaf, &why) < 0)
			stage_note(&b->log, "%s", why.msg);
	}
	sigprocmask(SIG_SETMASK, &g->before, NULL);
}
