/* head: DIAGNOSTICS: none; if HEAD cannot be read or written, it stays as it is. */
#include "hooks/head.h"

#include "state/githead.h"
#include "hooks/refline.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>

#define BRANCHES "refs/heads/"

static bool is_branch(const char *ref)
{
	return strncmp(ref, BRANCHES, strlen(BRANCHES)) == 0;
}

static bool is_new_branch(const struct refline *r)
{
	return is_branch(r->ref) && strspn(r->old, "0") == strlen(r->old) && !refline_deletes(r);
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

static bool is_deleted(const struct pushed *pushed, const char *ref)
{
	for (size_t i = 0; i < pushed->n; i++)
		if (strcmp(pushed->lines[i].ref, ref) == 0)
			return refline_deletes(&pushed->lines[i]);
	return false;
}

static bool is_followed(const struct target *p, const struct image *img)
{
	return target_builds(p, img, img->ref) && is_branch(img->ref) &&
	       refline_ref_valid(img->ref);
}

bool head_leave(const struct target *p, const struct pushed *pushed)
{
	struct err ignored = ERR_INIT;
	own_fd int repo = fs_open_dir(AT_FDCWD, ".", &ignored);
	char now[GITHEAD_MAX];

	if (repo < 0 || !githead_branch(repo, now) || !is_deleted(pushed, now))
		return false;
	for (size_t i = 0; i < p->n; i++) {
		const char *ref = p->images[i].ref;

		if (is_followed(p, &p->images[i]) && strcmp(ref, now) != 0 &&
		    !is_deleted(pushed, ref) && githead_has(repo, ref))
			return githead_set(repo, ref);
	}
	return false;
}

bool head_settle(const struct target *p, const struct pushed *pushed)
{
	const char *branch = only_new_branch(pushed);
	struct err ignored = ERR_INIT;
	own_fd int repo = fs_open_dir(AT_FDCWD, ".", &ignored);
	char now[GITHEAD_MAX];

	if (repo < 0 || !githead_branch(repo, now) || !refline_ref_valid(now) ||
	    githead_has(repo, now))
		return false;
	for (size_t i = 0; i < p->n; i++)
		if (is_followed(p, &p->images[i]) && githead_has(repo, p->images[i].ref))
			return githead_set(repo, p->images[i].ref);
	return branch && githead_follow(repo, branch);
}
