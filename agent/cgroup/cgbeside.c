/* cgbeside: the group of a build that is not hornerod's. DIAGNOSTICS: as cg_open and
 * cg_leaf_make. */
#include "agent/cgroup/cginner.h"

#include "lib/fs.h"
#include "lib/own.h"

static int open_top(struct cg **out, const struct conf *c, long hornerod, struct err *e)
{
	struct cg *cg = calloc(1, sizeof(*cg));

	if (!cg)
		return err_set(e, ERR_NOBODY, "out of memory for the cgroups");
	if (cg_find_of(cg, c, hornerod, e) < 0) {
		cg_close(cg);
		return -1;
	}
	if (!cg_top_is_prepared(cg)) {
		cg_close(cg);
		if (hornerod)
			return err_set(e, ERR_OPERATOR, "no right to use hornerod's control "
				       "groups; run this as root");
		if (cg_open(out, c, e) < 0)
			return -1;
		(*out)->made_top = true;
		return 0;
	}
	cg->top = cg->v2 ? cg_top_limits(c) : cg_read_top(cg);
	cg->all = limits_within(cg_top_limits(c), cg->top);
	*out = cg;
	return 0;
}

static void remove_top(const struct cg *cg)
{
	for (size_t i = 0; cg->made_top && i < cg->ntops; i++)
		(void)rmdir(cg->tops[i]); /* fails if a hornerod uses it meanwhile */
}

/* A group's name has no dot, so the upper level is nobody else's. */
int cg_beside_open(struct cg **out, const struct conf *c, const char *group, long hornerod,
		   struct cg_leaf *leaf, struct err *e)
{
	own_free char *path = fs_path("by.hand-%ld/1.1", (long)getpid());
	struct cg *cg = NULL;

	if (open_top(&cg, c, hornerod, e) < 0)
		return -1;
	if (cg_leaf_make(cg, c, group, path, leaf, e) == 0) {
		*out = cg;
		return 0;
	}
	remove_top(cg);
	cg_close(cg);
	return -1;
}

int cg_beside_end(struct cg *cg, struct cg_leaf *leaf, struct err *e)
{
	int rc = cg_leaf_end(cg, leaf, e);

	for (size_t i = 0; i < cg->ntops && rc == 0; i++) {
		own_free char *dir = fs_path("%s/by.hand-%ld", cg->tops[i], (long)getpid());

		if (rmdir(dir) < 0 && errno != ENOENT)
			rc = err_sys(e, ERR_US, "cannot remove the cgroup %s", dir);
	}
	remove_top(cg);
	free(leaf->path);
	leaf->path = NULL;
	cg_close(cg);
	return rc;
}
