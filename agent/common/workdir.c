/* workdir: DIAGNOSTICS: ERR_OPERATOR if something is not ours to remove or rename. */
#include "agent/common/workdir.h"

#include "lib/clock.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/sha.h"
#include "lib/uuid.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ASIDE "left."
#define TREE_TMP ".tree.tmp" /* treeindex.c renames it to "tree" */

/* The note that vouches for the rest is removed first. */
static const char *const names[] = {"source", "tree", TREE_TMP, "src", "cache", WORKDIR_CORE,
				    WORKDIR_FETCHED};
enum { N_NAMES = sizeof(names) / sizeof(names[0]) };

bool workdir_is_of(int work, const char *source)
{
	own_fd int fd = fs_open_beneath(work, "source", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	struct err ignored = ERR_INIT;
	own_free char *line = NULL;
	size_t len;

	if (fd < 0 || fs_read_fd(fd, "source", SHA256_HEX + 1, &line, &len, &ignored) < 0)
		return false;
	return len == SHA256_HEX + 1 && line[SHA256_HEX] == '\n' &&
	       strncmp(line, source, SHA256_HEX) == 0;
}

/* Not made durable: after a power failure it is incomplete or missing, and the next build starts
 * clean. */
int workdir_note_source(int work, const char *source, struct err *e)
{
	own_fd int fd = -1;
	char line[SHA256_HEX + 2];

	if (fs_remove_tree(work, "source", e) < 0)
		return -1;
	if (!source)
		return 0;
	snprintf(line, sizeof(line), "%s\n", source);
	fd = fs_open_beneath(work, "source", O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (fd < 0 || fs_write_all(fd, line, strlen(line)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot write the file source of the checkout");
	return 0;
}

bool workdir_size(struct du *sum, int work)
{
	bool whole = true;

	for (int i = 0; i < N_NAMES; i++)
		whole = du_add(sum, work, names[i]) && whole;
	return whole;
}

int workdir_clear(int work, struct err *e)
{
	int rc = 0;

	for (int i = 0; i < N_NAMES; i++)
		if (fs_remove_tree(work, names[i], e) < 0)
			rc = -1;
	return rc;
}

int workdir_clear_tmp(int repo_base, const char *name, struct err *e)
{
	own_fd int work = fs_open_beneath(repo_base, name, O_RDONLY | O_DIRECTORY, 0);
	own_fd int fetched = -1;

	if (work < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (work < 0 ||
	    (FAILSTEP("workdir-clear", unlinkat(work, TREE_TMP, 0)) < 0 && errno != ENOENT))
		return err_sys(e, ERR_OPERATOR, "cannot remove %s/" TREE_TMP, name);
	fetched = fs_open_beneath(work, WORKDIR_FETCHED, O_RDONLY | O_DIRECTORY, 0);
	return fetched < 0 ? 0 : fs_remove_tree(fetched, WORKDIR_FETCHED_TMP, e);
}

int workdir_clear_all_tmp(const char *dir, struct err *e)
{
	own_dir DIR *base = opendir(dir);
	struct dirent *entry;
	int rc = 0;

	if (!base)
		return errno == ENOENT ? 0 : err_sys(e, ERR_OPERATOR, "cannot list %s", dir);
	while ((entry = readdir(base)))
		if (entry->d_name[0] != '.' && workdir_clear_tmp(dirfd(base), entry->d_name, e) < 0)
			rc = err_wrap(e, "%s", dir);
	return rc;
}

int workdir_set_aside(const char *dir, const char *uuid, struct err *e)
{
	own_free char *from = fs_path("%s/%s", dir, uuid);
	own_free char *to = fs_path("%s/" ASIDE "%s.%lld", dir, uuid, (long long)clock_wall_ms());

	if (FAILSTEP("workdir-rename", rename(from, to)) < 0 && errno != ENOENT)
		return err_sys(e, ERR_OPERATOR, "cannot rename %s, where a process that does not "
			       "end may still write, to %s", from, to);
	return 0;
}

bool workdir_is_aside(const char *name)
{
	return strncmp(name, ASIDE, strlen(ASIDE)) == 0 && strlen(name) > strlen(ASIDE) + UUID_LEN;
}
