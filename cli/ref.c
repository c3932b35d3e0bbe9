/* ref: asks git for the commit of an image's ref. DIAGNOSTICS: ERR_OPERATOR if the repository is
 * damaged. */
#include "cli/cli.h"

#include "lib/fs.h"
#include "lib/own.h"
#include "lib/spawn.h"
#include "state/tip.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GIT_MS = 10000, GIT_BYTES = 4096 };

/* Takes the id from a line that git printed. */
static bool take_id(const char *line, char id[CLI_COMMIT_MAX + 1])
{
	size_t len = strcspn(line, "\n");

	if (len != 40 && len != CLI_COMMIT_MAX)
		return false;
	memcpy(id, line, len);
	id[len] = '\0';
	return true;
}

/* Stores the id that git prints for spec, "" if it prints none. Returns git's exit code, or -1 on
 * error. */
static int ask_git(const char *path, const char *spec, char id[CLI_COMMIT_MAX + 1], struct err *e)
{
	own_free char *git_dir = fs_path("--git-dir=%s", path);
	/* The repositories belong to git's user. This only reads, and runs no program from their
	 * configuration. */
	const char *const argv[] = {"git",       git_dir,   "-c",       "safe.directory=*",
				    "rev-parse", "--quiet", "--verify", "--end-of-options",
				    spec,        NULL};
	struct spawn s = SPAWN_INIT(argv);
	own_free char *out = NULL;
	size_t len = 0;
	int status = spawn_capture(&s, GIT_MS, GIT_BYTES, &out, &len, e);

	id[0] = '\0';
	if (status < 0)
		return -1;
	if (status == 0)
		(void)take_id(out, id);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* rev-list, unlike log, runs no program that the repository's configuration names. */
int cli_ref_dated(const struct conf *c, const struct image *img, char commit[CLI_COMMIT_MAX + 1],
		  int64_t *dated_ms, struct err *e)
{
	own_free char *path = cli_repo_path(c, img->repo);
	own_free char *git_dir = fs_path("--git-dir=%s", path);
	const char *const argv[] = {"git",         git_dir,       "-c",
				    "safe.directory=*", "rev-list",    "--no-walk",
				    "--timestamp", "--end-of-options", img->ref, NULL};
	struct spawn s = SPAWN_INIT(argv);
	own_free char *out = NULL;
	char *id;
	size_t len;

	*dated_ms = 0;
	if (access(path, F_OK) < 0 ||
	    spawn_capture(&s, GIT_MS, GIT_BYTES, &out, &len, e) != 0)
		return cli_ref_commit(c, img, commit, e);
	*dated_ms = strtoll(out, &id, 10) * 1000;
	if (*id != ' ' || !take_id(id + 1, commit)) {
		*dated_ms = 0;
		return cli_ref_commit(c, img, commit, e);
	}
	return 1;
}

bool cli_ref_is(const struct conf *c, const struct image *img, const char *commit)
{
	char tip[CLI_COMMIT_MAX + 1];

	return tip_read(c->repo_root, img->repo, img->ref, tip) && strcmp(tip, commit) == 0;
}

char *cli_ref_other(const struct conf *c, const struct image *img)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789/._-";
	own_free char *path = cli_repo_path(c, img->repo);
	own_free char *git_dir = fs_path("--git-dir=%s", path);
	const char *const argv[] = {"git", git_dir, "-c", "safe.directory=*", "for-each-ref",
				    "--count=1", "--format=%(refname)", "--sort=-creatordate",
				    "refs/heads", NULL};
	struct spawn s = SPAWN_INIT(argv);
	own_free char *out = NULL;
	struct err ignored = ERR_INIT;
	size_t len;

	/* A pusher chose the name, and users paste the command that has it. */
	if (spawn_capture(&s, GIT_MS, GIT_BYTES, &out, &len, &ignored) != 0 || len < 2 ||
	    strspn(out, plain) != len - 1 || out[len - 1] != '\n')
		return NULL;
	out[len - 1] = '\0';
	return steal_ptr(&out);
}

int cli_ref_commit(const struct conf *c, const struct image *img, char commit[CLI_COMMIT_MAX + 1],
		   struct err *e)
{
	enum { NONE = 1 }; /* exit code of git rev-parse --quiet */
	own_free char *path = cli_repo_path(c, img->repo);
	own_free char *spec = fs_path("%s^{commit}", img->ref);
	char lost[CLI_COMMIT_MAX + 1];
	int rc;

	commit[0] = '\0';
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	rc = ask_git(path, spec, commit, e);
	if (rc == 0 && *commit)
		return 1;
	if (rc >= 0)
		rc = ask_git(path, img->ref, lost, e);
	if (rc < 0)
		return err_wrap(e, "cannot read %s of %s", img->ref, path);
	if (*lost)
		return err_set(e, ERR_OPERATOR,
			       "%s of %s was pushed at %.12s, and an object of that is missing or "
			       "damaged, or it is not a commit: `git fsck` in that repository says "
			       "which; restore it from a backup, or delete the ref there and push "
			       "it again",
			       img->ref, path, lost);
	return rc == NONE ? 0
			  : err_set(e, ERR_OPERATOR,
				    "git cannot read the repository %s (exit %d): `git fsck` there "
				    "says why",
				    path, rc);
}
