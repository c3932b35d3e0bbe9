/* publish-tool: publishes as hornerod does, for tests without hornerod.
 *
 *     publish-tool store CONF IMAGE JOB FILE        move FILE into the store, print its digest
 *     publish-tool ask FILE REQUEST PROGRAM ARG…    start PROGRAM with one end of a connection as
 *             its standard input, send REQUEST and FILE's descriptor, print "pid N" and its
 *             replies, exit as it does
 *     publish-tool leave FILE REQUEST PROGRAM ARG…  the same, but hang up at the first reply
 *     publish-tool early FILE PREPARE GO FILE REQUEST PROGRAM ARG…
 *             send PREPARE with the first FILE; when the file GO exists, ask with the second; hang
 *             up instead if GO is not empty
 *     publish-tool whole CONF IMAGE JOB FILE PROGRAM ARG…
 *             as an attempt and hornerod do together: move FILE to the store's staging directory,
 *             have PROGRAM prepare it while it is digested, take it, and ask to publish it with
 *             the token "token"; prints as ask does
 *
 * FILE `-` in ask sends no descriptor. Death by a signal is exit 128 + its number.
 */
#include "conf/conf.h"
#include "lib/clock.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/spawn.h"
#include "store/store.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

static int fill_manifest(int fd, const char *image, const char *job, struct manifest *m,
			 struct err *e)
{
	struct stat st;
	char line[128];

	if (fstat(fd, &st) < 0)
		return err_sys(e, ERR_USAGE, "cannot stat the file");
	*m = (struct manifest){.made.job = atoll(job), .made.attempt = 1, .size_bytes = st.st_size};
	m->built_ms = clock_wall_ms();
	snprintf(m->made.image, sizeof(m->made.image), "%s", image);
	snprintf(m->made.builder, sizeof(m->made.builder), "make");
	if (sha256_fd(fd, m->made.digest, e) < 0)
		return -1;
	snprintf(line, sizeof(line), "%s %s", m->made.digest, job);
	return sha256_buffer(line, strlen(line), m->made.key, e);
}

/* Moves FILE, not copies it: the store's rule is one filesystem. Returns a descriptor, or -1. */
static int stage(const struct conf *conf, const char *file, char **staged, struct err *e)
{
	int fd;

	*staged = fs_path("%s/stage/tool.%ld", conf->store_dir, (long)getpid());
	if (rename(file, *staged) < 0)
		return err_sys(e, ERR_USAGE, "cannot move %s to %s", file, *staged);
	fd = open(*staged, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, ERR_USAGE, "cannot open %s", *staged) : fd;
}

static int take(char **argv, struct err *e)
{
	own_conf struct conf *conf = NULL;
	own_free char *staged = NULL;
	own_fd int fd = -1;
	struct manifest m;

	if (conf_load(&conf, argv[0], e) < 0 || store_init(conf->store_dir, e) < 0)
		return -1;
	failpoint_arm(conf->failpoint);
	fd = stage(conf, argv[3], &staged, e);
	if (fd < 0 || fill_manifest(fd, argv[1], argv[2], &m, e) < 0 ||
	    store_take(conf->store_dir, staged, &m, e) < 0)
		return -1;
	printf("%s\n", m.made.digest);
	return 0;
}

static int send_request(int sock, const char *text, int fd, struct err *e)
{
	char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec part = {.iov_base = (void *)(uintptr_t)text, .iov_len = strlen(text)};
	struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1};
	struct cmsghdr *c;

	if (fd >= 0) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	if (sendmsg(sock, &msg, MSG_NOSIGNAL) < 0)
		return err_sys(e, ERR_NOBODY, "cannot send the request");
	return 0;
}

static void print_replies(int sock, bool leave)
{
	char text[2048];
	ssize_t n;

	while ((n = recv(sock, text, sizeof(text) - 1, 0)) > 0) {
		text[n] = '\0';
		if (strncmp(text, "process ", 8) == 0)
			continue; /* said above, before it could */
		printf("%s\n", text);
		fflush(stdout);
		if (leave)
			return;
	}
}

/* Returns whether to go on. */
static bool wait_for_go(const char *path)
{
	const struct timespec nap = {.tv_nsec = 10000000};
	struct stat st;

	while (stat(path, &st) < 0)
		nanosleep(&nap, NULL);
	return st.st_size == 0;
}

static int open_file(const char *path, int *fd, struct err *e)
{
	if (strcmp(path, "-") == 0)
		return 0;
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	return *fd < 0 ? err_sys(e, ERR_USAGE, "cannot open %s", path) : 0;
}

/* early: FILE PREPARE GO, or NULL. Returns 1 to go on, 0 to hang up, -1 on error. */
static int prepare(int sock, char **early, struct err *e)
{
	own_fd int fd = -1;

	if (!early)
		return 1;
	if (open_file(early[0], &fd, e) < 0 || send_request(sock, early[1], fd, e) < 0)
		return -1;
	return wait_for_go(early[2]);
}

/* Starts the program at the other end of *sock. */
static int start(char **program, int *sock, struct child *c, struct err *e)
{
	struct spawn s = SPAWN_INIT((const char *const *)(void *)program);
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, ERR_US, "cannot make a socket pair");
	s.in = pair[1];
	s.out = STDOUT_FILENO;
	s.err = STDERR_FILENO;
	*sock = pair[0];
	if (spawn_start(&s, c, e) < 0)
		return -1;
	close(pair[1]);
	printf("pid %ld\n", (long)c->pid);
	fflush(stdout);
	return 0;
}

static int end(int sock, struct child *c)
{
	int status;

	close(sock);
	status = spawn_wait(c);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Returns the program's exit code, -1 if it could not be asked. */
static int ask(char **early, char **argv, bool leave, struct err *e)
{
	own_fd int fd = -1;
	struct child c;
	int sock;

	if (start(argv + 2, &sock, &c, e) < 0)
		return -1;
	if (prepare(sock, early, e) == 1 && open_file(argv[0], &fd, e) == 0 &&
	    send_request(sock, argv[1], fd, e) == 0)
		print_replies(sock, leave);
	return end(sock, &c);
}

static int whole(char **argv, struct err *e)
{
	own_conf struct conf *conf = NULL;
	own_free char *staged = NULL;
	own_fd int fd = -1;
	char text[256];
	struct manifest m;
	struct child c;
	int sock;

	if (conf_load(&conf, argv[0], e) < 0 || store_init(conf->store_dir, e) < 0)
		return -1;
	fd = stage(conf, argv[3], &staged, e);
	if (fd < 0 || start(argv + 4, &sock, &c, e) < 0)
		return -1;
	snprintf(text, sizeof(text), "prepare %s %s 1", argv[1], argv[2]);
	if (send_request(sock, text, fd, e) == 0 &&
	    sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE) == 0 &&
	    fill_manifest(fd, argv[1], argv[2], &m, e) == 0 &&
	    store_take(conf->store_dir, staged, &m, e) == 0) {
		snprintf(text, sizeof(text), "publish %s %s %s 1 token", argv[1], m.made.digest,
			 argv[2]);
		if (send_request(sock, text, fd, e) == 0)
			print_replies(sock, false);
	}
	return end(sock, &c);
}

int main(int argc, char **argv)
{
	struct err e = ERR_INIT;
	int rc = -1;

	if (argc == 6 && strcmp(argv[1], "store") == 0)
		rc = take(argv + 2, &e);
	else if (argc >= 5 && strcmp(argv[1], "ask") == 0)
		rc = ask(NULL, argv + 2, false, &e);
	else if (argc >= 5 && strcmp(argv[1], "leave") == 0)
		rc = ask(NULL, argv + 2, true, &e);
	else if (argc >= 8 && strcmp(argv[1], "early") == 0)
		rc = ask(argv + 2, argv + 5, false, &e);
	else if (argc >= 7 && strcmp(argv[1], "whole") == 0)
		rc = whole(argv + 2, &e);
	else
		err_set(&e, ERR_USAGE, "usage: see the head of t/tools/publish-tool.c");
	if (rc < 0)
		fprintf(stderr, "publish-tool: %s\n", e.msg);
	return rc < 0 ? err_exit(e.class) : rc;
}
