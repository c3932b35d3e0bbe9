/* repo: DIAGNOSTICS: see repo.h. An error leaves nothing behind; a crash may leave a hidden
 * directory. */
#include "cli/repo.h"

#include "conf/image.h"
#include "lib/dirs.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#define NEW_PREFIX ".new-"
enum { LOCK_WAIT_MS = 10000 };

/* A repository that is being made. */
struct making {
	const struct conf *c;
	uid_t uid; /* owner; (uid_t)-1: unchanged */
	gid_t gid;
	int parent;   /* parent directory, open */
	char *dir;    /* path of the parent */
	char *hidden; /* name in the parent until it is complete */
	int fd;       /* the repository, open */
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

/* The parts of a new repository (gitrepository-layout(5)), in the order of creation. `ours` parts
 * decide how a push is received and what runs then, so pushers must not own them. */
static const struct part {
	const char *path;
	mode_t type;
	bool ours;
	const char *text; /* content of a file; NULL: make_file computes it */
} parts[] = {
	{"hooks", S_IFDIR, true, NULL},
	{"hooks/pre-receive", S_IFLNK, true, NULL},
	{"hooks/post-receive", S_IFLNK, true, NULL},
	{"hornero.yaml", S_IFLNK, true, NULL},
	{"config", S_IFREG, true, NULL},
	{"objects", S_IFDIR, false, NULL},
	{"objects/info", S_IFDIR, false, NULL},
	{"objects/pack", S_IFDIR, false, NULL},
	{"refs", S_IFDIR, false, NULL},
	{"refs/heads", S_IFDIR, false, NULL},
	{"refs/tags", S_IFDIR, false, NULL},
	{"HEAD", S_IFREG, false, "ref: refs/heads/main\n"},
	/* post-receive's stamp (hooks/durable.h); its old date makes the first push sync
	 * everything */
	{"hornero.synced", S_IFREG, false, ""},
};
enum { N_PARTS = sizeof(parts) / sizeof(parts[0]) };

/* Besides git's user, queue_group may read. A scratch node that root runs has no such group; then
 * build_user's group may read. */
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
			       "git_uid is %u and we are %u: only root can make a repository for "
			       "another user",
			       (unsigned int)c->git_uid, (unsigned int)geteuid());
	return 0;
}

/* Makes every directory between repo_root and the repository; pushers may not write to them. */
static int make_parents(struct making *m, const char *name, struct err *e)
{
	m->dir = fs_path("%s", m->c->repo_root);
	m->parent = dirs_make(m->dir, 0755, NULL, e);
	for (const char *slash; m->parent >= 0 && (slash = strchr(name, '/')); name = slash + 1) {
		own_free char *one = fs_path("%.*s", (int)(slash - name), name);
		own_free char *above = m->dir;
		own_fd int at = steal_fd(&m->parent);
		struct dir_made how;

		m->dir = fs_path("%s/%s", above, one);
		m->parent = dirs_make_at(at, one, m->dir, 0755, &how, e);
		if (m->parent >= 0 && how.made && fs_sync_dir(at, ".", e) < 0)
			return -1;
	}
	return m->parent < 0 ? -1 : 0;
}

static bool is_part(const char *name)
{
	for (size_t i = 0; i < N_PARTS; i++)
		if (strcmp(parts[i].path, name) == 0)
			return true;
	/* Older versions of hornero had git itself make these. */
	return strcmp(name, "description") == 0 || strcmp(name, "info") == 0 ||
	       strcmp(name, "branches") == 0;
}

/* Returns true if the directory holds only parts that we make. Its owner may have renamed another
 * directory to its name. */
static bool is_half_made(int fd, uid_t git)
{
	own_dir DIR *d = NULL;
	struct dirent *entry;
	struct stat st;
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool empty = true;

	d = copy < 0 ? NULL : fdopendir(copy);
	if (!d || fstat(fd, &st) < 0 || (st.st_uid != geteuid() && st.st_uid != git))
		return false;
	while ((entry = readdir(d))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (!is_part(entry->d_name))
			return false;
		empty = false;
	}
	return empty ||
	       (fstatat(fd, "hooks", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode));
}

/* Removes the contents by descriptor, then the name, which can only be an empty directory by
 * then. */
static int remove_half(struct making *m, const char *name, struct err *e)
{
	own_fd int fd = fs_open_beneath(m->parent, name, O_RDONLY | O_DIRECTORY, 0);
	own_dir DIR *d = NULL;
	struct dirent *entry;
	int copy = fd < 0 ? -1 : openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	d = copy < 0 ? NULL : fdopendir(copy);
	if (!d || !is_half_made(fd, m->uid))
		return err_set(e, ERR_OPERATOR,
			       "%s/%s is not what `hornero repo create` leaves behind; look at it "
			       "and remove it",
			       m->dir, name);
	while ((entry = readdir(d)))
		if (is_part(entry->d_name) && fs_remove_tree(fd, entry->d_name, e) < 0)
			return -1;
	if (FAILSTEP("repo-undo", unlinkat(m->parent, name, AT_REMOVEDIR)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot remove %s/%s", m->dir, name);
	return 0;
}

/* While we hold the lock, no hidden directory is in use. */
static int remove_leftovers(struct making *m, struct err *e)
{
	own_dir DIR *d = NULL;
	struct dirent *entry;
	int copy, held = fs_flock(m->parent, LOCK_WAIT_MS, e);

	if (held < 0)
		return -1;
	if (held == 0)
		return err_set(e, ERR_NOBODY, "another repository is being made in %s; try again",
			       m->dir);
	copy = openat(m->parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d = copy < 0 ? NULL : fdopendir(copy);
	if (!d)
		return err_sys(e, ERR_OPERATOR, "cannot list %s", m->dir);
	while ((entry = readdir(d))) {
		struct err why = ERR_INIT;

		/* Leave foreign files alone; they disturb nothing. */
		if (strncmp(entry->d_name, NEW_PREFIX, sizeof(NEW_PREFIX) - 1) == 0 &&
		    remove_half(m, entry->d_name, &why) < 0)
			log_warn("%s", why.msg);
	}
	return 0;
}

/* Makes the hidden directory, which belongs to us and is closed to its later owner until it is
 * complete. mkdirat and openat are two steps, so check that it is still ours and empty. */
static int make_hidden(struct making *m, struct err *e)
{
	struct stat st;

	if (mkdirat(m->parent, m->hidden, 0700) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot make a directory in %s", m->dir);
	failpoint("repo-named");
	m->fd = openat(m->parent, m->hidden, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (m->fd < 0 || fstat(m->fd, &st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot open %s/%s", m->dir, m->hidden);
	if (st.st_uid != geteuid() || (st.st_mode & 0777) != 0700 ||
	    !is_half_made(m->fd, geteuid()) ||
	    faccessat(m->fd, "hooks", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(e, ERR_OPERATOR, "another process works in %s: it replaced %s",
			       m->dir, m->hidden);
	failpoint("repo-hidden");
	return 0;
}

/* Sets hooksPath because a ~/.gitconfig of git's account may name another. A timer runs gc.
 *
 * At each push git takes the repository for an alternate of the quarantine, and lists its refs by a
 * process of its own. The check of the push knows them already, so that process has no use. */
static char *config_text(const struct conf *c, struct err *e)
{
	own_free char *signing = repo_signing(c, e);

	if (!signing)
		return NULL;
	return fs_path("# by hornero repo create\n"
		       "[core]\n"
		       "\trepositoryformatversion = 0\n"
		       "\tfilemode = true\n"
		       "\tbare = true\n"
		       "\tsharedRepository = 0640\n"
		       "\tfsync = committed,reference\n"
		       "\tfsyncMethod = batch\n"
		       "\thooksPath = hooks\n"
		       "\talternateRefsCommand = true\n"
		       "[receive]\n"
		       "\tdenyNonFastForwards = false\n"
		       "\tautogc = false\n"
		       "\tfsckObjects = true\n"
		       "\tmaxInputSize = %lld\n"
		       "[gc]\n"
		       "\tauto = 0\n"
		       REPO_PUSH_OPTIONS "%s",
		       (long long)c->push_size_limit_bytes, signing);
}

static int make_link(struct making *m, const struct part *p, struct err *e)
{
	own_free char *hook = fs_path("%s/hornero-hook", m->c->libexec_dir);
	const char *target = strncmp(p->path, "hooks/", 6) == 0 ? hook : m->c->path;

	if (target == hook && access(hook, X_OK) < 0)
		return err_sys(e, ERR_OPERATOR,
			       "libexec_dir of %s has no program to be the hooks: %s", m->c->path,
			       hook);
	if (FAILSTEP("repo-symlink", symlinkat(target, m->fd, p->path)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot make the link %s", p->path);
	return 0;
}

static int make_file(struct making *m, const struct part *p, struct err *e)
{
	own_free char *text = p->text ? fs_path("%s", p->text) : config_text(m->c, e);
	own_fd int fd = openat(m->fd, p->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			       0600);

	if (!text)
		return -1;
	if (fd < 0 || fs_write_all(fd, text, strlen(text)) < 0 ||
	    (!*text && futimens(fd, (const struct timespec[2]){{0}, {0}}) < 0))
		return err_sys(e, ERR_OPERATOR, "cannot write %s", p->path);
	return 0;
}

static int make_part(struct making *m, const struct part *p, struct err *e)
{
	if (p->type == S_IFLNK)
		return make_link(m, p, e);
	if (p->type == S_IFREG)
		return make_file(m, p, e);
	return mkdirat(m->fd, p->path, 0700) == 0
		       ? 0
		       : err_sys(e, ERR_OPERATOR, "cannot make %s", p->path);
}

/* Sets owner, group and mode, and syncs. The set-group-id bit must be set after the group; by it,
 * files that git makes later get the same group. */
static int give_fd(int fd, uid_t uid, gid_t gid, mode_t mode)
{
	return fchown(fd, uid, gid) < 0 || fchmod(fd, mode) < 0 ||
			       FAILSTEP("repo-sync", fsync(fd)) < 0
		       ? -1
		       : 0;
}

static int hand_over(const struct making *m, const struct part *p, struct err *e)
{
	const uid_t uid = p->ours ? (uid_t)-1 : m->uid;
	const bool is_dir = p->type == S_IFDIR;
	own_fd int fd = -1;

	if (p->type == S_IFLNK) {
		if (fchownat(m->fd, p->path, uid, m->gid, AT_SYMLINK_NOFOLLOW) < 0)
			return err_sys(e, ERR_OPERATOR, "cannot hand over %s", p->path);
		return 0;
	}
	fd = fs_open_beneath(m->fd, p->path, O_RDONLY, 0);
	if (fd < 0 || give_fd(fd, uid, m->gid,
			      p->ours ? (is_dir ? 0755 : 0644) : (is_dir ? 02750 : 0640)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot hand over %s", p->path);
	return 0;
}

/* Until the last give_fd nobody else can enter the repository. Hands parts over backwards, so that
 * contents come before their directory. */
static int fill(struct making *m, struct err *e)
{
	if (make_hidden(m, e) < 0)
		return -1;
	for (size_t i = 0; i < N_PARTS; i++)
		if (make_part(m, &parts[i], e) < 0)
			return -1;
	for (size_t i = N_PARTS; i-- > 0;)
		if (hand_over(m, &parts[i], e) < 0)
			return -1;
	if (give_fd(m->fd, m->uid, m->gid, 02750) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot hand over the new repository");
	failpoint("repo-filled");
	return 0;
}

static int put_in_place(struct making *m, const char *last, const char *name, struct err *e)
{
	own_free char *final = fs_path("%s.git", last);

	if (FAILSTEP("repo-rename",
		     renameat2(m->parent, m->hidden, m->parent, final, RENAME_NOREPLACE)) < 0)
		return errno == EEXIST
			       ? err_set(e, ERR_USAGE, "the repository %s exists already: %s/%s",
					 name, m->dir, final)
			       : err_sys(e, ERR_OPERATOR, "cannot put %s/%s in place", m->dir,
					 final);
	if (!fs_is_named(m->parent, final, m->fd))
		return err_set(e, ERR_OPERATOR,
			       "%s/%s is not what was made: its owner, user %u, exchanged it",
			       m->dir, final, m->uid);
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
	/* We must be able to enter the directories that we make. */
	mask = umask(022);
	filled = make_parents(&m, name, e) < 0 || remove_leftovers(&m, e) < 0 ? -1 : 0;
	m.hidden = fs_path(NEW_PREFIX "%ld", (long)getpid());
	if (filled == 0)
		filled = fill(&m, e);
	umask(mask);
	if (filled < 0 || put_in_place(&m, last, name, e) < 0) {
		struct err ignored = ERR_INIT;

		if (m.fd >= 0)
			remove_half(&m, m.hidden, &ignored);
		return -1;
	}
	*path = steal_ptr(&final);
	return 0;
}
