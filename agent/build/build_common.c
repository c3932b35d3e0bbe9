/* build_common: shared by the stages. DIAGNOSTICS: none of its own. */
#include "agent/build/build.h"

#include "agent/common/workdir.h"
#include "conf/tool.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void build_stage(struct build *b, struct stage *s)
{
	stage_init(s, &b->log);
	for (int i = 0; i < SYSCALLS_FILTERS; i++) {
		lseek(b->filters[i], 0, SEEK_SET);
		s->fds[s->nfds++] = (struct spawn_fd){b->filters[i], STAGE_FD_FILTERS + i};
	}
	s->join = b->join;
	s->njoin = b->njoin;
	s->set_ids = geteuid() == 0;
	s->uid = b->conf->build_uid;
	s->gid = b->conf->build_gid;
	s->limit_ms = b->conf->build_timeout_s * 1000;
	s->is_low = build_disk_is_low;
	s->disk = &b->disk;
}

int build_text(const char *name, const char *text, struct err *e)
{
	own_fd int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0 || fs_write_all(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, ERR_NOBODY, "cannot make a file in memory");
	return steal_fd(&fd);
}

const char *build_repo_says(const struct build *b, const char *setting)
{
	return repowords_get(&b->words, setting);
}

const char *build_inside(const struct build *b)
{
	return repowords_next(&b->words, "also", NULL) ? b->image->subdir : "";
}

char *build_place(const struct build *b, const char *path)
{
	const char *inside = build_inside(b);

	if (*inside && strncmp(path, "/build/src/", strlen("/build/src/")) == 0)
		return fs_path("src/%s/%s", inside, path + strlen("/build/src/"));
	if (strncmp(path, "/build/repo/", strlen("/build/repo/")) == 0)
		return fs_path("src/%s", path + strlen("/build/repo/"));
	return fs_path("%s", path + strlen("/build/"));
}

int build_needs(struct build *b)
{
	own_free char *lack = tool_lacking(b->conf, b->builder);

	if (!lack)
		return 0;
	return verdict_end(&b->verdict, CAUSE_TOOL, "the builder %s cannot run here: %s, then: "
			   "hornero retry %lld", b->builder->name, lack,
			   (long long)b->verdict.made.job);
}

int64_t build_limit_s(const struct build *b)
{
	int64_t limit_s = b->conf->build_timeout_s, own_s = b->builder->build_timeout_s;

	return own_s > 0 && own_s < limit_s ? own_s : limit_s;
}

const char *build_cmdline(const struct build *b)
{
	const char *repos = build_repo_says(b, "cmdline");

	return *repos ? repos : b->builder->cmdline;
}

/* Builder, fetch and boot run pushed code; the other stages compute little and wait for disks. */
static bool runs_pushed_code(const struct stage *s, enum cause cause)
{
	return !s->speaks || cause == CAUSE_BOOT || cause == CAUSE_FETCH;
}

/* A builder's exit code is up to its author, and the pusher is to blame. The exit code of our own
 * programs is an error class, and a signal there is our bug. */
static int blame_exit(struct build *b, const struct stage *s, enum cause cause, const char *name)
{
	struct verdict *v = &b->verdict;

	/* SIGKILL may come from an operator, the OOM killer or the build itself: hornerod decides
	 * by the outcome of earlier attempts. */
	if (s->status == 128 + SIGKILL && (!s->speaks || cause == CAUSE_FETCH))
		return verdict_say(v, ERR_NOBODY, CAUSE_KILLED, "%s was killed by signal 9", name);
	if (s->status > 128 && s->status < 128 + 65)
		return verdict_say(v, s->speaks ? ERR_US : ERR_PUSHER, CAUSE_SIGNAL,
				   "%s was killed by signal %d (%s)", name, s->status - 128,
				   strsignal(s->status - 128));
	if (s->text[0])
		return verdict_say(v, err_class_of_exit(s->status), cause, "%s", s->text);
	if (s->speaks || !*lastline_text(&s->last))
		return verdict_say(v, s->speaks ? err_class_of_exit(s->status) : ERR_PUSHER, cause,
				   "%s ended with exit %d", name, s->status);
	return verdict_say(v, ERR_PUSHER, cause, "%s ended with exit %d; its last line: %s%s", name,
			   s->status, lastline_text(&s->last),
			   lastline_hint(lastline_text(&s->last)));
}

/* The process may still write to the checkout: the next attempt gets a new one. */
static int hangs(struct build *b, const char *name)
{
	struct err e = ERR_INIT;

	if (workdir_set_aside(b->conf->repo_base, b->image->uuid, &e) < 0)
		stage_note(&b->log, "%s", e.msg);
	return verdict_end(&b->verdict, CAUSE_HANGS, "a process of %s hangs in the kernel and "
			   "does not die of SIGKILL; the image is built in a new checkout", name);
}

int build_blame(struct build *b, const struct stage *s, enum cause cause, const char *name)
{
	struct verdict *v = &b->verdict;

	switch (s->ended) {
	case STAGE_TIMEOUT:
		return verdict_say(v, runs_pushed_code(s, cause) ? ERR_PUSHER : ERR_NOBODY,
				   CAUSE_TIMEOUT, "%s took longer than %lld s of time in which it "
				   "could run (build_timeout)", name,
				   (long long)s->limit_ms / 1000);
	case STAGE_STARVED:
		return verdict_end(v, CAUSE_STARVED, "the node is busy: %s got too little "
				   "processor time for %lld s (%d times build_timeout); it is "
				   "tried again", name,
				   (long long)s->limit_ms / 1000 * STAGE_STARVED_TIMES,
				   STAGE_STARVED_TIMES);
	case STAGE_SILENCE:
		return verdict_end(v, CAUSE_SILENCE, "%s printed nothing for %lld s "
				   "(silence_timeout)", name, (long long)s->silence_ms / 1000);
	case STAGE_LOG:
		return verdict_end(v, CAUSE_LOG, "%s printed more than %lld bytes (log_limit)",
				   name, (long long)s->log->limit_bytes);
	case STAGE_SANDBOX:
		/* The node may be short of namespaces or processes for a moment; the third such
		 * failure goes to the operator. */
		return verdict_say(v, ERR_NOBODY, CAUSE_SANDBOX,
				   "bubblewrap could not set up the sandbox for %s: %s", name,
				   *lastline_text(&s->last) ? lastline_text(&s->last)
							    : "it printed nothing");
	case STAGE_HANGS:
		return hangs(b, name);
	case STAGE_DISK:
		return build_disk_blame(b, name);
	case STAGE_EXIT:
		break;
	}
	return blame_exit(b, s, cause, name);
}

void build_fini(struct build *b)
{
	own_fd_end(&b->work);
	own_fd_end(&b->fetched_dir);
	free(b->fetched_path);
	free(b->work_path);
}
