/* leftover: files of processes that were killed while they wrote. Those processes have ended before
 * these functions are called. DIAGNOSTICS: ERR_OPERATOR if a directory cannot be listed or a file
 * cannot be removed. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/leftover.h"

#include "agent/common/workdir.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/uuid.h"
#include "store/served.h"
#include "store/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

/* Directories that commands, hooks and the door write to as other users. Their leftovers are
 * harmless, so hornerod starts all the same. */
static void clear_shared(const struct conf *c)
{
	const char *const dirs[] = {c->images_dir, c->pause_dir, c->skip_dir, c->mirror_dir,
				    c->queue_dir};
	struct err e = ERR_INIT;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (access(dirs[i], F_OK) == 0 && fs_clear_staging(dirs[i], &e) < 0)
			log_warn("event=leftover-stays %s", e.msg);
}

static int clear_staging_files(const struct conf *c, struct err *e)
{
	own_free char *toolchains = fs_path("%s/toolchain", c->state_dir);
	const char *const dirs[] = {c->log_dir, c->run_dir, c->fence_dir, toolchains};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (access(dirs[i], F_OK) == 0 && fs_clear_staging(dirs[i], e) < 0)
			return -1;
	return store_clear_staging(c->store_dir, e);
}

/* Removes the files that attempts were converting. */
static int clear_stage(const struct conf *c, struct err *e)
{
	own_free char *path = fs_path("%s/stage", c->store_dir);
	own_dir DIR *d = opendir(path);
	struct dirent *entry;

	if (!d)
		return err_sys(e, ERR_OPERATOR, "cannot list %s (hornero init makes it)", path);
	while ((entry = readdir(d)))
		if (entry->d_name[0] != '.' && fs_remove_tree(dirfd(d), entry->d_name, e) < 0)
			return err_wrap(e, "%s", path);
	return 0;
}

int leftover_clear(const struct conf *c, struct err *e)
{
	struct err tmp = ERR_INIT;

	/* Harmless, so no reason not to start. */
	if (workdir_clear_all_tmp(c->repo_base, &tmp) < 0)
		log_warn("event=leftover-stays %s", tmp.msg);
	if (served_mend(c->store_dir, &tmp) < 0)
		log_warn("event=not-served %s", tmp.msg);
	clear_shared(c);
	return clear_stage(c, e) < 0 ? -1 : clear_staging_files(c, e);
}

/* A confirmation removes its own directory. */
static int clear_work(const struct conf *c, const char *image, struct err *e)
{
	own_fd int base = open(c->repo_base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return base < 0 || !uuid_valid(image) ? 0 : workdir_clear_tmp(base, image, e);
}

void leftover_clear_attempt(const struct conf *c, int64_t job, int64_t attempt, const char *image)
{
	own_free char *staged = store_stage_path(c->store_dir, job, attempt);
	struct err e = ERR_INIT;

	FAILSTEP("staged-unlink", unlink(staged));
	if (clear_work(c, image, &e) < 0 || clear_staging_files(c, &e) < 0)
		log_warn("event=leftover-stays job=%lld %s", (long long)job, e.msg);
}
