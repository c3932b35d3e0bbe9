/* refs: DIAGNOSTICS: ERR_OPERATOR if a repository is missing or broken. */
#include "agent/upkeep/sweep/refs.h"

#include <errno.h>
#include <git2.h>
#include <unistd.h>

static int git_err(struct err *e, const char *what)
{
	const git_error *g = git_error_last();

	return err_set(e, ERR_OPERATOR, "%s: %s", what, g ? g->message : "libgit2 gives no reason");
}

/* found: the ref, or NULL if it could not be read. */
static int ref_err(struct err *e, const char *ref, const git_reference *found,
		   const char *repo_path)
{
	const git_oid *id = found ? git_reference_target(found) : NULL;
	const git_error *g = git_error_last();
	char hex[65] = "";

	if (id)
		git_oid_tostr(hex, sizeof(hex), id);
	return err_set(e, ERR_OPERATOR,
		       "cannot read %s%s%s%s of %s: %s; `git fsck` there says which objects are "
		       "missing or damaged: restore them from a backup, or delete the ref there "
		       "and push it again",
		       ref, id ? ", which is " : "", hex, id ? "," : "", repo_path,
		       g ? g->message : "libgit2 gives no reason");
}

int refs_init(struct err *e)
{
	if (git_libgit2_init() < 0)
		return git_err(e, "libgit2 does not start");
	/* Repositories belong to another user, git, by design: do not check the owner. */
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	return 0;
}

void refs_fini(void)
{
	git_libgit2_shutdown();
}

int refs_read(const char *repo_path, const char *ref, char oid[65], struct err *e)
{
	git_repository *repo = NULL;
	git_reference *found = NULL;
	git_object *commit = NULL;
	int rc = -1;

	if (access(repo_path, F_OK) < 0)
		return err_sys(e, ERR_OPERATOR, "there is no repository %s", repo_path);
	if (git_repository_open_bare(&repo, repo_path) < 0)
		return ref_err(e, ref, NULL, repo_path);
	switch (git_reference_lookup(&found, repo, ref)) {
	case 0:
		rc = git_reference_peel(&commit, found, GIT_OBJECT_COMMIT) < 0
			     ? ref_err(e, ref, found, repo_path)
			     : 1;
		break;
	case GIT_ENOTFOUND:
		rc = 0;
		break;
	default:
		ref_err(e, ref, NULL, repo_path);
	}
	if (rc == 1)
		git_oid_tostr(oid, 65, git_object_id(commit));
	git_object_free(commit);
	git_reference_free(found);
	git_repository_free(repo);
	return rc;
}
