/* backup_repo: repositories in a backup, as bundles of git. A bundle has all refs and every object
 * that they need, while pushes go on. git runs as the owner of the repository.
 * DIAGNOSTICS: ERR_OPERATOR if git fails, with git's own words on standard error; ERR_USAGE for a
 * list of repositories that is not ours. */
#include "cli/backup.h"

#include "cli/repo.h"
#include "conf/check.h"
#include "lib/dirs.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/spawn.h"
#include "state/mirror.h"

#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GIT_MS = 60000, GIT_BYTES = 4096, REFS_BYTES = 16 << 20, TRIES = 20 };

struct saving {
	const struct conf *c;
	struct tar_out *tar;
	const char *dir;
	bool with_bundles;
	json_t *list;
	struct err *e;
	bool failed;
};

/* git refuses the repositories of other users, and root must not run what their owners may change.
 */
static void as_owner(struct spawn *s, const char *path)
{
	struct stat st;

	if (geteuid() != 0 || stat(path, &st) < 0 || st.st_uid == 0)
		return;
	s->set_ids = true;
	s->uid = st.st_uid;
	s->gid = st.st_gid;
}

/* Stores the first line that git prints, "" if none; a failure of git counts as none. */
static int ask(const char *path, const char *const *words, char *line, size_t size, struct err *e)
{
	own_free char *git_dir = fs_path("--git-dir=%s", path);
	const char *argv[8] = {"git", git_dir};
	own_free char *out = NULL;
	struct spawn s = SPAWN_INIT(argv);
	size_t len = 0;
	int status;

	for (int i = 0; words[i]; i++)
		argv[2 + i] = words[i];
	as_owner(&s, path);
	status = spawn_capture(&s, GIT_MS, GIT_BYTES, &out, &len, e);
	if (status < 0)
		return -1;
	snprintf(line, size, "%.*s", status == 0 ? (int)strcspn(out, "\n") : 0, out);
	return 0;
}

static int run_git(struct spawn *s, const char *path, const char *what, struct err *e)
{
	struct child child;
	char how[64];
	int status;

	as_owner(s, path);
	s->err = STDERR_FILENO;
	if (spawn_start(s, &child, e) < 0)
		return -1;
	status = spawn_wait(&child);
	return status == 0 ? 0 : err_set(e, ERR_OPERATOR, "git cannot %s %s (%s)", what, path,
					 spawn_status_text(status, how, sizeof(how)));
}

/* Stores the names of all refs, a line each. */
static int list_refs(const char *path, char **out, struct err *e)
{
	own_free char *git_dir = fs_path("--git-dir=%s", path);
	const char *const argv[] = {"git", git_dir, "for-each-ref", "--format=%(refname)", NULL};
	struct spawn s = SPAWN_INIT(argv);
	size_t len;
	int status;

	as_owner(&s, path);
	status = spawn_capture(&s, GIT_MS, REFS_BYTES, out, &len, e);
	return status > 0 ? err_set(e, ERR_OPERATOR, "git cannot list the refs of %s", path)
			  : status;
}

/* Whether the bundle has all these refs: its head has a line "ID NAME" for each, and an empty line
 * ends it. */
static int has_refs(int fd, char *refs, struct err *e)
{
	own_free char *head = malloc(REFS_BYTES + 1);
	ssize_t n = head ? fs_pread(fd, head, REFS_BYTES, 0) : -1;
	char *end, *name;

	if (n < 0)
		return err_set(e, ERR_NOBODY, "cannot read a bundle");
	end = memmem(head, (size_t)n, "\n\n", 2);
	if (!end)
		return err_set(e, ERR_OPERATOR, "git wrote no bundle, or one of too many refs");
	end[1] = '\0';
	while ((name = strsep(&refs, "\n"))) {
		own_free char *line = fs_path(" %s\n", name);

		if (*name && !strstr(head, line))
			return 0;
	}
	return 1;
}

/* Returns 1, 0 if a ref is missing because it moved meanwhile: git leaves it out, or fails if there
 * is no other; -1 on error. */
static int try_bundle(const char *path, int fd, struct err *e)
{
	own_free char *git_dir = fs_path("--git-dir=%s", path), *refs = NULL;
	const char *const argv[] = {"git", git_dir, "bundle", "create", "--quiet", "-", "--all",
				    NULL};
	struct spawn spawn = SPAWN_INIT(argv);

	if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, ERR_NOBODY, "cannot write a bundle");
	spawn.out = fd;
	if (list_refs(path, &refs, e) < 0)
		return -1;
	return run_git(&spawn, path, "write a bundle of", e) < 0 ? 0 : has_refs(fd, refs, e);
}

static int save_bundle(const struct saving *s, const char *path, const char *member, struct err *e)
{
	own_fd int fd = backup_nameless(s->dir, e);
	struct stat st;
	int has = 0;

	if (fd < 0)
		return -1;
	for (int i = 0; i < TRIES && has == 0; i++) {
		*e = (struct err)ERR_INIT;
		has = try_bundle(path, fd, e);
	}
	if (has == 0 && !*e->msg)
		return err_set(e, ERR_NOBODY, "pushes move the refs of %s all the time; try again",
			       path);
	if (has <= 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return err_sys(e, ERR_NOBODY, "cannot look at a file");
	return tar_add_fd(s->tar, member, 0644, fd, st.st_size, e);
}

static int save(struct saving *s, const char *name, struct err *e)
{
	own_free char *path = cli_repo_path(s->c, name);
	own_free char *member = fs_path("repos/%04zu.bundle", json_array_size(s->list) + 1);
	char ref[256], head[256], url[MIRROR_URL_MAX + 1] = "";
	bool has_bundle;

	if (ask(path, (const char *const[]){"for-each-ref", "--count=1", "--format=%(refname)",
					    NULL}, ref, sizeof(ref), e) < 0 ||
	    ask(path, (const char *const[]){"symbolic-ref", "HEAD", NULL}, head, sizeof(head),
		e) < 0)
		return -1;
	mirror_url(s->c, name, url);
	has_bundle = s->with_bundles && *ref;
	if (has_bundle && save_bundle(s, path, member, e) < 0)
		return -1;
	return json_array_append_new(s->list, json_pack("{s:s, s:s, s:s, s:s}", "repo", name,
							"head", head, "upstream", url, "bundle",
							has_bundle ? member : "")) == 0
		       ? 0 : err_set(e, ERR_NOBODY, "out of memory for a list of repositories");
}

static void save_each(void *arg, const char *name)
{
	struct saving *s = arg;
	struct err unnamed = ERR_INIT;

	/* Not a name that `hornero repo create` takes: a directory that a user moved there. */
	if (s->failed || image_check_repo(name, &unnamed) < 0)
		return;
	s->failed = save(s, name, s->e) < 0;
}

int backup_repos_save(const struct conf *c, struct tar_out *t, const char *dir, bool with_bundles,
		      int64_t *n, struct err *e)
{
	struct saving s = {.c = c, .tar = t, .dir = dir, .with_bundles = with_bundles, .e = e};
	own_free char *text = NULL;

	s.list = json_array();
	repo_each(c, save_each, &s);
	*n = (int64_t)json_array_size(s.list);
	text = json_dumps(s.list, JSON_ENSURE_ASCII | JSON_INDENT(1));
	json_decref(s.list);
	if (s.failed)
		return -1;
	return text ? tar_add(t, BACKUP_REPOS, 0644, text, strlen(text), e)
		    : err_set(e, ERR_NOBODY, "out of memory for a list of repositories");
}

/* One entry of the list; the strings are borrowed from it. */
struct repo {
	const char *name, *head, *upstream, *bundle;
};

static int read_repo(int archive, json_t *entry, struct repo *r, struct err *e)
{
	struct tar_member m;

	if (json_unpack(entry, "{s:s, s:s, s:s, s:s}", "repo", &r->name, "head", &r->head,
			"upstream", &r->upstream, "bundle", &r->bundle) < 0)
		return err_set(e, ERR_USAGE, "its list of repositories is not ours");
	if (image_check_repo(r->name, e) < 0 || (*r->head && check_ref(r->head, e) < 0) ||
	    (*r->upstream && mirror_check_url(r->upstream, e) < 0))
		return err_wrap(e, "its list of repositories is wrong");
	if (*r->bundle && tar_find(archive, r->bundle, &m, e) != 1)
		return err_set(e, ERR_USAGE, "it has no bundle of %s", r->name);
	return 0;
}

/* Returns a new reference to the list, or NULL. */
static json_t *load(int archive, struct err *e)
{
	own_free char *text = NULL;
	struct tar_member m;
	json_t *list;
	int r = tar_find(archive, BACKUP_REPOS, &m, e);

	if (r < 0 || (r == 1 && tar_read(archive, &m, BACKUP_TEXT_MAX, &text, e) < 0))
		return NULL;
	list = text ? json_loads(text, 0, NULL) : NULL;
	if (!json_is_array(list)) {
		json_decref(list);
		err_set(e, ERR_USAGE, "it has no list of repositories");
		return NULL;
	}
	return list;
}

int backup_repos_check(int archive, int64_t *n, struct err *e)
{
	json_t *list = load(archive, e), *entry;
	struct repo repo;
	size_t i;
	int r = list ? 0 : -1;

	*n = (int64_t)json_array_size(list);
	json_array_foreach(list, i, entry)
		if (r == 0)
			r = read_repo(archive, entry, &repo, e);
	json_decref(list);
	return r;
}

/* The bundle has no name, so git gets it by its descriptor. */
static int fetch(const struct conf *c, int archive, const struct repo *r, const char *path,
		 struct err *e)
{
	enum { BUNDLE_FD = 3 };
	own_free char *git_dir = fs_path("--git-dir=%s", path);
	const char *const argv[] = {"git", git_dir, "-c", "gc.auto=0", "fetch", "--quiet",
				    "--no-write-fetch-head", "--update-head-ok",
				    "/proc/self/fd/3", "+refs/*:refs/*", NULL};
	struct spawn s = SPAWN_INIT(argv);
	own_fd int fd = backup_nameless(c->repo_root, e);
	struct spawn_fd as = {.from = fd, .to = BUNDLE_FD};
	struct tar_member m;
	struct stat st;

	if (fd < 0 || tar_find(archive, r->bundle, &m, e) != 1 ||
	    tar_extract(archive, &m, fd, e) < 0)
		return -1;
	/* git opens it again by its name in /proc. */
	if (stat(path, &st) < 0 || (geteuid() == 0 && fchown(fd, st.st_uid, st.st_gid) < 0))
		return err_sys(e, ERR_OPERATOR, "cannot give a file to the owner of %s", path);
	s.fds = &as;
	s.nfds = 1;
	return run_git(&s, path, "fetch the backup of", e);
}

static int set_head(const char *path, const char *head, struct err *e)
{
	own_free char *git_dir = fs_path("--git-dir=%s", path);
	const char *const argv[] = {"git", git_dir, "symbolic-ref", "HEAD", head, NULL};
	struct spawn s = SPAWN_INIT(argv);

	return *head ? run_git(&s, path, "set HEAD of", e) : 0;
}

static int set_upstream(const struct conf *c, const struct repo *r, struct err *e)
{
	own_owner struct backup_owner owner = {0};
	own_fd int dir = -1;

	if (!*r->upstream)
		return 0;
	dir = dirs_make(c->mirror_dir, 0755, NULL, e);
	return dir < 0 || backup_act_as_owner(&owner, dir, e) < 0 ? -1
		: mirror_set(c, r->name, r->upstream, e);
}

/* One that a killed restore has made exists already. */
static int put_repo(const struct conf *c, int archive, const struct repo *r, struct err *e)
{
	own_free char *path = cli_repo_path(c, r->name);
	own_free char *made = NULL;

	if (access(path, F_OK) < 0 && repo_create(c, r->name, &made, e) < 0)
		return -1;
	failpoint("restore-repository-made");
	if ((*r->bundle && fetch(c, archive, r, path, e) < 0) || set_head(path, r->head, e) < 0)
		return -1;
	return set_upstream(c, r, e);
}

int backup_repos_put(const struct conf *c, int archive, struct err *e)
{
	json_t *list = load(archive, e), *entry;
	struct repo repo;
	size_t i;
	int r = list ? 0 : -1;

	json_array_foreach(list, i, entry)
		if (r == 0)
			r = read_repo(archive, entry, &repo, e) < 0 ||
			    put_repo(c, archive, &repo, e) < 0 ? -1 : 0;
	json_decref(list);
	return r;
}
