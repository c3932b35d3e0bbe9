/* hornero-kernel2disk: makes a RAW disk that boots a builder's kernel, in the sandbox of the check.
 *
 *     5 -> the kernel
 *     6 <- the RAW: empty before, checked after exit 0
 *     10 -> the initrd; 11 to 18 -> the modules
 *     19 <> core.h keeps an image there; may be missing
 *     3 <- error TEXT on failure, and the exit code of its class
 *
 * DIAGNOSTICS: as kernel.h and disk.h; ERR_USAGE for its own command line. */
#include "agent/sandboxed/check/check.h"
#include "agent/sandboxed/kernel2disk/disk.h"
#include "agent/sandboxed/report.h"
#include "conf/check.h"
#include "lib/copy.h"
#include "lib/fs.h"
#include "lib/options.h"
#include "lib/own.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { IN_FD = 5, OUT_FD = 6 };
enum { OPT_FIRMWARE = 256, OPT_CMDLINE, OPT_INITRD, OPT_MODULE, OPT_MAX };

static const struct argp_option options[] = {
	{"firmware", OPT_FIRMWARE, "bios|uefi|both", 0, "What boots the disk", 0},
	{"cmdline", OPT_CMDLINE, "TEXT", 0, "The kernel's command line", 0},
	{"initrd", OPT_INITRD, NULL, 0, "There is an initrd", 0},
	{"module", OPT_MODULE, "NAME", 0, "There is one more module, of this name", 0},
	{"max", OPT_MAX, "BYTES", 0, "Largest size of the disk", 0},
	{0},
};

static void check_text(const char *text, struct argp_state *state)
{
	struct err e = ERR_INIT;

	if (check_cmdline(text, &e) < 0)
		argp_error(state, "%s", e.msg);
}

static void add_module(struct grub_load *load, const char *name, struct argp_state *state)
{
	check_text(name, state);
	if (load->nmodules == GRUB_MODULES_MAX)
		argp_error(state, "at most %d modules are possible", GRUB_MODULES_MAX);
	load->modules[load->nmodules++] = name;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct disk *d = state->input;

	switch (key) {
	case OPT_FIRMWARE:
		d->bios = strcmp(arg, "uefi") != 0;
		d->uefi = strcmp(arg, "bios") != 0;
		if (d->bios && d->uefi && strcmp(arg, "both") != 0)
			argp_error(state, "--firmware takes bios, uefi or both, not %s", arg);
		return 0;
	case OPT_CMDLINE:
		check_text(arg, state);
		d->load.cmdline = arg;
		return 0;
	case OPT_INITRD: d->load.has_initrd = true; return 0;
	case OPT_MODULE: add_module(&d->load, arg, state); return 0;
	case OPT_MAX: d->max_bytes = strtoull(arg, NULL, 10); return 0;
	case ARGP_KEY_END:
		if ((!d->bios && !d->uefi) || d->max_bytes == 0 || d->max_bytes > INT64_MAX)
			argp_error(state, "--firmware and --max are needed");
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	options, parse, NULL,
	"Make a disk that boots a kernel. hornero-build runs this in a sandbox, with descriptors "
	"3, 5 and 6 open.",
	NULL, NULL, NULL,
};

/* Copies the kernel into memory without its empty segments. Returns the descriptor. */
static int patch(const struct kernel *k, int64_t size, struct err *e)
{
	static const unsigned char null[4] = {0}; /* PT_NULL */
	own_fd int copy = memfd_create("kernel", MFD_CLOEXEC);
	enum copy_way way;

	if (copy < 0)
		return err_sys(e, ERR_NOBODY, "cannot copy the kernel");
	if (copy_file(IN_FD, copy, size, NULL, NULL, &way, e) < 0)
		return -1;
	for (size_t i = 0; i < k->n_empty; i++)
		if (pwrite(copy, null, sizeof(null), k->empty[i]) != sizeof(null))
			return err_sys(e, ERR_NOBODY, "cannot write the copy of the kernel");
	return steal_fd(&copy);
}

static int check_extras(const struct disk *d, struct err *e)
{
	if (d->load.type == KERNEL_LINUX && d->load.nmodules > 0)
		return err_set(e, ERR_PUSHER, "the kernel is Linux, which takes no multiboot "
			       "modules; use initrd instead of kernel_modules in the builder's "
			       "file");
	if (d->load.type != KERNEL_LINUX && d->load.has_initrd)
		return err_set(e, ERR_PUSHER, "the kernel is a multiboot one, which takes no "
			       "initrd; use kernel_modules instead of initrd in the builder's "
			       "file");
	return 0;
}

/* Looks at the kernel and sets d->kernel to what goes onto the disk. */
static int take_kernel(struct disk *d, struct err *e)
{
	own_free unsigned char *head = malloc(KERNEL_HEAD);
	struct kernel k;
	struct stat st;
	ssize_t len;

	if (!head)
		return err_set(e, ERR_NOBODY, "out of memory");
	if (fstat(IN_FD, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(e, ERR_PUSHER, "the kernel is not a regular file");
	len = fs_pread(IN_FD, head, KERNEL_HEAD, 0);
	if (len < 0)
		return err_sys(e, ERR_NOBODY, "cannot read the kernel");
	if (kernel_look(head, (size_t)len, (uint64_t)st.st_size, &k, e) < 0)
		return -1;
	d->load.type = k.type;
	d->kernel = IN_FD;
	if (check_extras(d, e) < 0)
		return -1;
	if (k.n_empty > 0 && (uint64_t)st.st_size <= d->max_bytes)
		d->kernel = patch(&k, st.st_size, e);
	return d->kernel < 0 ? -1 : 0;
}

static int make(struct disk *d, struct err *e)
{
	char dir[] = "/tmp/hornero-kernel2disk.XXXXXX";
	struct err ignored = ERR_INIT;
	const char *note;
	int rc;

	if (take_kernel(d, e) < 0)
		return -1;
	if (!mkdtemp(dir))
		return err_sys(e, ERR_OPERATOR, "cannot make a directory in /tmp");
	d->dir = dir;
	rc = disk_make(d, OUT_FD, e);
	(void)fs_remove_tree(AT_FDCWD, dir, &ignored);
	return rc < 0 ? -1 : check_inspect(OUT_FD, d->max_bytes, &note, e);
}

int main(int argc, char **argv)
{
	struct disk d = {.load = {.cmdline = ""}, .initrd = DISK_INITRD_FD};
	struct err e = ERR_INIT;

	d.kept = report_has(DISK_KEPT_FD) ? DISK_KEPT_FD : -1;
	options_parse(&argp, argc, argv, &d, NULL);
	for (size_t i = 0; i < GRUB_MODULES_MAX; i++)
		d.modules[i] = DISK_MODULES_FD + (int)i;
	if (!report_has(REPORT_FD) || !report_has(IN_FD) || !report_has(OUT_FD)) {
		fprintf(stderr, "hornero-kernel2disk: descriptors %d, %d and %d are not open; "
			"hornero-build starts this program\n", REPORT_FD, IN_FD, OUT_FD);
		return err_exit(ERR_USAGE);
	}
	check_bound_files(d.max_bytes);
	return make(&d, &e) < 0 ? report_error(&e) : 0;
}
