/* build_boot: sandbox 4, used if the image or its repository expects a line on the console. The
 * guest sees the artifact read-only below a temporary layer, and no network.
 * DIAGNOSTICS: ERR_PUSHER if the line does not come, ERR_OPERATOR if this node cannot boot
 * images. */
#include "agent/build/build.h"

#include "agent/build/sandbox.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/program.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

/* Debian's package ovmf. The boot check has to use the firmware that the disk is made for. */
#define UEFI "/usr/share/ovmf/OVMF.fd"

bool build_boot_by_uefi(const struct build *b)
{
	return b->builder->format == BUILDER_KERNEL && b->builder->firmware == BUILDER_UEFI;
}

int build_boot_needs(struct build *b)
{
	struct utsname u;

	if (!b->boot.expect[0])
		return 0;
	if (uname(&u) < 0 || strcmp(u.machine, "x86_64") != 0)
		return verdict_say(&b->verdict, ERR_OPERATOR, CAUSE_BOOT,
				   "the image expects a console line, and this node boots only "
				   "x86_64; remove `expect` from the image file and .hornero.yaml");
	if (!program_is_installed(EXPECT_PROGRAM))
		return verdict_say(&b->verdict, ERR_OPERATOR, CAUSE_BOOT,
				   "the image expects a console line, which needs the program "
				   EXPECT_PROGRAM ", not in /usr on this node; install it "
				   "(Debian: qemu-system-x86)");
	if (build_boot_by_uefi(b) && access(UEFI, R_OK) < 0)
		return verdict_say(&b->verdict, ERR_OPERATOR, CAUSE_BOOT,
				   "the image expects a console line, and its builder's disks boot "
				   "with UEFI alone; this node has no " UEFI ": install it "
				   "(Debian: ovmf)");
	return 0;
}

static void add_words(const struct build *b, struct args *a)
{
	own_free char *program = fs_path("%s/hornero-boot", b->conf->libexec_dir);

	sandbox_begin(a, STAGE_FD_SANDBOX, STAGE_FD_FILTERS);
	sandbox_bind(a, "--ro-bind", program, "/hornero-boot");
	/* QEMU keeps the guest's writes here, never in /tmp. */
	args_add(a, "--tmpfs");
	args_add(a, "/var/tmp");
	sandbox_env(a, "HOME", "/tmp");
	sandbox_command(a);
	args_add(a, "/hornero-boot");
	args_addf(a, "--expect=%s", b->boot.expect);
	args_addf(a, "--timeout=%lld", (long long)b->boot.timeout_s);
	args_addf(a, "--memory=%lld", (long long)(b->boot.memory_bytes >> 20));
	args_addf(a, "--machine=%s", b->boot.machine);
	args_addf(a, "--bus=%s", b->boot.bus);
	if (build_boot_by_uefi(b))
		args_add(a, "--firmware=" UEFI);
}

/* A compromised QEMU may have written to the artifact: trust only the kernel's ctime. */
static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* The guest's output is in the log as the guest's; this line is ours. */
static void on_line(void *arg, const char *line)
{
	struct build *b = arg;
	long long ms;

	if (sscanf(line, "came %lld", &ms) == 1)
		stage_note(&b->log, "the expected line came after %lld ms of the guest's time", ms);
}

int build_boot(struct build *b, int raw, const char *path)
{
	own_fd int disk = -1;
	own_stage struct stage s = {.log = NULL};
	struct stat before, after;
	struct err e = ERR_INIT;

	if (!b->boot.expect[0])
		return 0;
	disk = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (disk < 0 || fstat(raw, &before) < 0)
		return verdict_sys(&b->verdict, ERR_US, CAUSE_BOOT, "cannot open %s again", path);
	build_stage(b, &s);
	s.speaks = true;
	s.on_line = on_line;
	s.arg = b;
	add_words(b, &s.args);
	s.fds[s.nfds++] = (struct spawn_fd){disk, STAGE_FD_IN};
	stage_note(&b->log, "boot: up to %lld s of the guest's time for a line that matches %s",
		   (long long)b->boot.timeout_s, b->boot.expect);
	if (stage_run(&s, &e) < 0)
		return verdict_say(&b->verdict, e.class, CAUSE_SANDBOX, "%s", e.msg);
	b->verdict.boot_ms = s.took_ms;
	if (s.ended != STAGE_EXIT || s.status != 0)
		return build_blame(b, &s, CAUSE_BOOT, "the boot check");
	b->final = fstat(raw, &after) < 0 || !is_same(&before, &after);
	return b->final ? verdict_say(&b->verdict, ERR_PUSHER, CAUSE_BOOT,
				      "the artifact was changed during its boot")
			: 0;
}
