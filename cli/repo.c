/* repo: DIAGNOSTICS: see repo.h; on any error nothing is left but, after a crash, a hidden directory. */
#include "cli/repo.h"

#include "conf/image.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/spawn.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#define NEW_PREFIX ".new-"
enum { CONFIG_MAX = 65536, LOCK_WAIT_MS = 10000, GIT_TIMEOUT_MS = 30000 };

/* Where a repository is being made. */
struct making {
	const struct conf *c;
	uid_t uid; /* (uid_t)-1: ours */
	gid_t gid;
	int parent;   /* directory that will hold it */
	char *dir;    /* its path */
	char *hidden; /* name in it until all is there */
	int fd;       /* the repository */
};

static void making_fini(struct making *m)
{
	if (m->fd >= 0)
		close(m->fd);
	if (m->parent >= 0)
		close(m->parent);
	free(m->dir);
	free(m->hidden);
}
#define own_making __attribute__((cleanup(making_fini)))

/* Readers beside git: the queue's group; in a scratch node run by root, which has no such
 * group, whoever builds. */
static int choose_owner(struct making *m, struct err *e)
{
	const struct conf *c = m->c;
	bool root = geteuid() == 0;

	m->uid = root ? c->git_uid : (uid_t)-1;
	m->gid = c->queue_gid;
	if (m->gid == (gid_t)-1 && root && c->build_uid != (uid_t)-1)
		m->gid = c->build_gid;
	if (!root && c->git_uid != (uid_t)-1 && c->git_uid != geteuid())
		return err_set(e, ERR_OPERATOR,
			       "git_uid is %u and we are %u: only root can make a repository for another user",
			       (unsigned int)c->git_uid, (unsigned int)geteuid());
	return 0;
}

/* Every directory between repo_root and the repository; not writable by pushers. */
static int make_parents(struct making *m, const char *name, struct err *e)
{
	own_free char *dir = NULL;

	if (fs_mkdir_p(m->c->repo_root, 0755, e) < 0)
		return -1;
	for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		free(dir);
		dir = fs_path("%s/%.*s", m->c->repo_root, (int)(slash - name), name);
		if (mkdir(dir, 0755) < 0) {
			if (errno == EEXIST)
				continue;
			return err_sys(e, ERR_OPERATOR, "cannot make the directory %s", dir);
		}
		if (chmod(dir, 0755) < 0)
			return err_sys(e, ERR_OPERATOR, "cannot set the mode of %s", dir);
		if (fs_sync_parent(AT_FDCWD, dir, e) < 0)
			return -1;
	}
	m->dir = dir ? steal_ptr(&dir) : fs_path("%s", m->c->repo_root);
	m->parent = fs_open_dir(AT_FDCWD, m->dir, e);
	return m->parent < 0 ? -1 : 0;
}

/* With the lock held, a hidden directory is nobody's work in progress. */
static int remove_leftovers(struct making *m, struct err *e)
{
	own_dir DIR *d = NULL;
	struct dirent *entry;
	int held = fs_flock(m->parent, LOCK_WAIT_MS, e);

	if (held < 0)
		return -1;
	if (held == 0)
		return err_set(e, ERR_NOBODY, "another repository is being made in %s; try again", m->dir);
	d = opendir(m->dir);
	if (!d)
		return err_sys(e, ERR_OPERATOR, "cannot list %s", m->dir);
	while ((entry = readdir(d)))
		if (strncmp(entry->d_name, NEW_PREFIX, sizeof(NEW_PREFIX) - 1) == 0 &&
		    fs_remove_tree(m->parent, entry->d_name, e) < 0)
			return -1;
	return 0;
}

/* Without anybody's configuration or template: what is in it is what stands here. */
static int run_git_init(struct making *m, struct err *e)
{
	static const char *const env[] = {
		"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "HOME=/", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=/dev/null", NULL,
	};
	own_free char *target = fs_path("%s/%s", m->dir, m->hidden);
	const char *argv[] = {"git", "init", "--quiet", "--bare", "--template=", "--shared=0640",
			      "--initial-branch=main", target, NULL};
	struct spawn s = SPAWN_INIT(argv);
	own_free char *out = NULL;
	size_t len;
	int status;
	char text[64];

	s.envp = env;
	s.err = STDERR_FILENO;
	status = spawn_capture(&s, GIT_TIMEOUT_MS, CONFIG_MAX, &out, &len, e);
	if (status < 0)
		return -1;
	if (status != 0)
		return err_set(e, ERR_OPERATOR, "git init of %s failed: %s", target,
			       spawn_status_text(status, text, sizeof(text)));
	m->fd = fs_open_dir(m->parent, m->hidden, e);
	return m->fd < 0 ? -1 : 0;
}

/* Behind git's own lines, so ours win (--shared forbids forced pushes). hooksPath is spelled out
 * because git's account may have a ~/.gitconfig that names another. gc belongs to the timer. */
static int write_config(struct making *m, struct err *e)
{
	own_free char *old = NULL;
	own_free char *text = NULL;
	size_t len;

	if (fs_read(m->fd, "config", CONFIG_MAX, &old, &len, e) < 0)
		return -1;
	text = fs_path("%s"
		       "# by hornero repo create\n"
		       "[core]\n"
		       "\tfsync = committed,reference\n"
		       "\tfsyncMethod = batch\n"
		       "\thooksPath = hooks\n"
		       "[receive]\n"
		       "\tdenyNonFastForwards = false\n"
		       "\tautogc = false\n"
		       "\tfsckObjects = true\n"
		       "\tmaxInputSize = %lld\n"
		       "[gc]\n"
		       "\tauto = 0\n"
		       REPO_PUSH_OPTIONS,
		       old, (long long)m->c->push_size_limit_bytes);
	return fs_replace(m->fd, "config", text, strlen(text), 0644, e);
}

static int write_hooks(struct making *m, struct err *e)
{
	static const char *const hooks[] = {"hooks/pre-receive", "hooks/post-receive"};
	own_free char *target = fs_path("%s/hornero-hook", m->c->libexec_dir);
	own_fd int synced = -1;

	if (access(target, X_OK) < 0)
		return err_sys(e, ERR_OPERATOR, "libexec_dir of %s has no program to be the hooks: %s", m->c->path, target);
	if (mkdirat(m->fd, "hooks", 0755) < 0 && errno != EEXIST)
		return err_sys(e, ERR_OPERATOR, "cannot make hooks/");
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++)
		if (symlinkat(target, m->fd, hooks[i]) < 0)
			return err_sys(e, ERR_OPERATOR, "cannot make the link %s", hooks[i]);
	if (symlinkat(m->c->path, m->fd, "hornero.yaml") < 0)
		return err_sys(e, ERR_OPERATOR, "cannot make the link hornero.yaml");
	/* post-receive's mark (hooks/durable.h); dated back, so that the first push syncs everything. */
	synced = openat(m->fd, "hornero.synced", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (synced < 0 || futimens(synced, (const struct timespec[2]){{0}, {0}}) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot make hornero.synced");
	return 0;
}

static bool is_ours(const char *name)
{
	return strcmp(name, "hooks") == 0 || strcmp(name, "config") == 0 || strcmp(name, "hornero.yaml") == 0;
}

static int hand_over_dir(const struct making *m, int fd, bool ours, bool top, struct err *e);

static int hand_over_entry(const struct making *m, int dir, const char *name, bool ours, struct err *e)
{
	own_fd int fd = -1;
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchownat(dir, name, ours ? (uid_t)-1 : m->uid, m->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot hand over %s", name);
	if (S_ISLNK(st.st_mode))
		return 0;
	fd = fs_open_beneath(dir, name, O_RDONLY, 0);
	if (fd < 0)
		return err_sys(e, ERR_OPERATOR, "cannot open %s", name);
	if (S_ISDIR(st.st_mode))
		return hand_over_dir(m, fd, ours, false, e);
	if (fchmod(fd, ours ? 0644 : 0640) < 0 || fsync(fd) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot hand over %s", name);
	return 0;
}

/* Owner, group and mode of everything, and all of it on disk. The set-group-id bit comes after the
 * change of group, and hands the group on to what git makes later. */
static int hand_over_dir(const struct making *m, int fd, bool ours, bool top, struct err *e)
{
	own_dir DIR *d = NULL;
	struct dirent *entry;
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	d = copy < 0 ? NULL : fdopendir(copy);
	if (!d)
		return err_sys(e, ERR_OPERATOR, "cannot list the new repository");
	while ((entry = readdir(d))) {
		const char *name = entry->d_name;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		if (hand_over_entry(m, fd, name, ours || (top && is_ours(name)), e) < 0)
			return -1;
	}
	if (fchmod(fd, ours ? 0755 : 02750) < 0 || fsync(fd) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot hand over a directory of the new repository");
	return 0;
}

static int fill(struct making *m, struct err *e)
{
	if (run_git_init(m, e) < 0 || write_config(m, e) < 0 || write_hooks(m, e) < 0)
		return -1;
	if (fchown(m->fd, m->uid, m->gid) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot hand over the new repository");
	return hand_over_dir(m, m->fd, false, true, e);
}

static int put_in_place(struct making *m, const char *last, const char *name, struct err *e)
{
	own_free char *final = fs_path("%s.git", last);

	if (renameat2(m->parent, m->hidden, m->parent, final, RENAME_NOREPLACE) < 0)
		return errno == EEXIST ? err_set(e, ERR_USAGE, "the repository %s exists already: %s/%s", name, m->dir, final)
				       : err_sys(e, ERR_OPERATOR, "cannot put %s/%s in place", m->dir, final);
	return fs_sync_dir(m->parent, ".", e);
}

int repo_create(const struct conf *c, const char *name, char **path, struct err *e)
{
	own_making struct making m = {.c = c, .parent = -1, .fd = -1};
	own_free char *final = NULL;
	const char *slash = strrchr(name, '/');
	const char *last = slash ? slash + 1 : name;
	struct stat st;
	mode_t mask;
	int filled;

	if (image_check_repo(name, e) < 0 || choose_owner(&m, e) < 0)
		return -1;
	final = fs_path("%s/%s.git", c->repo_root, name);
	if (lstat(final, &st) == 0)
		return err_set(e, ERR_USAGE, "the repository %s exists already: %s", name, final);
	if (make_parents(&m, name, e) < 0 || remove_leftovers(&m, e) < 0)
		return -1;
	m.hidden = fs_path(NEW_PREFIX "%ld", (long)getpid());
	/* git goes into the directories that it makes. */
	mask = umask(022);
	filled = fill(&m, e);
	umask(mask);
	if (filled < 0 || put_in_place(&m, last, name, e) < 0) {
		struct err ignored = ERR_INIT;

		fs_remove_tree(m.parent, m.hidden, &ignored);
		return -1;
	}
	*path = steal_ptr(&final);
	return 0;
}
