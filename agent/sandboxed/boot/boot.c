/* boot: DIAGNOSTICS: as the header says. QEMU is gone on every return. */
#include "agent/sandboxed/boot/boot.h"

#include "agent/sandboxed/boot/console.h"
#include "agent/sandboxed/boot/guesttime.h"
#include "conf/expect.h"
#include "lib/args.h"
#include "lib/clock.h"
#include "lib/escape.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { DISK = 5 /* QEMU's descriptor */, LOOK_MS = 100 };

struct guest {
	const struct boot *boot;
	struct child qemu;
	int out;    /* read end of its console */
	int errors; /* QEMU's standard error */
	struct console console;
	struct guesttime time;
	int64_t took_ms;
};

enum end { SEEN, GONE, LATE };

static void add_words(struct args *a, const struct boot *b)
{
	/* No KVM: the sandbox has no devices, and images must boot emulated. "max" is every CPU
	 * feature that the emulator has. */
	static const char *const fixed[] = {
		"qemu-system-x86_64", "-accel", "tcg,thread=single", "-cpu", "max", "-smp", "1",
		"-nodefaults", "-no-user-config",
		"-display", "none", "-no-reboot", "-nic", "none", "-sandbox",
		"on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
		"-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console", "-add-fd",
		"set=1,fd=5",
	};
	static const char drive[] = "file=/dev/fdset/1,format=raw,snapshot=on,file.locking=off";
	const bool scsi = strcmp(b->bus, "scsi") == 0;

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		args_add(a, fixed[i]);
	args_add(a, "-drive");
	args_addf(a, "%s,if=%s,id=disk", drive, scsi ? "none" : b->bus);
	if (scsi) {
		args_add(a, "-device");
		args_add(a, "virtio-scsi-pci");
		args_add(a, "-device");
		args_add(a, "scsi-hd,drive=disk");
	}
	args_add(a, "-machine");
	args_add(a, b->machine);
	args_add(a, "-m");
	args_addf(a, "%lldM", (long long)b->memory_mib);
	if (b->firmware) {
		args_add(a, "-bios");
		args_add(a, b->firmware);
	}
}

static int start(struct guest *g, int disk, struct err *e)
{
	const struct spawn_fd fds[] = {{disk, DISK}};
	own_args struct args words = ARGS_INIT;
	struct spawn s = SPAWN_INIT(NULL);
	own_fd int theirs = -1;
	int pair[2];

	g->errors = memfd_create("qemu", MFD_CLOEXEC);
	if (g->errors < 0 || pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(e, ERR_NOBODY, "cannot start QEMU");
	g->out = pair[0];
	theirs = pair[1];
	fcntl(g->out, F_SETFL, O_NONBLOCK);
	add_words(&words, g->boot);
	s.argv = args_list(&words);
	s.out = theirs;
	s.err = g->errors;
	s.fds = fds;
	s.nfds = 1;
	return spawn_start(&s, &g->qemu, e);
}

/* Reads once. Returns whether the expected line came. Closes g->out at the end of the file. */
static bool take(struct guest *g, bool *more)
{
	char data[4096];
	ssize_t n = read(g->out, data, sizeof(data));
	size_t len;

	*more = n > 0;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		close(steal_fd(&g->out));
	if (n <= 0)
		return false;
	len = console_clean(data, (size_t)n);
	(void)fs_write_all(STDOUT_FILENO, data, len);
	return console_take(&g->console, data, len);
}

/* Reads the rest of the pipe after QEMU has ended. */
static enum end drain(struct guest *g)
{
	bool more = true;

	while (g->out >= 0 && more)
		if (take(g, &more))
			return SEEN;
	return console_end(&g->console) ? SEEN : GONE;
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static bool is_late(struct guest *g)
{
	struct guesttime_use use;

	guesttime_read(g->qemu.pid, &use);
	g->took_ms = guesttime_look(&g->time, now_ns(), &use);
	return g->took_ms > g->boot->timeout_s * 1000;
}

static enum end follow(struct guest *g)
{
	guesttime_begin(&g->time, now_ns());
	for (;;) {
		struct pollfd p[] = {{.fd = g->out, .events = POLLIN},
				     {.fd = g->qemu.pidfd, .events = POLLIN}};
		int n = poll(p, 2, LOOK_MS);
		bool late = is_late(g), more;

		if (p[1].revents)
			return drain(g);
		if ((p[0].revents && take(g, &more)) || (n == 0 && console_pause(&g->console)))
			return SEEN;
		if (late)
			return LATE;
	}
}

static int fail_late(const struct guest *g, struct err *e)
{
	return err_set(e, ERR_PUSHER, "no line of the console matched %.80s within %lld s of the "
		       "guest's time (timeout); it %s%s", g->boot->expect,
		       (long long)g->boot->timeout_s,
		       g->console.tail[0] ? "ended with: " : "said nothing", g->console.tail);
}

/* Adds the first line of QEMU's standard error to the message. */
static int fail_qemu(const struct guest *g, int status, struct err *e)
{
	char text[300] = "", how[64];
	ssize_t n = fs_pread(g->errors, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	spawn_status_text(status, how, sizeof(how));
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return err_set(e, ERR_NOBODY, "QEMU was killed from outside (%s)", how);
	if (WIFSIGNALED(status))
		return err_set(e, ERR_PUSHER, "the guest crashed QEMU (%s)%s%s", how,
			       *text ? ": " : "", text);
	return err_set(e, ERR_OPERATOR, "QEMU did not boot the artifact (%s: %s); see boot_memory "
		       "and boot_machine of the image", how, text);
}

static int fail_gone(const struct guest *g, int status, struct err *e)
{
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return fail_qemu(g, status, e);
	return err_set(e, ERR_PUSHER, "the guest ended, and no line of its console had matched "
		       "%.80s; it %s%s", g->boot->expect,
		       g->console.tail[0] ? "ended with: " : "said nothing", g->console.tail);
}

static int run(struct guest *g, int disk, struct err *e)
{
	enum end end;

	if (start(g, disk, e) < 0)
		return -1;
	end = follow(g);
	if (end == GONE)
		return fail_gone(g, spawn_wait(&g->qemu), e);
	spawn_kill(&g->qemu);
	if (end == SEEN)
		return 0;
	(void)console_end(&g->console); /* an unfinished line belongs to the tail */
	return fail_late(g, e);
}

int boot_run(int disk, const struct boot *b, int64_t *took_ms, struct err *e)
{
	struct guest g = {.boot = b, .out = -1, .errors = -1};
	regex_t expect;
	int rc;

	if (expect_compile(&expect, b->expect, e) < 0)
		return -1;
	g.console.expect = &expect;
	rc = run(&g, disk, e);
	regfree(&expect);
	own_fd_end(&g.out);
	own_fd_end(&g.errors);
	*took_ms = g.took_ms;
	return rc;
}
