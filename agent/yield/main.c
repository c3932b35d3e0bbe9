/*
 * hornero-yield: under systemd's cgroup v2, keeps hornero's slice idle to the scheduler while
 * processors have spare time, and gives it its weight while others keep them busy.
 *
 * hornerod does the same with a group that it made itself (agent/hornerod/yielding.c). Under
 * systemd, hornerod is inside the slice and would starve just when it must act. This program runs
 * outside the slice and checks once a second.
 *
 * DIAGNOSTICS: an unusable configuration or slice ends it, with the exit code of the class. A
 * kernel without cpu.idle (before Linux 5.15) is not an error: it exits with 0, and the slice keeps
 * its weight.
 */
#include "agent/cgroup/cgdir.h"
#include "conf/conf.h"
#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/options.h"
#include "lib/own.h"
#include "lib/slack.h"
#include "lib/systemd.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_S = 1 };

struct yield {
	const char *conf_path, *slice;
	struct conf *conf;
	struct slack slack;
	int64_t weight; /* of the slice when not idle: the kernel forgets it */
};

static const struct argp_option words[] = {
	{"slice", 's', "DIR", 0,
	 "cgroup v2 directory of the slice (default: /sys/fs/cgroup/hornero.slice)", 0},
	{NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct yield *y = state->input;

	switch (key) {
	case 's': y->slice = arg; return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static double usable_processors(const struct conf *c)
{
	double cpus = (double)sysconf(_SC_NPROCESSORS_ONLN);

	return c->compile_core_limit > 0 ? cpus * (double)c->compile_core_limit / 100 : cpus;
}

/* The weight for a slice that an earlier process left idle, as in hornero.slice: enough for a
 * tenth of the quota beside three busy slices. */
static int64_t least_weight(const struct conf *c)
{
	return c->compile_core_limit > 2 ? c->compile_core_limit / 2 : 1;
}

static bool must_compete(struct yield *y)
{
	struct slack_use use;

	if (!slack_read(y->conf->cpu_dedicated_set, &use))
		return true;
	use.run_ms = cgdir_number(y->slice, "cpu.stat", "usage_usec") / 1000;
	return slack_look(&y->slack, clock_mono_ms(), usable_processors(y->conf), &use);
}

static int put(const struct yield *y, const char *file, int64_t value, struct err *e)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	if (cgdir_write(y->slice, file, text) == 0)
		return 0;
	/* The sandbox of our unit has mounted these files. If the group is made again, only a
	 * restart finds it. */
	return err_sys(e, errno == ENOENT || errno == ENODEV ? ERR_NOBODY : ERR_OPERATOR,
		       "cannot set %s of %s to %s", file, y->slice, text);
}

/* systemd may write both files at any time: read them now, and keep its weight. */
static int yield_to_others(struct yield *y, bool idle, struct err *e)
{
	bool is_idle = cgdir_number(y->slice, "cpu.idle", NULL) == 1;

	if (!is_idle)
		y->weight = cgdir_number(y->slice, "cpu.weight", NULL);
	if (idle == is_idle)
		return 0;
	if (put(y, "cpu.idle", idle, e) < 0)
		return -1;
	/* The kernel has reset the weight to the default. */
	return idle ? 0
		    : put(y, "cpu.weight", y->weight > 0 ? y->weight : least_weight(y->conf), e);
}

/* Like a reload of hornerod, keeps the old configuration if the new one is unusable. */
static void read_again(struct yield *y)
{
	struct conf *c = NULL;
	struct err e = ERR_INIT;

	if (conf_load(&c, y->conf_path, &e) < 0) {
		log_warn("event=not-reloaded %s", e.msg);
		return;
	}
	conf_free(y->conf);
	y->conf = c;
}

static int look_on(struct yield *y, const sigset_t *signals, struct err *e)
{
	const struct timespec until_next = {.tv_sec = LOOK_S};
	const struct systemd systemd = systemd_open();
	int signal = 0;

	while (signal != SIGTERM && signal != SIGINT) {
		if (signal == SIGHUP)
			read_again(y);
		if (yield_to_others(y, !must_compete(y), e) < 0)
			return -1;
		(void)systemd_ms(&systemd, LOOK_S);
		signal = sigtimedwait(signals, NULL, &until_next);
	}
	return yield_to_others(y, false, e);
}

static int run(struct yield *y, struct err *e)
{
	own_free char *file = fs_path("%s/cpu.idle", y->slice);
	own_free char *stat = fs_path("%s/cpu.stat", y->slice);
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	y->conf_path = conf_find(y->conf_path);
	if (conf_load(&y->conf, y->conf_path, e) < 0)
		return -1;
	if (access(stat, R_OK) < 0)
		return err_sys(e, errno == ENOENT ? ERR_NOBODY : ERR_OPERATOR,
			       "%s is not a readable cgroup (v2); hornerod.service creates it",
			       y->slice);
	if (access(file, F_OK) < 0) {
		log_warn("event=not-yielding %s does not exist (it needs Linux 5.15 and the "
			 "controller cpu): the slice keeps its weight",
			 file);
		return 0;
	}
	log_info("event=ready slice=%s", y->slice);
	return look_on(y, &signals, e);
}

int main(int argc, char **argv)
{
	static const struct argp argp = {words,
					 parse,
					 NULL,
					 "Under systemd with cgroup v2, keeps hornero.slice idle "
					 "to the scheduler while processors have spare time. "
					 "SIGHUP reads the configuration again. When it ends, it "
					 "gives the slice its weight.",
					 NULL,
					 NULL,
					 NULL};
	struct yield y = {.slice = "/sys/fs/cgroup/hornero.slice"};
	struct err e = ERR_INIT;
	int rc;

	options_parse(&argp, argc, argv, &y, &y.conf_path);
	log_open("hornero-yield", LOG_LEVEL_INFO);
	rc = run(&y, &e);
	if (rc < 0)
		log_error("%s", e.msg);
	conf_free(y.conf);
	return rc < 0 ? err_exit(e.class) : 0;
}
