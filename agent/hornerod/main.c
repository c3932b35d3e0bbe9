/* hornerod: the agent. Starts and stops everything in the right order.
 *
 * DIAGNOSTICS: any error that keeps it from taking jobs ends it at once, with the exit code of the
 * class and a line that says what to do: a second agent (75), a bad configuration (78), no cgroup
 * (78). */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/attempt.h"
#include "agent/hornerod/earlier.h"
#include "agent/hornerod/handover.h"
#include "agent/hornerod/leftover.h"
#include "agent/hornerod/reloading.h"
#include "agent/hornerod/standstill.h"
#include "agent/hornerod/publication.h"
#include "agent/hornerod/sweeping.h"

#include "agent/common/queuelocation.h"
#include "agent/common/descriptors.h"
#include "db/job.h"
#include "conf/good.h"
#include "lib/bell.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/options.h"
#include "lib/own.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

enum { LOCK_WAIT_MS = 1000 };

enum mode { SERVE, PREPARE, CLEAN_UP, CHECK, RELOAD };

struct options {
	const char *conf;
	enum mode mode;
	pid_t reload;
	int resume; /* descriptor of the previous life's state, or -1 */
};

static const struct argp_option words[] = {
	{"foreground", 'f', NULL, 0,
	 "Stay in the foreground (always so; accepted for clarity in units)", 0},
	{"prepare", 'p', NULL, 0,
	 "As root, on cgroup v1: make the groups and hand them to hornero_user, then exit", 0},
	{"check", 'k', NULL, 0, "Say whether the configuration can be used, then exit", 0},
	{"reload", 'l', "PID", 0,
	 "Have the hornerod of this process read its configuration again, and wait for that", 0},
	{"resume", 'r', "FD", OPTION_HIDDEN, "", 0}, /* for a reload */
	{"clean-up", 'x', NULL, 0,
	 "Kill the processes left in hornerod's cgroups, remove the cgroups, then exit",
	 0},
	{NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'f': return 0;
	case 'p': o->mode = PREPARE; return 0;
	case 'x': o->mode = CLEAN_UP; return 0;
	case 'k': o->mode = CHECK; return 0;
	case 'l':
		o->mode = RELOAD;
		o->reload = (pid_t)strtol(arg, NULL, 10);
		if (o->reload <= 1)
			argp_error(state, "--reload=%s is not the number of a process", arg);
		return 0;
	case 'r': o->resume = (int)strtol(arg, NULL, 10); return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static int take_lock(struct agent *a, struct err *e)
{
	own_free char *path = fs_path("%s/agent.lock", a->conf->run_dir);
	own_fd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
	int rc;

	if (fd < 0)
		return err_sys(e, ERR_OPERATOR, "cannot open %s (hornero init makes its directory)",
			       path);
	/* The CLI looks at this lock for an instant, to say whether an agent runs. */
	rc = fs_flock(fd, LOCK_WAIT_MS, e);
	if (rc == 0)
		return err_set(e, ERR_NOBODY, "another hornerod runs on this node: it holds %s",
			       path);
	if (rc < 0)
		return err_wrap(e, "%s", path);
	bell_note_agent(fd);
	a->lock = steal_fd(&fd);
	return 0;
}

static int check_user(const struct conf *c, struct err *e)
{
	if (geteuid() == 0 && (c->build_uid == (uid_t)-1 || c->build_uid == 0))
		return err_set(e, ERR_OPERATOR,
			       "hornerod runs as root, but builds may not: set `build_user` in %s, "
			       "or start hornerod as an unprivileged user",
			       c->path);
	/* That user owns state_dir, store_dir and repo_base, and root would follow its names. */
	if (geteuid() == 0 && c->hornero_uid != (uid_t)-1 && c->hornero_uid != 0)
		return err_set(e, ERR_OPERATOR,
			       "hornerod runs as root, and `hornero_user` of %s is user %u: root "
			       "does not work in another user's directories. Start it by its unit "
			       "(systemctl start hornerod) or as that user, or remove "
			       "`hornero_user`",
			       c->path, (unsigned int)c->hornero_uid);
	return 0;
}

static void say_limits(const struct agent *a)
{
	struct limits all = cg_limits(a->cg);
	char why[ERR_MSG_MAX];

	log_info("event=limits cgroup=%s cpu_percent=%lld memory_mb=%lld", cg_version(a->cg),
		 (long long)all.core_percent, (long long)all.mem_mb);
	if (cg_is_outdated(a->cg, a->conf, why))
		log_warn("event=limits-outdated %s", why);
}

static int open_cgroups(struct agent *a, struct err *e)
{
	struct err why = ERR_INIT;

	if (a->conf->isolation == CONF_ISOLATION_NONE) {
		log_warn("event=no-limits isolation: none is set: builds have no CPU and memory "
			 "limits");
		return 0;
	}
	if (cg_open(&a->cg, a->conf, e) < 0)
		return -1;
	if (cg_clear(a->cg, &why) < 0 && leftover_end_groups(a, &why, e) < 0)
		return -1;
	say_limits(a);
	return 0;
}

static int open_queue(struct agent *a, struct err *e)
{
	struct db_queue queue = queue_location(a->conf);
	int64_t by_ms;

	if (db_open(&a->db, &queue, DB_OWN, AGENT_DB_WAIT_MS, e) < 0)
		return -1;
	a->generation = db_generation(a->db);
	db_clock(a->db)->saved_ms = 0; /* write it again: it may be of another boot, or missing */
	steady_note(db_clock(a->db), a->conf->queue_dir, &by_ms);
	return 0;
}

/* No process of an earlier hornerod runs now: its attempts go back to the queue. */
static int recover(struct agent *a, struct err *e)
{
	int64_t n = 0;

	earlier_end_begin(a);
	if (open_cgroups(a, e) < 0)
		return -1;
	earlier_end(a);
	if (leftover_clear(a->conf, e) < 0)
		return -1;
	if (open_queue(a, e) < 0)
		return -1;
	/* This is the first read of the rows, so it finds damaged ones. */
	if (job_recover(a->db, true, &n, e) < 0 &&
	    (e->sys != EUCLEAN || db_heal(a->db, e) <= 0 || job_recover(a->db, true, &n, e) < 0))
		return -1;
	if (n > 0)
		log_warn("event=recovered jobs=%lld", (long long)n);
	return 0;
}

/* Continues the work of the previous life: clears nothing and requeues nothing. */
static int resume(struct agent *a, int state, struct err *e)
{
	if (handover_take_lock(a, state, e) < 0)
		return -1;
	if (a->conf->isolation == CONF_ISOLATION_CGROUP && cg_open(&a->cg, a->conf, e) < 0)
		return -1;
	if (a->cg)
		say_limits(a);
	if (open_queue(a, e) < 0 || agent_loop_init(a, e) < 0 || handover_take_rest(a, e) < 0)
		return -1;
	standstill_resume(a);
	return 0;
}

static int begin(struct agent *a, struct err *e)
{
	if (take_lock(a, e) < 0 || recover(a, e) < 0 || agent_loop_init(a, e) < 0)
		return -1;
	standstill_stop(a); /* clears what a killed agent left */
	a->stuck_written = true;
	return 0;
}

/* Builds may run as the same user as we do, and the kernel counts descriptors in flight per user:
 * our limit must exceed what they can hold. Each of their sends may exceed their limit by the
 * descriptors of one message, however many send at once. */
static void raise_limit(void)
{
	const rlim_t enough = 4 * DESCRIPTORS_OF_A_STAGE;
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0)
		return;
	l.rlim_cur = l.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &l);
	if (geteuid() != 0 && l.rlim_max < enough)
		log_warn("event=few-descriptors limit=%llu hornerod may have too few to publish "
			 "while it builds; set LimitNOFILE=%llu or more in its unit",
			 (unsigned long long)l.rlim_max, (unsigned long long)enough);
}

static int serve(struct agent *a, int state, struct err *e)
{
	raise_limit();
	if (check_user(a->conf, e) < 0 || (state < 0 ? begin(a, e) : resume(a, state, e)) < 0)
		return -1;
	sd_notify(0, "READY=1");
	log_info("event=%s workers=%lld", state < 0 ? "ready" : "reloaded",
		 (long long)a->conf->workers);
	puts("READY");
	fflush(stdout);
	if (state >= 0)
		reloading_answer(a->conf, NULL);
	sd_event_loop(a->loop);
	sd_notify(0, "STOPPING=1");
	sweeping_stop(a);
	publication_stop_all(a);
	attempt_stop_all(a);
	standstill_stop(a);
	stuck_stop(a);
	if (a->cg && cg_remove_top(a->cg, e) < 0)
		return -1;
	/* A supervisor of a killed life may have died during a write after the start had looked. */
	if (leftover_clear(a->conf, e) < 0)
		return -1;
	log_info("event=stopped");
	return 0;
}

static int clean_up(struct agent *a, struct err *e)
{
	if (a->conf->isolation == CONF_ISOLATION_NONE)
		return 0;
	if (take_lock(a, e) < 0 || cg_open(&a->cg, a->conf, e) < 0)
		return -1;
	return cg_remove_top(a->cg, e);
}

/* Prints the terms for a reload, which compares them. */
static int check(const struct conf *c, struct err *e)
{
	own_free char *terms = handover_terms(c);

	if (check_user(c, e) < 0)
		return -1;
	fputs(terms, stdout);
	return 0;
}

/* Only the owner of the file can: root (--prepare), or the user of a scratch node. */
static void keep_configuration(const char *path)
{
	struct err why = ERR_INIT;

	if (conf_keep_good(path, &why) < 0)
		log_warn("event=configuration-not-kept %s", why.msg);
}

static int run(struct agent *a, const struct options *o, struct err *e)
{
	const struct conf *c;

	a->conf_path = conf_find(o->conf);
	if (conf_load(&a->conf, a->conf_path, e) < 0)
		return -1;
	c = a->conf;
	if (o->mode == CLEAN_UP)
		return clean_up(a, e);
	if (o->mode != CHECK && o->mode != RELOAD)
		keep_configuration(a->conf_path);
	if (o->mode == SERVE)
		return serve(a, o->resume, e);
	if (o->mode == CHECK)
		return check(c, e);
	if (o->mode == RELOAD)
		return reloading_ask(c, o->reload, e);
	if (c->isolation == CONF_ISOLATION_NONE)
		return 0;
	if (c->hornero_uid == (uid_t)-1)
		return err_set(e, ERR_OPERATOR,
			       "--prepare gives the cgroups to `hornero_user`, which is unset; set "
			       "it in %s", c->path);
	return cg_prepare(c, c->hornero_uid, c->queue_gid, e);
}

/* Returns the path, not the open file: after an upgrade it names the new program. Removes the
 * suffix by which the kernel marks a removed file. */
static const char *program_path(void)
{
	static const char removed[] = " (deleted)";
	static char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	size_t behind = sizeof(removed) - 1;

	if (n > (ssize_t)behind && strcmp(path + (size_t)n - behind, removed) == 0)
		path[(size_t)n - behind] = '\0';
	return n > 0 ? path : "/proc/self/exe";
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		words, parse, NULL, "The agent of a hornero node: claims jobs, builds, publishes.",
		NULL,  NULL,  NULL};
	struct agent a = {.lock = -1, .bell = -1};
	struct options o = {.resume = -1};
	struct err e = ERR_INIT;
	int rc;

	options_parse(&argp, argc, argv, &o, &o.conf);
	umask(0027);
	log_open("hornerod", LOG_LEVEL_INFO);
	a.program = program_path();
	rc = run(&a, &o, &e);
	if (rc < 0)
		log_error("%s", e.msg);
	if (a.loop)
		agent_loop_fini(&a);
	db_close(a.db);
	cg_close(a.cg);
	paused_fini(&a.paused);
	conf_free(a.conf);
	return rc < 0 ? err_exit(e.class) : 0;
}
