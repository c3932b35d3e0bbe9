/* cgweigh: DIAGNOSTICS: ERR_OPERATOR if the weight of TOP cannot be set. */
#include "agent/cgroup/cginner.h"

#include "agent/cgroup/cgdir.h"
#include "lib/fs.h"
#include "lib/own.h"

enum {
	NORMAL_SHARES = 1024, /* the default, of a thread or a group; v2 calls it 100 */
	LEAST_SHARES = 2,
	MOST_SHARES = 262144,
	MANY_CPUS = 8,
};

/* Returns whether libvirt keeps the guests in one group next to TOP. */
static bool is_beside_machines(const char *top)
{
	static const char *const names[] = {"machine.slice", "machine"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		own_free char *path = fs_path("%s/../%s", top, names[i]);

		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}

/* Returns a weight that gives all builds a tenth of their quota while others want every processor.
 * The kernel compares siblings. A group is one sibling, however many threads it has, and three of
 * them may be busy (system, user, machine). In the root group each thread is a sibling: assume four
 * per processor; and the weight is split among the processors. The weight of a build with one
 * thread is all on one processor, so more than MANY_CPUS add nothing. */
static int64_t top_shares(const struct cg *cg)
{
	int64_t percent = cg->top.core_percent > 0 ? cg->top.core_percent : 100;
	own_free char *above = fs_path("%s/..", cg->top_of[CPU]);
	own_free char *of_root = fs_path("%s/cgroup.type", above);
	bool among_threads = !is_beside_machines(cg->top_of[CPU]) &&
			     (!cg->v2 || access(of_root, F_OK) < 0);
	int64_t cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int64_t shares = among_threads ? percent * 17 / 2 * (cpus < MANY_CPUS ? cpus : MANY_CPUS)
				       : percent * NORMAL_SHARES / 200;

	return shares < LEAST_SHARES ? LEAST_SHARES : shares > MOST_SHARES ? MOST_SHARES : shares;
}

/* Call this after writing cpu.idle, which resets the weight to the default. */
static int weigh(const struct cg *cg, const char *dir, int64_t shares)
{
	int64_t weight = cg->v2 ? (shares * 100 + NORMAL_SHARES - 1) / NORMAL_SHARES : shares;
	const char *file = cg->v2 ? "cpu.weight" : "cpu.shares";
	char text[24];

	if (cgdir_number(dir, file, NULL) == weight)
		return 0;
	snprintf(text, sizeof(text), "%lld", (long long)weight);
	return cgdir_write(dir, file, text);
}

int cg_yield(const struct cg *cg, bool idle, struct err *e)
{
	const char *top = cg->top_of[CPU];
	own_free char *file = fs_path("%s/cpu.idle", top);
	bool is_idle = cgdir_number(top, "cpu.idle", NULL) == 1;

	if (idle && (cg->delegated || access(file, F_OK) < 0))
		idle = false;
	if (is_idle != idle && cgdir_write(top, "cpu.idle", idle ? "1" : "0") < 0)
		return err_sys(e, ERR_OPERATOR, "cannot set %s", file);
	if (!idle && weigh(cg, top, top_shares(cg)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot set the weight of the cgroup %s", top);
	return 0;
}

double cg_processors(const struct cg *cg)
{
	double cpus = (double)sysconf(_SC_NPROCESSORS_ONLN);

	return cg->top.core_percent > 0 ? cpus * (double)cg->top.core_percent / 100 : cpus;
}

int64_t cg_used_ms(const struct cg *cg)
{
	if (cg->v2)
		return cgdir_number(cg->top_of[CPU], "cpu.stat", "usage_usec") / 1000;
	return cg->has[CPUACCT] ? cgdir_number(cg->top_of[CPUACCT], "cpuacct.usage", NULL) / 1000000
				: -1;
}
