/* build_store: sandbox 3, the check, then the digest and the store. No process of the builder's
 * sandbox is left at this point, so a RAW is renamed rather than copied where that is possible.
 * DIAGNOSTICS: ERR_PUSHER if the artifact is missing or unusable. */
#include "agent/build/build.h"

#include "agent/build/sandbox.h"
#include "agent/common/workdir.h"
#include "lib/clock.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/answer.h"
#include "store/store.h"

#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

/* Creates the empty file that the check fills; it belongs to the build user meanwhile. */
static int open_staged(struct build *b, const char *path, struct err *e)
{
	own_fd int fd = fs_create(AT_FDCWD, path, O_RDWR, 0600);

	if (fd < 0 || (geteuid() == 0 && fchown(fd, b->conf->build_uid, b->conf->build_gid) < 0))
		return err_sys(e, ERR_OPERATOR, "cannot make %s", path);
	return steal_fd(&fd);
}

/* out: -1 if the artifact is the RAW itself. */
static int check(struct build *b, int in, int out)
{
	own_free char *program = fs_path("%s/hornero-check", b->conf->libexec_dir);
	own_stage struct stage s = {.log = NULL};
	struct err e = ERR_INIT;

	build_stage(b, &s);
	s.speaks = s.own_words = true;
	sandbox_begin_own(&s.args, STAGE_FD_SANDBOX, STAGE_FD_FILTERS);
	sandbox_bind(&s.args, "--ro-bind", program, "/hornero-check");
	sandbox_env(&s.args, "HOME", "/tmp");
	sandbox_command(&s.args);
	args_add(&s.args, "/hornero-check");
	sandbox_failpoint(&s.args, b->conf->failpoint);
	args_add(&s.args, "--format");
	args_add(&s.args, *b->wanted || b->builder->format == BUILDER_RAW ? "raw" : "qcow2");
	args_add(&s.args, "--max");
	args_addf(&s.args, "%lld", (long long)b->conf->image_size_limit_bytes);
	s.fds[s.nfds++] = (struct spawn_fd){in, STAGE_FD_IN};
	if (out < 0)
		args_add(&s.args, "--in-place");
	else
		s.fds[s.nfds++] = (struct spawn_fd){out, STAGE_FD_OUT};
	if (stage_run(&s, &e) < 0)
		return verdict_say(&b->verdict, e.class, CAUSE_SANDBOX, "%s", e.msg);
	b->verdict.check_ms = s.took_ms;
	if (s.ended != STAGE_EXIT || s.status != 0)
		return build_blame(b, &s, CAUSE_CHECK, "the check of the artifact");
	return 0;
}

/* Makes `staged` the RAW; `out` is the empty file there. Returns a borrowed descriptor of the RAW,
 * or -1. */
static int make_raw(struct build *b, const struct build_artifact *a, int out, const char *staged)
{
	bool is_kernel = b->builder->format == BUILDER_KERNEL && !*b->wanted;

	if (b->builder->format == BUILDER_RAW && !*b->wanted && build_move_possible(a, out))
		return check(b, a->fd, -1) < 0 || build_move(b, a, staged) < 0 ? -1 : a->fd;
	if ((is_kernel ? build_kernel(b, a->fd, out) : check(b, a->fd, out)) < 0)
		return -1;
	/* Only we may write the file from here on. */
	if (geteuid() == 0 && fchown(out, 0, 0) < 0)
		return verdict_sys(&b->verdict, ERR_US, CAUSE_STORE,
				   "cannot make root the owner of the checked artifact");
	return out;
}

static void note_key(const struct build *b, struct manifest *m)
{
	const struct key_parts *p = &b->parts;

	memcpy(m->attributes, b->attributes, sizeof(m->attributes));
	if (b->conf->on_missing != MISSING_LFS)
		snprintf(m->on_missing, sizeof(m->on_missing), "%s",
			 conf_missing_words[b->conf->on_missing]);
	memcpy(m->builder_file, p->builder_file, sizeof(m->builder_file));
	memcpy(m->toolchain, p->toolchain, sizeof(m->toolchain));
	memcpy(m->architecture, p->architecture, sizeof(m->architecture));
	memcpy(m->builder_version, p->version, sizeof(m->builder_version));
}

static void note_boot(const struct build *b, struct manifest *m)
{
	if (!b->boot.expect[0])
		return;
	memcpy(m->expect, b->boot.expect, sizeof(m->expect));
	memcpy(m->boot_machine, b->boot.machine, sizeof(m->boot_machine));
	if (strcmp(b->boot.bus, IMAGE_BUS_DEFAULT) != 0)
		memcpy(m->boot_bus, b->boot.bus, sizeof(m->boot_bus));
	m->timeout_s = b->boot.timeout_s;
	m->boot_memory_bytes = b->boot.memory_bytes;
	m->boot_ms = b->verdict.boot_ms;
}

static void note_limits(const struct build *b, struct manifest *m)
{
	const struct conf *c = b->conf;
	bool in_group = c->isolation == CONF_ISOLATION_CGROUP;

	snprintf(m->isolation, sizeof(m->isolation), "%s", in_group ? "cgroup" : "none");
	m->compile_core_limit = in_group ? c->compile_core_limit : 0;
	m->compile_mem_limit = in_group ? c->compile_mem_limit : 0;
	m->compile_pids_limit = in_group ? c->compile_pids_limit : 0;
	m->build_timeout_s = build_limit_s(b);
	m->silence_timeout_s = c->silence_timeout_s;
	m->log_limit_bytes = c->log_limit_bytes;
	m->image_size_limit_bytes = c->image_size_limit_bytes;
}

/* Fills everything except digest and size. */
static void describe(const struct build *b, struct manifest *m)
{
	const struct verdict *v = &b->verdict;

	*m = (struct manifest){
		.made = v->made,
		.built_ms = clock_wall_ms(),
		.checkout_ms = v->checkout_ms,
		.build_ms = v->build_ms,
		.check_ms = v->check_ms,
		.hornero_version = PACKAGE_VERSION,
	};
	memcpy(m->built, v->built, sizeof(m->built));
	memcpy(m->shared_from, v->shared_from, sizeof(m->shared_from));
	note_key(b, m);
	note_boot(b, m);
	note_limits(b, m);
	if (build_boot_by_uefi(b))
		snprintf(m->firmware, sizeof(m->firmware), "uefi");
}

/* Glance compares by SHA-512. It costs the push time, so only images that are registered pay. */
static int digest(const struct build *b, int fd, struct manifest *m, struct err *e)
{
	return b->image->releases == IMAGE_RELEASES_REGISTERED
		       ? sha_fd(fd, m->made.digest, m->sha512, e)
		       : sha256_fd(fd, m->made.digest, e);
}

/* The leftovers of the image have proved wrong: its next build starts clean. */
static void leave_leftovers(const struct build *b)
{
	own_free char *path = fs_path("%s/%s", b->conf->repo_base, b->verdict.made.image);
	own_fd int work = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct err ignored = ERR_INIT;

	if (work >= 0)
		(void)workdir_note_source(work, NULL, &ignored);
}

/* The scope of an answer depends on how it was built. */
int build_answer(struct build *b, const char *digest, struct err *e)
{
	struct verdict *v = &b->verdict;
	struct answer a = {.job = v->made.job};

	if (b->confirm && strcmp(digest, v->confirms) == 0) {
		snprintf(v->built, sizeof(v->built), "%s", ANSWER_CONFIRMED);
		a.job = v->confirms_job;
	} else if (b->confirm) {
		leave_leftovers(b);
	}
	memcpy(a.digest, digest, sizeof(a.digest));
	memcpy(a.binding, v->binding, sizeof(a.binding));
	memcpy(a.built, v->built, sizeof(a.built));
	failpoint("build-before-answer");
	return answer_give(b->conf->store_dir, v->made.image, v->made.key, &a, e);
}

/* Digest, take, manifest, answer. */
static int take(struct build *b, int fd, const char *staged, struct err *e)
{
	struct verdict *v = &b->verdict;
	struct manifest m;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, ERR_US, "cannot look at %s", staged);
	describe(b, &m);
	/* Lets the disk work while the digest is made; store_take() waits for it. */
	(void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	if (digest(b, fd, &m, e) < 0)
		return -1;
	if (*b->wanted && strcmp(m.made.digest, b->wanted) != 0)
		return err_set(e, ERR_NOBODY, "its SHA-256 is %.12s after the check, not %.12s",
			       m.made.digest, b->wanted);
	m.size_bytes = st.st_size;
	failpoint("build-before-store");
	if (store_take(b->conf->store_dir, staged, &m, e) < 0 ||
	    build_answer(b, m.made.digest, e) < 0)
		return -1;
	memcpy(v->made.digest, m.made.digest, sizeof(v->made.digest));
	v->size_bytes = m.size_bytes;
	return 0;
}

/* From now on the publisher may copy it. Bytes of another node are not proven yet. */
static void say_staged(const struct build *b)
{
	if (b->staged >= 0 && !*b->wanted)
		(void)eventfd_write(b->staged, 1);
	failpoint("build-staged");
}

static int store_from(struct build *b, const struct build_artifact *a)
{
	own_free char *staged = store_stage_path(b->conf->store_dir, b->verdict.made.job,
						 b->verdict.made.attempt);
	own_fd int out = -1;
	int64_t start_ms;
	struct err e = ERR_INIT;
	int raw, rc;

	out = open_staged(b, staged, &e);
	if (out < 0)
		return verdict_say(&b->verdict, e.class, CAUSE_STORE, "%s", e.msg);
	raw = make_raw(b, a, out, staged);
	rc = raw < 0 ? -1 : build_boot(b, raw, staged);
	start_ms = clock_mono_ms();
	if (rc == 0)
		say_staged(b);
	if (rc == 0 && take(b, raw, staged, &e) < 0)
		rc = verdict_say(&b->verdict, e.class, CAUSE_STORE, "%s", e.msg);
	b->verdict.store_ms = clock_mono_ms() - start_ms;
	if (rc < 0)
		FAILSTEP("build-unstage", unlink(staged));
	return rc;
}

int build_store(struct build *b)
{
	own_build_artifact struct build_artifact a = BUILD_ARTIFACT_INIT;

	return build_artifact_open(b, &a) < 0 ? -1 : store_from(b, &a);
}

int build_store_shared(struct build *b, int in)
{
	struct build_artifact a = BUILD_ARTIFACT_INIT;

	a.fd = in;
	return store_from(b, &a);
}
