/* head: DIAGNOSTICS: none; where HEAD cannot be read or written it stays as it is. */
#include "hooks/head.h"

#include "hooks/refline.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYMBOLIC "ref: "
#define BRANCHES "refs/heads/"

enum { HEAD_MAX = REFLINE_REF_MAX + sizeof(SYMBOLIC) + 1 };

static bool is_new_branch(const struct refline *r)
{
	return strncmp(r->ref, BRANCHES, strlen(BRANCHES)) == 0 && strspn(r->old, "0") == strlen(r->old) && !refline_deletes(r);
}

static const char *only_new_branch(const struct pushed *pushed)
{
	const char *found = NULL;

	for (size_t i = 0; i < pushed->n; i++) {
		if (!is_new_branch(&pushed->lines[i]))
			continue;
		if (found)
			return NULL;
		found = pushed->lines[i].ref;
	}
	return found;
}

/* Of a repository whose refs were ever packed nothing is said: it is not new. */
static bool is_unborn(int repo)
{
	own_free char *text = NULL;
	struct err ignored = ERR_INIT;
	size_t len;

	if (faccessat(repo, "packed-refs", F_OK, 0) == 0 || fs_read(repo, "HEAD", HEAD_MAX, &text, &len, &ignored) < 0 ||
	    strncmp(text, SYMBOLIC BRANCHES, strlen(SYMBOLIC BRANCHES)) != 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	return refline_ref_valid(text + strlen(SYMBOLIC)) && faccessat(repo, text + strlen(SYMBOLIC), F_OK, 0) < 0;
}

bool head_settle(const struct pushed *pushed)
{
	const char *branch = only_new_branch(pushed);
	own_free char *text = NULL;
	own_fd int repo = -1;
	struct err ignored = ERR_INIT;
	struct stat st;

	if (!branch)
		return false;
	repo = fs_open_dir(AT_FDCWD, ".", &ignored);
	if (repo < 0 || !is_unborn(repo) || fstatat(repo, "HEAD", &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return false;
	text = fs_path(SYMBOLIC "%s\n", branch);
	return fs_replace_like(repo, "HEAD", text, strlen(text), &st, &ignored) == 0;
}
