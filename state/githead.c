/* githead: DIAGNOSTICS: none; a HEAD that cannot be read or written stays unchanged. */
#include "state/githead.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYMBOLIC "ref: "
#define BRANCHES "refs/heads/"

enum { PACKED_MAX = 64 << 20 };

bool githead_branch(int repo, char branch[GITHEAD_MAX])
{
	own_free char *text = NULL;
	struct err ignored = ERR_INIT;
	size_t len;

	branch[0] = '\0';
	if (fs_read(repo, "HEAD", GITHEAD_MAX, &text, &len, &ignored) < 0 ||
	    strncmp(text, SYMBOLIC BRANCHES, strlen(SYMBOLIC BRANCHES)) != 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	snprintf(branch, GITHEAD_MAX, "%s", text + strlen(SYMBOLIC));
	return true;
}

/* A line of packed-refs is "OID REF". */
static bool is_packed(int repo, const char *ref)
{
	own_free char *line = fs_path(" %s\n", ref);
	own_free char *text = NULL;
	struct err ignored = ERR_INIT;
	size_t len;

	return fs_read(repo, "packed-refs", PACKED_MAX, &text, &len, &ignored) == 0 &&
	       memmem(text, len, line, strlen(line));
}

bool githead_has(int repo, const char *ref)
{
	struct stat st;

	return (fstatat(repo, ref, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode)) ||
	       is_packed(repo, ref);
}

bool githead_set(int repo, const char *branch)
{
	own_free char *text = fs_path(SYMBOLIC "%s\n", branch);
	struct err ignored = ERR_INIT;
	struct stat st;

	return fstatat(repo, "HEAD", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       fs_replace_like(repo, "HEAD", text, strlen(text), &st, &ignored) == 0;
}

bool githead_follow(int repo, const char *branch)
{
	char now[GITHEAD_MAX];

	return strncmp(branch, BRANCHES, strlen(BRANCHES)) == 0 && githead_branch(repo, now) &&
	       strcmp(now, branch) != 0 && !githead_has(repo, now) && githead_has(repo, branch) &&
	       githead_set(repo, branch);
}
