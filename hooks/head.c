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

static bool is_deleted(const struct pushed *pushed, const char *ref)
{
	for (size_t i = 0; i < pushed->n; i++)
		if (strcmp(pushed->lines[i].ref, ref) == 0)
			return refline_deletes(&pushed->lines[i]);
	return false;
}

/* The branch that HEAD names, "" for none that can be read. */
static void read_head(int repo, char branch[HEAD_MAX])
{
	own_free char *text = NULL;
	struct err ignored = ERR_INIT;
	size_t len;

	branch[0] = '\0';
	if (fs_read(repo, "HEAD", HEAD_MAX, &text, &len, &ignored) < 0 || strncmp(text, SYMBOLIC, strlen(SYMBOLIC)) != 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	snprintf(branch, HEAD_MAX, "%s", text + strlen(SYMBOLIC));
}

static bool set_head(int repo, const char *branch)
{
	own_free char *text = fs_path(SYMBOLIC "%s\n", branch);
	struct err ignored = ERR_INIT;
	struct stat st;

	return fstatat(repo, "HEAD", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       fs_replace_like(repo, "HEAD", text, strlen(text), &st, &ignored) == 0;
}

bool head_leave(const struct place *p, const struct pushed *pushed)
{
	struct err ignored = ERR_INIT;
	own_fd int repo = fs_open_dir(AT_FDCWD, ".", &ignored);
	char now[HEAD_MAX];

	if (repo < 0)
		return false;
	read_head(repo, now);
	if (!is_deleted(pushed, now))
		return false;
	for (size_t i = 0; i < p->n; i++) {
		const char *ref = p->images[i].ref;

		if (place_builds(p, &p->images[i], ref) && strncmp(ref, BRANCHES, strlen(BRANCHES)) == 0 && strcmp(ref, now) != 0 &&
		    refline_ref_valid(ref) && !is_deleted(pushed, ref))
			return set_head(repo, ref);
	}
	return false;
}

bool head_settle(const struct pushed *pushed)
{
	const char *branch = only_new_branch(pushed);
	own_fd int repo = -1;
	struct err ignored = ERR_INIT;

	if (!branch)
		return false;
	repo = fs_open_dir(AT_FDCWD, ".", &ignored);
	return repo >= 0 && is_unborn(repo) && set_head(repo, branch);
}
