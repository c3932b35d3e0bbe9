/* fetch: DIAGNOSTICS: each failure is a state and a sentence. */
#include "mirror/fetch.h"

#include "lib/args.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/spawn.h"
#include "mirror/verdict.h"
#include "state/mirror.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { REFS_MAX = 16 << 20, WORDS_TAIL = 16384, FETCH_FAILED = 65 };

/* Names of the sandbox. */
#define STAGE "/stage"
#define ACCESS "/access"
#define REPO "/repo"

/* Packs stay packs (unpackLimit), so that the limit on a file's size counts all of them.
 * Without the signal of that limit, git says what happened. */
static const char script[] =
	"trap '' XFSZ\n"
	"git init -q --bare --template= " STAGE "/git >" STAGE "/words 2>&1 &&\n"
	"git --git-dir=" STAGE "/git -c fetch.fsckObjects=true -c fetch.unpackLimit=1"
	" -c http.followRedirects=false -c http.lowSpeedLimit=1000 -c http.lowSpeedTime=60"
	" -c gc.auto=0 fetch -q --no-tags --no-write-fetch-head --no-recurse-submodules -- \"$1\""
	" '+refs/heads/*:refs/heads/*' '+refs/tags/*:refs/tags/*' >>" STAGE "/words 2>&1 ||\n"
	"exit 65\n"
	"exec git --git-dir=" STAGE "/git for-each-ref --format='%(objectname) %(refname)'"
	" refs/heads refs/tags\n";

static const char ssh[] =
	"ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=yes"
	" -o UserKnownHostsFile=" ACCESS "/known_hosts -o GlobalKnownHostsFile=/dev/null"
	" -o UpdateHostKeys=no -o IdentityFile=" ACCESS "/key -o IdentitiesOnly=yes"
	" -o IdentityAgent=none -o PreferredAuthentications=publickey -o ConnectTimeout=30"
	" -o ServerAliveInterval=15 -o ServerAliveCountMax=4 -o ForwardAgent=no"
	" -o ClearAllForwardings=yes";

static void bind(struct args *a, const char *how, const char *from, const char *to)
{
	args_add(a, how);
	args_add(a, from);
	args_add(a, to);
}

static void env(struct args *a, const char *name, const char *value)
{
	bind(a, "--setenv", name, value);
}

static void add_walls(struct args *a)
{
	static const char *const walls[] = {
		"bwrap", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts",
		"--unshare-cgroup-try", "--die-with-parent", "--new-session", "--hostname",
		"hornero", "--cap-drop", "ALL", "--clearenv", "--ro-bind", "/usr", "/usr",
		"--symlink", "usr/bin", "/bin", "--symlink", "usr/sbin", "/sbin",
		"--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64",
		"--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--dir", "/run",
	};
	static const char *const etc[] = {
		"/etc/alternatives", "/etc/ca-certificates", "/etc/gai.conf", "/etc/host.conf",
		"/etc/hosts", "/etc/ld.so.cache", "/etc/nsswitch.conf", "/etc/resolv.conf",
		"/etc/services", "/etc/ssl",
	};

	for (size_t i = 0; i < sizeof(walls) / sizeof(walls[0]); i++)
		args_add(a, walls[i]);
	for (size_t i = 0; i < sizeof(etc) / sizeof(etc[0]); i++)
		bind(a, "--ro-bind-try", etc[i], etc[i]);
}

/* The programs find credentials of https in HOME: .netrc. */
static void add_env(struct args *a, const char *keys)
{
	static const char *const fixed[][2] = {
		{"PATH", "/usr/bin:/bin"}, {"LANG", "C.UTF-8"}, {"HOME", ACCESS},
		{"GIT_CONFIG_NOSYSTEM", "1"}, {"GIT_CONFIG_GLOBAL", "/dev/null"},
		{"GIT_TERMINAL_PROMPT", "0"}, {"GIT_ASKPASS", "/bin/false"},
		{"GIT_ALLOW_PROTOCOL", "https:ssh"}, {"GIT_SSH_VARIANT", "ssh"},
		{"GIT_ALTERNATE_OBJECT_DIRECTORIES", REPO "/objects"}, {"GIT_SSH_COMMAND", ssh},
	};
	own_free char *ca = fs_path("%s/ca.pem", keys);

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		env(a, fixed[i][0], fixed[i][1]);
	if (access(ca, R_OK) == 0)
		env(a, "GIT_SSL_CAINFO", ACCESS "/ca.pem");
}

static void add_command(struct args *a, const struct fetch *f)
{
	own_free char *keys = fs_path("%s/" MIRROR_ACCESS, f->conf->mirror_dir);
	own_free char *stage = fs_path("%s/stage", f->dir);
	own_free char *passwd = fs_path("%s/passwd", f->dir);
	const char *const command[] = {"--chdir", STAGE, "--remount-ro", "/", "--",
				       "sh", "-c", script, "hornero-mirror", f->url};

	add_walls(a);
	add_env(a, keys);
	bind(a, "--ro-bind", passwd, "/etc/passwd");
	bind(a, "--ro-bind", f->repo_path, REPO);
	bind(a, "--ro-bind", keys, ACCESS);
	bind(a, "--bind", stage, STAGE);
	for (size_t i = 0; i < sizeof(command) / sizeof(command[0]); i++)
		args_add(a, command[i]);
}

/* Returns the end of what git and ssh said. The sandbox has ended, but may have left anything under
 * that name. */
static char *words_of(const struct fetch *f)
{
	own_fd int fd = fs_open_beneath(f->dir_fd, "stage/words", O_RDONLY | O_NONBLOCK, 0);
	char *text = calloc(1, WORDS_TAIL + 1);
	struct stat st;

	if (fd >= 0 && text && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		(void)fs_pread(fd, text, WORDS_TAIL,
			       st.st_size > WORDS_TAIL ? st.st_size - WORDS_TAIL : 0);
	return text;
}

/* Moves the packs to DIR/objects/pack. A link there could lead git to objects of any repository. */
static int take_packs(const struct fetch *f, struct err *e)
{
	int from = fs_open_beneath(f->dir_fd, "stage/git/objects/pack", O_RDONLY | O_DIRECTORY, 0);
	own_fd int to = fs_open_beneath(f->dir_fd, "objects/pack", O_RDONLY | O_DIRECTORY, 0);
	own_dir DIR *d = from < 0 ? NULL : fdopendir(from);
	struct dirent *entry;
	struct stat st;

	if (!d || to < 0)
		return err_sys(e, ERR_OPERATOR, "cannot open what was fetched");
	while ((entry = readdir(d))) {
		if (strncmp(entry->d_name, "pack-", strlen("pack-")) != 0 ||
		    fstatat(from, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		if (FAILSTEP("mirror-objects-rename",
			     renameat(from, entry->d_name, to, entry->d_name)) < 0)
			return err_sys(e, ERR_OPERATOR, "cannot take %s", entry->d_name);
	}
	return 0;
}

/* ssh starts only for a user that has a name. */
static int write_passwd(const struct fetch *f, struct err *e)
{
	own_free char *line = fs_path("git:x:%u:%u::" ACCESS ":/bin/sh\n", geteuid(), getegid());
	own_fd int fd = fs_create(f->dir_fd, "passwd", O_WRONLY, 0600);

	return fd < 0 || fs_write_all(fd, line, strlen(line)) < 0
		       ? err_sys(e, ERR_OPERATOR, "cannot write %s/passwd", f->dir)
		       : 0;
}

static int prepare(const struct fetch *f, struct err *e)
{
	static const char *const dirs[] = {"stage", "objects", "objects/info", "objects/pack"};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (mkdirat(f->dir_fd, dirs[i], 0700) < 0)
			return err_sys(e, ERR_OPERATOR, "cannot make %s/%s", f->dir, dirs[i]);
	return write_passwd(f, e);
}

/* Returns the sandbox's wait status, or -1. */
static int run_sandbox(const struct fetch *f, char **refs, struct err *e)
{
	const struct conf *c = f->conf;
	const struct spawn_limit limits[] = {
		{RLIMIT_FSIZE, (unsigned long)c->push_size_limit_bytes,
		 (unsigned long)c->push_size_limit_bytes},
		{RLIMIT_DATA, (unsigned long)c->door_memory_limit_bytes,
		 (unsigned long)c->door_memory_limit_bytes},
		{RLIMIT_CORE, 0, 0},
	};
	own_args struct args a = ARGS_INIT;
	struct spawn s = SPAWN_INIT(NULL);
	size_t len;

	add_command(&a, f);
	if (args_check(&a, e) < 0)
		return -1;
	s.argv = args_list(&a);
	s.err = STDERR_FILENO;
	s.limits = limits;
	s.nlimits = sizeof(limits) / sizeof(limits[0]);
	return spawn_capture(&s, (int)(c->mirror_timeout_s * 1000), REFS_MAX, refs, &len, e);
}

enum mirrored_state fetch_run(const struct fetch *f, char **refs, char *reason, size_t size)
{
	own_free char *keys = fs_path("%s/" MIRROR_ACCESS, f->conf->mirror_dir);
	own_free char *words = NULL;
	struct err e = ERR_INIT;
	char how[64];
	int status;

	*refs = NULL;
	if (prepare(f, &e) < 0 || (status = run_sandbox(f, refs, &e)) < 0) {
		bool is_late = e.sys == ETIMEDOUT;

		snprintf(reason, size, "%s%.300s", is_late ? "mirror_timeout: " : "", e.msg);
		return is_late ? MIRRORED_LIMIT : MIRRORED_FAILED;
	}
	words = words_of(f);
	if (WIFEXITED(status) && WEXITSTATUS(status) == FETCH_FAILED && words)
		return verdict_of_fetch(words, keys, reason, size);
	if (status != 0) {
		snprintf(reason, size, "the sandbox of the fetch failed (%s); the log of "
			 "hornero-mirror says why",
			 spawn_status_text(status, how, sizeof(how)));
		return MIRRORED_FAILED;
	}
	if (!**refs) {
		snprintf(reason, size, "it has no branch and no tag; the refs of this node stay");
		return MIRRORED_EMPTY;
	}
	if (take_packs(f, &e) < 0) {
		snprintf(reason, size, "%s", e.msg);
		return MIRRORED_FAILED;
	}
	return MIRRORED_CURRENT;
}
