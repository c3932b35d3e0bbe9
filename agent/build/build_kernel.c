/* build_kernel: sandbox 3 for format: kernel, instead of the check: a disk is made around the
 * kernel. DIAGNOSTICS: ERR_PUSHER if the kernel or a file beside it is unusable. */
#include "agent/build/build.h"

#include "agent/build/sandbox.h"
#include "agent/common/workdir.h"
#include "agent/sandboxed/kernel2disk/disk.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>

static const char *const firmwares[] = {
	[BUILDER_BIOS] = "bios", [BUILDER_UEFI] = "uefi", [BUILDER_BOTH] = "both",
};

static void add_words(const struct build *b, struct args *a)
{
	own_free char *program = fs_path("%s/hornero-kernel2disk", b->conf->libexec_dir);
	const struct builder *bu = b->builder;

	sandbox_begin_own(a, STAGE_FD_SANDBOX, STAGE_FD_FILTERS);
	sandbox_bind(a, "--ro-bind", program, "/hornero-kernel2disk");
	sandbox_env(a, "HOME", "/tmp");
	sandbox_command(a);
	args_add(a, "/hornero-kernel2disk");
	sandbox_failpoint(a, b->conf->failpoint);
	args_addf(a, "--firmware=%s", firmwares[bu->firmware]);
	args_addf(a, "--max=%lld", (long long)b->conf->image_size_limit_bytes);
	args_addf(a, "--cmdline=%s", build_cmdline(b));
	if (bu->initrd)
		args_add(a, "--initrd");
	for (char **module = bu->kernel_modules; module && *module; module++)
		args_addf(a, "--module=%s", strrchr(*module, '/') + 1);
}

/* Opens the files beside the kernel. fds: the initrd's and the modules', -1 if there is none. */
static int open_extras(struct build *b, int fds[1 + BUILDER_MODULES_MAX], struct stage *s)
{
	const struct builder *bu = b->builder;

	if (bu->initrd) {
		fds[0] = build_open(b, bu->initrd);
		if (fds[0] < 0)
			return -1;
		s->fds[s->nfds++] = (struct spawn_fd){fds[0], DISK_INITRD_FD};
	}
	for (int i = 0; bu->kernel_modules && bu->kernel_modules[i]; i++) {
		fds[1 + i] = build_open(b, bu->kernel_modules[i]);
		if (fds[1 + i] < 0)
			return -1;
		s->fds[s->nfds++] = (struct spawn_fd){fds[1 + i], DISK_MODULES_FD + i};
	}
	return 0;
}

/* The kept image is a leftover, like the builder's cache. A disk can do without it. */
static int open_kept(const struct build *b, struct stage *s)
{
	int fd = fs_open_beneath(b->work, WORKDIR_CORE, O_RDWR | O_CREAT | O_NONBLOCK, 0600);

	if (fd >= 0)
		s->fds[s->nfds++] = (struct spawn_fd){fd, DISK_KEPT_FD};
	return fd;
}

static int run(struct build *b, struct stage *s)
{
	struct err e = ERR_INIT;

	if (stage_run(s, &e) < 0)
		return verdict_say(&b->verdict, e.class, CAUSE_SANDBOX, "%s", e.msg);
	b->verdict.check_ms = s->took_ms;
	if (s->ended != STAGE_EXIT || s->status != 0)
		return build_blame(b, s, CAUSE_CHECK, "making the disk");
	return 0;
}

int build_kernel(struct build *b, int in, int out)
{
	int fds[1 + BUILDER_MODULES_MAX];
	own_stage struct stage s = {.log = NULL};
	own_fd int kept = -1;
	int rc;

	for (int i = 0; i < 1 + BUILDER_MODULES_MAX; i++)
		fds[i] = -1;
	build_stage(b, &s);
	s.speaks = s.own_words = true;
	add_words(b, &s.args);
	s.fds[s.nfds++] = (struct spawn_fd){in, STAGE_FD_IN};
	s.fds[s.nfds++] = (struct spawn_fd){out, STAGE_FD_OUT};
	kept = open_kept(b, &s);
	rc = open_extras(b, fds, &s);
	if (rc == 0)
		rc = run(b, &s);
	for (int i = 0; i < 1 + BUILDER_MODULES_MAX; i++)
		own_fd_end(&fds[i]);
	return rc;
}
