/* tip: DIAGNOSTICS: none; git explains what is wrong with a ref. */
#include "state/tip.h"

#include "lib/fs.h"
#include "lib/hex.h"
#include "lib/own.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

bool tip_read(const char *repo_root, const char *repo, const char *ref, char commit[65])
{
	own_free char *path = fs_path("%s/%s.git", repo_root, repo);
	struct err ignored = ERR_INIT;
	own_fd int dir = fs_open_dir(AT_FDCWD, path, &ignored);
	own_fd int fd = dir < 0 ? -1
				: fs_open_beneath(dir, ref, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	own_free char *text = NULL;
	size_t len;

	if (fd < 0 || strncmp(ref, "refs/heads/", 11) != 0 ||
	    fs_read_fd(fd, ref, 65, &text, &len, &ignored) < 0)
		return false;
	if (len == 0 || text[len - 1] != '\n')
		return false;
	snprintf(commit, 65, "%.*s", (int)(len - 1), text);
	return strlen(commit) == len - 1 && hex_is_oid(commit);
}
