/* build_fetch: fetches what a build needs from elsewhere, before it, in a sandbox with a network.
 *
 * WORK/fetched/KEY keeps the files for the next build with the same lock files. A directory with
 * such a name is complete: a fetch fills WORK/fetched/tmp.
 *
 * DIAGNOSTICS: ERR_OPERATOR if the node does not allow it or cannot make such a sandbox, ERR_PUSHER
 * if the command fails. */
#include "agent/build/build.h"

#include "agent/build/sandbox.h"
#include "agent/common/workdir.h"
#include "lib/bytes.h"
#include "lib/dirs.h"
#include "lib/du.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

/* A confirmation lets go of fetched files at once if there is other work; hornero-collect removes
 * many files. */
enum { LOCK_WAIT_MS = 60000 };

/* slirp4netns answers there, and asks the node's name servers; agent/netns/main.c has the
 * network. */
static const char resolver[] = "nameserver 192.0.2.3\n";

static int fail(struct build *b, const struct err *e)
{
	return verdict_say(&b->verdict, e->class, CAUSE_FETCH, "%s", e->msg);
}

static bool has(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/* Opens WORK/fetched. The lock keeps others from removing anything in it. */
static int open_fetched(struct build *b, struct err *e)
{
	own_free char *path = fs_path("%s/" WORKDIR_FETCHED, b->work_path);
	int rc;

	own_fd_end(&b->fetched_dir);
	b->fetched_dir = dirs_make_at(b->work, WORKDIR_FETCHED, path, 0755, NULL, e);
	rc = b->fetched_dir < 0 ? -1 : fs_flock(b->fetched_dir, LOCK_WAIT_MS, e);
	return rc == 0 ? err_set(e, ERR_NOBODY, "another process still uses %s/" WORKDIR_FETCHED,
				 b->work_path)
		       : rc;
}

/* A confirmation uses what the push fetched, if that is still there. */
static bool is_fetched_by_push(struct build *b)
{
	own_free char *path = fs_path("%s/%s/" WORKDIR_FETCHED, b->conf->repo_base,
				      b->image->uuid);
	own_fd int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct err ignored = ERR_INIT;

	if (dir < 0 || fs_flock_shared(dir, 0, &ignored) != 1 || !has(dir, b->fetched))
		return false;
	own_fd_end(&b->fetched_dir);
	b->fetched_dir = steal_fd(&dir);
	free(b->fetched_path);
	b->fetched_path = fs_path("%s/%s", path, b->fetched);
	return true;
}

/* Makes the directory that the command fills. */
static int make_tmp(const struct build *b, struct err *e)
{
	own_free char *path = fs_path("%s/" WORKDIR_FETCHED "/" WORKDIR_FETCHED_TMP, b->work_path);
	own_fd int tmp = -1;

	if (fs_remove_tree(b->fetched_dir, WORKDIR_FETCHED_TMP, e) < 0)
		return -1;
	tmp = dirs_make_at(b->fetched_dir, WORKDIR_FETCHED_TMP, path, 0755, NULL, e);
	return tmp < 0 ? -1 : 0;
}

/* In the new namespace bubblewrap runs as its root, so the ids are named. The tree is read-only:
 * what the command writes elsewhere than to fetched files would be lost, or be seen by one build
 * only. */
static void add_words(const struct build *b, const struct stage *s, struct args *a)
{
	/* Certificates, and names that the operator gave to proxies. */
	static const char *const etc[] = {"/etc/ssl", "/etc/ca-certificates", "/etc/hosts"};
	own_free char *tmp = fs_path("%s/" WORKDIR_FETCHED "/" WORKDIR_FETCHED_TMP, b->work_path);

	args_addf(a, "%s/hornero-netns", b->conf->libexec_dir);
	sandbox_begin_network(a, STAGE_FD_SANDBOX, STAGE_FD_FILTERS);
	args_add(a, "--uid");
	args_addf(a, "%u", s->set_ids ? s->uid : geteuid());
	args_add(a, "--gid");
	args_addf(a, "%u", s->set_ids ? s->gid : getegid());
	for (size_t i = 0; i < sizeof(etc) / sizeof(etc[0]); i++)
		sandbox_bind(a, "--ro-bind-try", etc[i], etc[i]);
	args_add(a, "--ro-bind-data");
	args_addf(a, "%d", STAGE_FD_IN);
	args_add(a, "/etc/resolv.conf");
	build_show_tree(b, a, "--ro-bind");
	build_show_inputs(b, a);
	sandbox_bind(a, "--bind", tmp, BUILDER_FETCHED);
	sandbox_env(a, "HOME", "/tmp");
	sandbox_env(a, "HORNERO_FETCHED", BUILDER_FETCHED);
	build_add_env(a, b->builder->env);
	build_add_env(a, b->builder->fetch_env);
	sandbox_command(a);
	for (char **word = b->builder->fetch; *word; word++)
		args_add(a, *word);
}

/* The text is hornero-netns' own. */
static int blame(struct build *b, const struct stage *s)
{
	const char *command = b->builder->fetch[0], *last = lastline_text(&s->last);
	long long job = (long long)b->verdict.made.job;

	if ((s->ended == STAGE_EXIT || s->ended == STAGE_SANDBOX) && s->text[0])
		return verdict_say(&b->verdict, err_class_of_exit(s->status), CAUSE_FETCH,
				   "cannot fetch: %s", s->text);
	if (s->ended != STAGE_EXIT || s->status == 128 + SIGKILL)
		return build_blame(b, s, CAUSE_FETCH, "the fetch");
	return verdict_say(&b->verdict, ERR_PUSHER, CAUSE_FETCH, "cannot fetch what the build "
			   "needs: %s ended with exit %d; its last line: %s; if the network was "
			   "the reason: hornero retry %lld", command, s->status,
			   *last ? last : "it printed nothing", job);
}

static int run(struct build *b, struct stage *s)
{
	struct err e = ERR_INIT;
	own_fd int resolv_conf = build_text("resolv.conf", resolver, &e);

	if (resolv_conf < 0)
		return fail(b, &e);
	build_stage(b, s);
	s->speaks = true;
	s->limit_ms = build_limit_s(b) * 1000;
	s->silence_ms = b->conf->silence_timeout_s * 1000;
	s->fds[s->nfds++] = (struct spawn_fd){resolv_conf, STAGE_FD_IN};
	add_words(b, s, &s->args);
	stage_note(&b->log, "fetching, with a network: %s", b->builder->fetch[0]);
	if (stage_run(s, &e) < 0)
		return verdict_say(&b->verdict, e.class, CAUSE_SANDBOX, "%s", e.msg);
	return s->ended == STAGE_EXIT && s->status == 0 ? build_check_inputs(b, 0) : blame(b, s);
}

/* Synced before the rename: after a power failure empty files would stay for good. */
static int keep(struct build *b, int64_t took_ms, struct err *e)
{
	struct du sum = {0};
	char size[BYTES_WORDS];

	if (FAILSTEP("fetch-syncfs", syncfs(b->fetched_dir)) < 0)
		return err_sys(e, ERR_NOBODY, "cannot sync fetched files");
	failpoint("fetch-before-rename");
	if (fs_remove_tree(b->fetched_dir, b->fetched, e) < 0)
		return -1;
	if (FAILSTEP("fetch-rename",
		     renameat(b->fetched_dir, WORKDIR_FETCHED_TMP, b->fetched_dir, b->fetched)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot rename fetched files in %s/"
			       WORKDIR_FETCHED, b->work_path);
	du_add(&sum, b->fetched_dir, b->fetched);
	stage_note(&b->log, "fetched %s in %.1f s; kept as %.12s", bytes_words(size, sum.bytes),
		   (double)took_ms / 1000, b->fetched);
	return 0;
}

static int fetch(struct build *b)
{
	own_stage struct stage s = {.log = NULL};
	struct err e = ERR_INIT, ignored = ERR_INIT;
	int rc = make_tmp(b, &e) < 0 ? fail(b, &e) : run(b, &s);

	if (rc == 0 && keep(b, s.took_ms, &e) < 0)
		rc = fail(b, &e);
	if (rc < 0)
		(void)fs_remove_tree(b->fetched_dir, WORKDIR_FETCHED_TMP, &ignored);
	b->refetch = false; /* a second build of this attempt has it */
	return rc;
}

int build_fetch(struct build *b)
{
	static const struct timespec now[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};
	struct err e = ERR_INIT;
	int rc = 0;

	if (!b->builder->fetch)
		return 0;
	if (b->conf->allow_fetch != CONF_ALLOW_FETCH_YES)
		return verdict_say(&b->verdict, ERR_OPERATOR, CAUSE_FETCH, "the builder %s fetches "
				   "what its builds need, and this node does not allow that; if it "
				   "may, write allow_fetch: yes into %s, then: hornero retry %lld",
				   b->builder->name, b->conf->path,
				   (long long)b->verdict.made.job);
	if (b->confirm && is_fetched_by_push(b))
		return 0;
	if (open_fetched(b, &e) < 0)
		return fail(b, &e);
	free(b->fetched_path);
	b->fetched_path = fs_path("%s/" WORKDIR_FETCHED "/%s", b->work_path, b->fetched);
	if (!b->refetch && has(b->fetched_dir, b->fetched))
		stage_note(&b->log, "fetched earlier, for the same lock files: %.12s", b->fetched);
	else
		rc = fetch(b);
	/* hornero-collect keeps the one that was used last. */
	if (rc == 0)
		(void)utimensat(b->fetched_dir, b->fetched, now, AT_SYMLINK_NOFOLLOW);
	return rc;
}
