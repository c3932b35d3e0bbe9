/* check: DIAGNOSTICS: ERR_PUSHER if the artifact is unusable, ERR_OPERATOR if qemu-img is missing,
 * ERR_NOBODY if the disk is full. */
#include "agent/sandboxed/check/check.h"

#include "lib/copy.h"
#include "agent/sandboxed/check/imghead.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/spawn.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { IN = 5, OUT = 6 }; /* qemu-img's descriptors */
enum {
	QEMU_MS = 24 * 3600 * 1000, /* the attempt's own timeout ends it earlier */
	QEMU_OUTPUT_MAX = 65536,
};

/* buf has IMGHEAD_HEAD + IMGHEAD_TAIL bytes; h points into it. */
static int read_head(int fd, unsigned char *buf, struct imghead *h, struct err *e)
{
	unsigned char *tail = buf + IMGHEAD_HEAD;
	struct stat st;
	ssize_t head_len, tail_len;

	if (fstat(fd, &st) < 0)
		return err_sys(e, ERR_US, "cannot stat the artifact");
	head_len = fs_pread(fd, buf, IMGHEAD_HEAD, 0);
	tail_len = fs_pread(fd, tail, IMGHEAD_TAIL,
			    st.st_size > IMGHEAD_TAIL ? st.st_size - IMGHEAD_TAIL : 0);
	if (head_len < 0 || tail_len < 0)
		return err_sys(e, ERR_NOBODY, "cannot read the artifact");
	*h = (struct imghead){
		.head = buf, .head_len = (size_t)head_len,
		.tail = tail, .tail_len = (size_t)tail_len,
		.size = (uint64_t)st.st_size,
	};
	return 0;
}

/* Adds the first line of qemu-img's standard error to the message. */
static int fail_qemu(const char *did, int status, int errors, struct err *e)
{
	char text[400] = "";
	char how[64];
	ssize_t n = fs_pread(errors, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	if (strstr(text, strerror(ENOSPC)))
		return err_set(e, ERR_NOBODY, "qemu-img could not %s the qcow2: %s", did,
			       strerror(ENOSPC));
	text[strcspn(text, "\n")] = '\0';
	spawn_status_text(status, how, sizeof(how));
	return err_set(e, ERR_PUSHER, "qemu-img could not %s the qcow2 (%s: %s); is it cut off, or "
		       "was it not closed? qemu-img check IMAGE says more", did, how, text);
}

/* Runs qemu-img on our two files. also: another exit status that means success. */
static int run_qemu(const char *const *argv, const char *did, int in, int out, int also,
		    struct err *e)
{
	const struct spawn_fd fds[] = {{in, IN}, {out, OUT}};
	own_fd int errors = memfd_create("qemu-img", MFD_CLOEXEC);
	struct spawn s = SPAWN_INIT(argv);
	own_free char *text = NULL;
	size_t len;
	int status;

	if (errors < 0)
		return err_sys(e, ERR_NOBODY, "cannot start qemu-img");
	s.err = errors;
	s.fds = fds;
	s.nfds = sizeof(fds) / sizeof(fds[0]);
	status = spawn_capture(&s, QEMU_MS, QEMU_OUTPUT_MAX, &text, &len, e);
	if (status < 0)
		return -1;
	if (status != 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == also))
		return fail_qemu(did, status, errors, e);
	return 0;
}

/* convert silently turns the missing part of a truncated qcow2 into zeros, so check its tables
 * first. Status 3 means leaked clusters, which are harmless. */
static int check_tables(int in, int out, struct err *e)
{
	static const char *const argv[] = {"qemu-img", "check", "-q", "-f", "qcow2",
					   "/proc/self/fd/5", NULL};

	return run_qemu(argv, "check", in, out, 3, e);
}

static int make_from_qcow2(int in, int out, uint64_t max, struct err *e)
{
	/* -W writes clusters out of order: a tenth faster if they are not in order. */
	static const char *const argv[] = {"qemu-img", "convert", "-n", "--target-is-zero", "-W",
					   "-f", "qcow2", "-O", "raw", "/proc/self/fd/5",
					   "/proc/self/fd/6", NULL};
	own_free unsigned char *buf = malloc(IMGHEAD_HEAD + IMGHEAD_TAIL);
	struct imghead h;
	uint64_t size;

	if (!buf)
		return err_set(e, ERR_NOBODY, "out of memory");
	if (read_head(in, buf, &h, e) < 0 || imghead_qcow2(&h, max, &size, e) < 0 ||
	    check_tables(in, out, e) < 0)
		return -1;
	if (ftruncate(out, (off_t)size) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot make a file of %" PRIu64 " bytes", size);
	return run_qemu(argv, "convert", in, out, 0, e);
}

void check_bound_files(uint64_t max)
{
	const struct rlimit size = {.rlim_cur = max, .rlim_max = max};
	const struct rlimit core = {.rlim_cur = 0, .rlim_max = 0};

	setrlimit(RLIMIT_FSIZE, &size);
	setrlimit(RLIMIT_CORE, &core);
	signal(SIGXFSZ, SIG_IGN);
}

int check_make_raw(int in, int out, enum check_format format, uint64_t max, struct err *e)
{
	enum copy_way way;
	struct stat st;

	if (fstat(out, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size != 0)
		return err_set(e, ERR_US, "the output is not an empty file");
	if (fstat(in, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(e, ERR_PUSHER, "the artifact is not a regular file; the build must "
			       "leave one");
	if (format == CHECK_QCOW2)
		return make_from_qcow2(in, out, max, e);
	/* Checked here, because a copy above the bound would end in SIGXFSZ. */
	if ((uint64_t)st.st_size > max)
		return err_set(e, ERR_PUSHER, "the artifact has %lld bytes; this node takes at "
			       "most %" PRIu64 " (image_size_limit)", (long long)st.st_size, max);
	return copy_file(in, out, st.st_size, NULL, NULL, &way, e);
}

int check_inspect(int fd, uint64_t max, const char **note, struct err *e)
{
	own_free unsigned char *buf = malloc(IMGHEAD_HEAD + IMGHEAD_TAIL);
	struct imghead h;

	if (!buf)
		return err_set(e, ERR_NOBODY, "out of memory");
	return read_head(fd, buf, &h, e) < 0 ? -1 : imghead_raw(&h, max, note, e);
}
