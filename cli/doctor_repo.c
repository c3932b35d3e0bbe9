/* doctor_repo: checks repositories: hooks, HEAD, alternates, leftovers of pushes. DIAGNOSTICS:
 * findings. */
#include "cli/doctor.h"

#include "state/relics.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* Hooks link to our program, and hornero.yaml to our configuration; a push needs both. */
static void look_at_link(struct doctor *d, const char *repo, const char *name, const char *target)
{
	own_free char *path = fs_path("%s/%s", repo, name);
	own_free char *mend = fs_path("ln -sfn %s %s", target, path);
	char found[PATH_MAX], wanted[PATH_MAX];

	if (!realpath(path, found))
		doctor_say(d, DOCTOR_BAD, errno == EACCES ? "run hornero doctor as root" : mend,
			   "%s: %s", path, strerror(errno));
	else if (realpath(target, wanted) && strcmp(found, wanted) != 0)
		doctor_say(d, DOCTOR_BAD, mend,
			   "%s links to %s, so pushes do not use this configuration", path, found);
}

enum { LOCK_OLD_S = 10 /* git holds a lock for milliseconds */ };

struct relics {
	struct doctor *d;
	const char *repo;
};

static void look_at_relic(void *arg, const struct relic *r)
{
	const struct relics *in = arg;
	own_free char *clear = fs_path(
		"the next push to it removes it; as git's user also: %s/gc-repositories --clear %s",
		in->d->c->libexec_dir, in->d->c->path);
	char words[RELIC_WORDS];

	if (r->is_dead)
		doctor_say(in->d, DOCTOR_WARN, clear, "%s: %s", in->repo, relic_words(r, words));
	else if (r->is_stopped && !r->is_quarantine)
		doctor_say(in->d, DOCTOR_BAD, "continue that process (kill -CONT), or end it",
			   "%s: %s", in->repo, relic_words(r, words));
	else if (!r->is_quarantine && r->left_s + LOCK_OLD_S < time(NULL))
		doctor_say(in->d, DOCTOR_WARN,
			   "see what that process waits for, or end it; pushes to that ref are "
			   "refused meanwhile",
			   "%s: %s", in->repo, relic_words(r, words));
}

static void look_at_relics(struct doctor *d, const char *path)
{
	struct relics in = {.d = d, .repo = path};
	struct err ignored = ERR_INIT;
	own_fd int repo = fs_open_dir(AT_FDCWD, path, &ignored);

	if (repo >= 0)
		relics_each(repo, NULL, 0, look_at_relic, &in);
}

/* Git takes a directory with another HEAD for no repository. */
static void look_at_head(struct doctor *d, const char *repo)
{
	own_free char *path = fs_path("%s/HEAD", repo);
	own_free char *mend = fs_path("echo 'ref: refs/heads/main' >%s", path);
	own_free char *text = NULL;
	struct err why = ERR_INIT;
	size_t len;

	if (fs_read(AT_FDCWD, path, 4096, &text, &len, &why) < 0) {
		doctor_say(d, why.sys == EACCES ? DOCTOR_BLIND : DOCTOR_BAD,
			   why.sys == EACCES ? "run hornero doctor as root" : mend, "%s", why.msg);
		return;
	}
	text[strcspn(text, "\n")] = '\0';
	len = strspn(text, "0123456789abcdef");
	if (strncmp(text, "ref: refs/", strlen("ref: refs/")) != 0 &&
	    ((len != 40 && len != 64) || text[len]))
		doctor_say(d, DOCTOR_BAD, mend, "%s names neither a ref nor a commit: pushes and "
						"clones fail", path);
}

/* Objects in another repository, which may remove them at any time. */
static void look_at_alternates(struct doctor *d, const char *repo)
{
	own_free char *path = fs_path("%s/objects/info/alternates", repo);
	own_free char *mend = fs_path("git --git-dir=%s -c safe.directory='*' repack -a -d && "
				      "rm %s", repo, path);

	if (access(path, F_OK) == 0)
		doctor_say(d, DOCTOR_WARN, mend,
			   "%s: objects of %s are in another repository, and builds fail once "
			   "that removes them", path, repo);
}

/* Git runs each program of this directory that has the name of a hook. */
static void look_at_hooks(struct doctor *d, const char *repo)
{
	own_free char *dir = fs_path("%s/hooks", repo);
	own_dir DIR *list = opendir(dir);
	const struct dirent *entry;

	while (list && (entry = readdir(list))) {
		own_free char *path = fs_path("%s/%s", dir, entry->d_name);
		own_free char *mend = fs_path("rm %s", path);
		const char *dot = strrchr(entry->d_name, '.');

		if (entry->d_name[0] == '.' || strcmp(entry->d_name, "pre-receive") == 0 ||
		    strcmp(entry->d_name, "post-receive") == 0 ||
		    (dot && strcmp(dot, ".sample") == 0))
			continue;
		doctor_say(d, DOCTOR_WARN, mend, "%s is not a hook of hornero: it may change or "
						 "refuse pushes", path);
	}
}

static void look_at_repo(struct doctor *d, const char *repo)
{
	own_free char *hook = fs_path("%s/hornero-hook", d->c->libexec_dir);

	look_at_link(d, repo, "hooks/pre-receive", hook);
	look_at_link(d, repo, "hooks/post-receive", hook);
	look_at_link(d, repo, "hornero.yaml", d->c->path);
	look_at_head(d, repo);
	look_at_alternates(d, repo);
	look_at_hooks(d, repo);
	look_at_relics(d, repo);
}

/* Returns the number of repositories below dir. */
static size_t walk(struct doctor *d, const char *dir, int depth)
{
	enum { DEEPEST = 8 };
	own_dir DIR *list = opendir(dir);
	struct dirent *entry;
	size_t n = 0;

	if (!list) {
		doctor_say(d, DOCTOR_WARN,
			   errno == EACCES ? "run hornero doctor as root" : "hornero init",
			   "%s: %s", dir, strerror(errno));
		return 0;
	}
	while ((entry = readdir(list))) {
		own_free char *path = fs_path("%s/%s", dir, entry->d_name);
		size_t len = strlen(entry->d_name);
		struct stat st;

		if (entry->d_name[0] == '.' || lstat(path, &st) < 0 || !S_ISDIR(st.st_mode))
			continue;
		if (len > 4 && strcmp(entry->d_name + len - 4, ".git") == 0) {
			look_at_repo(d, path);
			n++;
		} else if (depth < DEEPEST) {
			n += walk(d, path, depth + 1);
		}
	}
	return n;
}

void doctor_repositories(struct doctor *d)
{
	int before = d->findings;
	size_t n = walk(d, d->c->repo_root, 0);

	if (d->findings == before)
		doctor_ok(d, "%zu below %s, with our hooks", n, d->c->repo_root);
}
