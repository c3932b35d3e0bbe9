/* rebase: DIAGNOSTICS: ERR_NOBODY with qemu-img's text. The disk keeps its base; some of the base's
 * bytes may already be copied into it. */
#include "agent/publish/flatten/flatten.h"

#include "lib/fs.h"
#include "lib/own.h"
#include "lib/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

enum { TICK_MS = 500 };

/* Output of qemu-img: "    (12.34/100%)" and a carriage return, repeated, or the reason of its
 * failure. */
struct said {
	char text[1024];
	size_t len;
	double percent;
};

/* Doubles commas, as QEMU's option syntax wants it. The caller frees the result. */
static char *option_path(const char *path)
{
	char *out = calloc(2, strlen(path) + 1);

	if (!out)
		abort();
	for (char *to = out; *path; path++) {
		*to++ = *path;
		if (*path == ',')
			*to++ = ',';
	}
	return out;
}

static void take(struct said *s, const char *piece, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (piece[i] != '\r' && piece[i] != '\n') {
			if (s->len < sizeof(s->text) - 1)
				s->text[s->len++] = piece[i];
			continue;
		}
		s->text[s->len] = '\0';
		if (sscanf(s->text, " (%lf/100%%)", &s->percent) == 1 || piece[i] == '\r')
			s->len = 0;
		else if (s->len < sizeof(s->text) - 1)
			s->text[s->len++] = ' ';
	}
	s->text[s->len] = '\0';
}

/* Reads until qemu-img closes its output. */
static int follow(const struct flatten *f, int out, struct said *s, struct err *e)
{
	for (;;) {
		char piece[512];
		ssize_t n;

		if (flatten_pause(f, out, TICK_MS, e) < 0)
			return -1;
		while ((n = read(out, piece, sizeof(piece))) > 0)
			take(s, piece, (size_t)n);
		if (n == 0)
			return 0;
		if (errno != EAGAIN && errno != EINTR)
			return err_sys(e, ERR_NOBODY, "cannot read what qemu-img says");
		flatten_progress((int64_t)(s->percent * 100), 10000);
	}
}

static int run(const struct flatten *f, const char *const argv[], struct err *e)
{
	struct spawn s = SPAWN_INIT(argv);
	own_fd int ours = -1;
	own_fd int theirs = -1;
	struct said said = {.percent = 0};
	struct child c;
	char how[64];
	int pair[2];
	int status;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(e, ERR_NOBODY, "cannot start qemu-img");
	ours = pair[0];
	theirs = pair[1];
	if (fcntl(ours, F_SETFL, O_NONBLOCK) < 0)
		return err_sys(e, ERR_US, "cannot read from qemu-img");
	s.out = s.err = theirs;
	if (spawn_start(&s, &c, e) < 0)
		return -1;
	close(steal_fd(&theirs));
	if (follow(f, ours, &said, e) < 0) {
		spawn_kill(&c);
		return -1;
	}
	status = spawn_wait(&c);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return err_set(e, ERR_NOBODY, "qemu-img could not rebase it (%s): %s",
		       spawn_status_text(status, how, sizeof(how)), said.text);
}

/* "-t writethrough": if qemu-img may keep the tables that locate the bytes in memory, it writes
 * the header that names no base before them; killed in between, it leaves an empty disk. We name
 * the base ourselves: otherwise qemu-img would open, as Nova's user, any file that the header
 * names. */
int rebase_run(const struct flatten *f, struct err *e)
{
	own_free char *path = option_path(f->disk);
	own_free char *base = option_path(f->base);
	own_free char *below = fs_path("driver=qcow2,backing.driver=raw,backing.file.driver=file,"
				       "backing.file.filename=%s", base);
	bool limited = f->conf->flatten_rate > 0;
	own_free char *rate = fs_path("throttle-group,id=rate,x-bps-write=%lld",
				      (long long)f->conf->flatten_rate << 20);
	own_free char *plain = fs_path("%s,file.driver=file,file.filename=%s", below, path);
	own_free char *throttled = fs_path("%s,file.driver=throttle,file.throttle-group=rate,"
					   "file.file.driver=file,file.file.filename=%s",
					   below, path);
	const char *fast[] = {"qemu-img", "rebase", "-p", "-t", "writethrough", "-b", "",
			      "--image-opts", plain, NULL};
	const char *slow[] = {"qemu-img", "rebase", "-p", "-t", "writethrough", "-b", "",
			      "--object", rate, "--image-opts", throttled, NULL};

	return run(f, limited ? slow : fast, e);
}
