/* workdir: DIAGNOSTICS: ERR_OPERATOR where something is not ours to remove. */
#include "agent/workdir.h"

#include "lib/fs.h"

/* The state first: it stands for a checkout that is whole. */
static const char *const names[] = {"tree", ".tree.tmp", "src", "cache"};
enum { N_NAMES = sizeof(names) / sizeof(names[0]) };

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
