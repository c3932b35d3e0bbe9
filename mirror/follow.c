/* follow: DIAGNOSTICS: what concerns the upstream is the record and one line of the log. -1 if the
 * scratch directory or the record cannot be written. */
#include "mirror/follow.h"

#include "lib/args.h"
#include "lib/clock.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/spawn.h"
#include "mirror/fetch.h"
#include "mirror/push.h"
#include "mirror/refs.h"
#include "state/mirror.h"
#include "store/mirrored.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { LIST_MS = 60000, LIST_MAX = 64 << 20, LOCK_MS = 10000 };

struct following {
	const struct conf *c;
	const char *repo;
	char url[MIRROR_URL_MAX + 1];
	char *repo_path, *dir; /* dir: WORK/NAME */
	int work, dir_fd, lock, held; /* held: mirror_hold() */
	struct mirrored m;
};

static void remove_scratch(struct following *f)
{
	own_free char *name = mirror_file(f->repo);
	struct err ignored = ERR_INIT;

	if (f->dir_fd >= 0)
		(void)fs_remove_tree(f->work, name, &ignored);
	own_fd_end(&f->dir_fd);
	f->dir_fd = -1;
}

static void following_fini(struct following *f)
{
	remove_scratch(f);
	own_fd_end(&f->work);
	own_fd_end(&f->lock);
	own_fd_end(&f->held);
	free(f->repo_path);
	free(f->dir);
}
#define own_following __attribute__((cleanup(following_fini)))

/* Makes a new scratch directory. The leftovers of a killed process go first; the lock waits for
 * one that is just dying. */
static int open_scratch(struct following *f, struct err *e)
{
	own_free char *work = fs_path("%s/" MIRROR_WORK, f->c->mirror_dir);
	own_free char *name = mirror_file(f->repo), *lock = fs_path("%s.lock", name);
	int held;

	f->dir = fs_path("%s/%s", work, name);
	f->work = fs_open_dir(AT_FDCWD, work, e);
	if (f->work < 0)
		return err_wrap(e, "run `hornero init`");
	f->lock = openat(f->work, lock, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	held = f->lock < 0 ? err_sys(e, ERR_OPERATOR, "cannot open %s/%s", work, lock)
			   : fs_flock(f->lock, LOCK_MS, e);
	if (held == 0)
		return err_set(e, ERR_NOBODY, "another process still fetches %s", f->repo);
	if (held < 0 || fs_remove_tree(f->work, name, e) < 0)
		return -1;
	if (mkdirat(f->work, name, 0700) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot make %s", f->dir);
	f->dir_fd = fs_open_beneath(f->work, name, O_RDONLY | O_DIRECTORY, 0);
	return f->dir_fd < 0 ? err_sys(e, ERR_OPERATOR, "cannot open %s", f->dir) : 0;
}

static int read_ours(const struct following *f, struct refs *out, struct err *e)
{
	own_free char *git_dir = fs_path("--git-dir=%s", f->repo_path);
	const char *const argv[] = {"git", git_dir, "for-each-ref",
				    "--format=%(objectname) %(refname)", "refs/heads", "refs/tags",
				    NULL};
	struct spawn s = SPAWN_INIT(argv);
	char *text = NULL;
	size_t len;
	int status;

	s.err = STDERR_FILENO;
	status = spawn_capture(&s, LIST_MS, LIST_MAX, &text, &len, e);
	if (status == 0)
		return refs_parse(out, text, e);
	free(text);
	return status < 0 ? -1
			  : err_set(e, ERR_OPERATOR, "cannot list the refs of %s; the log of "
				    "hornero-mirror says why", f->repo_path);
}

/* Whether the operator has not changed or ended the mirror meanwhile; nor can they from here on. */
static bool is_wanted(struct following *f)
{
	char url[MIRROR_URL_MAX + 1];
	struct err e = ERR_INIT;
	int held = 1;

	if (f->held < 0)
		held = mirror_hold(f->c, f->repo, LOCK_MS, &f->held, &e);
	if (held <= 0)
		log_warn("event=mirror-held repo=%s why=\"%s\"", f->repo,
			 held < 0 ? e.msg : "`hornero repo mirror` changes it");
	return f->held >= 0 && mirror_url(f->c, f->repo, url) && strcmp(url, f->url) == 0;
}

static enum mirrored_state fail(struct following *f, const struct err *e)
{
	snprintf(f->m.reason, sizeof(f->m.reason), "%.*s", (int)sizeof(f->m.reason) - 1, e->msg);
	return MIRRORED_FAILED;
}

static enum mirrored_state move_refs(struct following *f, char *text)
{
	own_free char *objects = fs_path("%s/objects", f->dir);
	const struct push p = {f->c, f->repo, f->repo_path, objects};
	own_refs struct refs ours = REFS_INIT, theirs = REFS_INIT;
	own_free struct move *moves = NULL;
	enum mirrored_state state;
	struct err e = ERR_INIT;
	size_t n;

	if (refs_parse(&theirs, text, &e) < 0 || read_ours(f, &ours, &e) < 0 ||
	    refs_compare(&ours, &theirs, &moves, &n, &e) < 0)
		return fail(f, &e);
	*f->m.reason = '\0';
	if (n == 0 || !is_wanted(f))
		return MIRRORED_CURRENT;
	failpoint("mirror-fetched");
	state = push_run(&p, moves, n, &f->m);
	if (f->m.changed > 0)
		f->m.changed_ms = clock_wall_ms();
	return state;
}

static enum mirrored_state bring(struct following *f)
{
	const struct fetch how = {f->c, f->repo_path, f->url, f->dir, f->dir_fd};
	enum mirrored_state state;
	char *text = NULL;

	if (!*f->url) {
		own_free char *path = mirror_path(f->c, f->repo, "url");

		snprintf(f->m.reason, sizeof(f->m.reason), "%s has no URL; `hornero repo mirror` "
			 "writes it", path);
		return MIRRORED_FAILED;
	}
	if (access(f->repo_path, F_OK) < 0) {
		snprintf(f->m.reason, sizeof(f->m.reason), "the repository is not there; `hornero "
			 "repo create %s` makes it", f->repo);
		return MIRRORED_FAILED;
	}
	state = fetch_run(&how, &text, f->m.reason, sizeof(f->m.reason));
	if (state == MIRRORED_CURRENT)
		return move_refs(f, text);
	free(text);
	return state;
}

static void tell(const struct following *f, enum mirrored_state state, int64_t before_ms)
{
	char quoted[2 * sizeof(f->m.reason) + 3];

	if (f->m.changed_ms != before_ms)
		log_info("event=mirrored repo=%s refs=%lld url=%s", f->repo,
			 (long long)f->m.changed, f->url);
	if (state != MIRRORED_CURRENT)
		log_warn("event=mirror-%s repo=%s url=%s why=%s", f->m.state, f->repo, f->url,
			 log_quote(quoted, sizeof(quoted), f->m.reason));
}

int follow(const struct conf *c, const char *repo, struct err *e)
{
	own_following struct following f = {
		.c = c, .repo = repo, .work = -1, .dir_fd = -1, .lock = -1, .held = -1};
	own_free char *record = mirror_path(c, repo, "json");
	enum mirrored_state state;
	int64_t before_ms;

	if (!mirror_url(c, repo, f.url))
		return 0;
	if (mirrored_load(record, &f.m, e) < 0 || open_scratch(&f, e) < 0)
		return -1;
	if (strcmp(f.m.url, f.url) != 0)
		f.m = (struct mirrored){.at_ms = 0};
	before_ms = f.m.changed_ms;
	snprintf(f.m.url, sizeof(f.m.url), "%s", f.url);
	f.m.wish = mirror_wish(c, repo);
	f.repo_path = fs_path("%s/%s.git", c->repo_root, repo);
	state = bring(&f);
	snprintf(f.m.state, sizeof(f.m.state), "%s", mirrored_state_name(state));
	f.m.at_ms = clock_wall_ms();
	if (state == MIRRORED_CURRENT)
		f.m.current_ms = f.m.at_ms;
	tell(&f, state, before_ms);
	failpoint("mirror-before-record");
	remove_scratch(&f);
	return is_wanted(&f) ? mirrored_save(record, &f.m, e) : 0;
}
