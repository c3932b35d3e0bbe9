/* flattening: DIAGNOSTICS: if hornero-flatten refuses, the next attempt tries again; the cache is
 * unchanged and the disk still has its base. */
#include "agent/publish/flattening.h"

#include "lib/bytes.h"
#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/spawn.h"
#include "state/waiting.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* hornero-flatten writes a line at least once a second; libvirt waits at most 30 s for a domain. */
enum { TICK_MS = 200, SPEAK_MS = 1000, SILENCE_MS = 120000, END_MS = 60000 };

struct flattening {
	struct peer *peer;
	char instance[80];
	int64_t size_bytes; /* of the base */
	int64_t heard_ms, spoken_ms;
	int percent;        /* last reported */
	char line[1024];    /* the line being received */
	size_t len;
	char *why;
};

static void tell(struct flattening *f, int percent)
{
	char size[BYTES_WORDS];
	int64_t now_ms = clock_mono_ms();

	if (percent == f->percent || (f->percent >= 0 && now_ms - f->spoken_ms < SPEAK_MS))
		return;
	f->percent = percent;
	f->spoken_ms = now_ms;
	peer_say(f->peer, "waiting", "%s flattening instance %s: %d %% of %s",
		 waiting_name(WAITING_FLATTENING), f->instance, percent,
		 bytes_words(size, f->size_bytes));
}

static void take_line(struct flattening *f)
{
	int64_t done, total;

	f->line[f->len] = '\0';
	f->heard_ms = clock_mono_ms();
	if (sscanf(f->line, "progress %" SCNd64 " %" SCNd64, &done, &total) == 2)
		tell(f, total > 0 && done >= 0 && done <= total
				? (int)(100.0 * (double)done / (double)total)
				: 0);
	else if (strncmp(f->line, "refused ", 8) == 0)
		snprintf(f->why, FLATTENING_WHY_MAX, "%s", f->line + 8);
	f->len = 0;
}

/* Reads until hornero-flatten closes its output. Returns -1 if it must be ended. */
static int follow(struct flattening *f, int out, struct err *e)
{
	for (;;) {
		struct pollfd p = {.fd = out, .events = POLLIN};
		char piece[512];
		ssize_t n = poll(&p, 1, TICK_MS) == 1 ? read(out, piece, sizeof(piece)) : -1;

		if (n == 0)
			return 0;
		for (ssize_t i = 0; i < n; i++) {
			if (piece[i] == '\n')
				take_line(f);
			else if (f->len < sizeof(f->line) - 1)
				f->line[f->len++] = piece[i];
		}
		if (peer_stop(f->peer, e) < 0)
			return -1;
		if (clock_mono_ms() - f->heard_ms > SILENCE_MS) {
			snprintf(f->why, FLATTENING_WHY_MAX, "libvirt has not answered for %d s",
				 SILENCE_MS / 1000);
			return -1;
		}
	}
}

/* Gives hornero-flatten time to end its block job, which may take QEMU half a minute. If it is
 * killed first, the job keeps running. */
static int end(struct child *c)
{
	struct pollfd ended = {.fd = c->pidfd, .events = POLLIN};

	kill(c->pid, SIGTERM);
	if (poll(&ended, 1, END_MS) != 1)
		kill(c->pid, SIGKILL);
	return spawn_wait(c);
}

static int run(struct flattening *f, const char *const argv[], struct err *e)
{
	struct spawn s = SPAWN_INIT(argv);
	own_fd int ours = -1;
	own_fd int theirs = -1;
	struct child c;
	int pair[2];
	int status;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(e, ERR_NOBODY, "cannot start hornero-flatten");
	ours = pair[0];
	theirs = pair[1];
	s.out = theirs;
	s.err = STDERR_FILENO;
	/* If we are killed, it still has to end its block job. */
	s.death = SIGTERM;
	if (spawn_start(&s, &c, e) < 0)
		return -1;
	close(steal_fd(&theirs));
	f->heard_ms = clock_mono_ms();
	if (follow(f, ours, e) < 0) {
		end(&c);
		return f->why[0] != '\0' ? 1 : -1;
	}
	status = spawn_wait(&c);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (f->why[0] == '\0') {
		char how[64];

		snprintf(f->why, FLATTENING_WHY_MAX, "hornero-flatten died: %s",
			 spawn_status_text(status, how, sizeof(how)));
	}
	return 1;
}

int flattening_run(const struct conf *conf, const char *disk, const char *base, struct peer *peer,
		   char why[FLATTENING_WHY_MAX], struct err *e)
{
	own_free char *program = fs_path("%s/hornero-flatten", conf->libexec_dir);
	own_free char *path = fs_path("%s/%s", conf->instances_path, disk);
	const char *argv[] = {program, "-c", conf->path, path, base, NULL};
	struct flattening f = {.peer = peer, .percent = -1, .why = why};
	struct stat st;

	snprintf(f.instance, sizeof(f.instance), "%.*s", (int)strcspn(disk, "/"), disk);
	f.size_bytes = stat(base, &st) == 0 ? st.st_size : 0;
	why[0] = '\0';
	return run(&f, argv, e);
}
