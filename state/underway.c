/* underway: DIAGNOSTICS: ERR_NOBODY and ERR_OPERATOR from underway_note; the other functions ignore
 * errors. */
#include "state/underway.h"

#include "lib/failpoint.h"
#include "lib/own.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "hornero.push."

enum { NAME_SIZE = 128 };

static void name_of(const struct proc_id *id, char buf[NAME_SIZE])
{
	snprintf(buf, NAME_SIZE, PREFIX "%" PRIx64 ".%d.%" PRIu64 ".%08x", id->ns, (int)id->pid,
		 id->start, id->boot);
}

static bool parse(const char *name, struct proc_id *out)
{
	struct proc_id id;
	char again[NAME_SIZE];
	int pid;

	if (sscanf(name, PREFIX "%" SCNx64 ".%d.%" SCNu64 ".%8x", &id.ns, &pid, &id.start,
		   &id.boot) != 4)
		return false;
	id.pid = pid;
	name_of(&id, again);
	*out = id;
	return strcmp(name, again) == 0;
}

int underway_note(int repo, struct err *e)
{
	own_fd int fd = -1;
	struct proc_id id;
	char name[NAME_SIZE];

	if (proc_identify(getppid(), &id) < 0)
		return err_set(e, ERR_NOBODY, "the process that receives this push is gone");
	name_of(&id, name);
	fd = openat(repo, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd < 0)
		return err_sys(e, ERR_OPERATOR, "cannot note this push in its repository");
	failpoint("push-noted");
	return 0;
}

void underway_end(int repo)
{
	struct proc_id id;
	char name[NAME_SIZE];

	if (proc_identify(getppid(), &id) < 0)
		return; /* the next push removes the mark */
	name_of(&id, name);
	FAILSTEP("underway-unlink", unlinkat(repo, name, 0));
}

void underway_each(int repo, underway_fn *fn, void *arg)
{
	int fd = openat(repo, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own_dir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!d && fd >= 0)
		close(fd);
	while (d && (entry = readdir(d))) {
		struct underway u = {.name = entry->d_name};

		if (!parse(entry->d_name, &u.who) ||
		    fstatat(repo, u.name, &u.st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		u.life = proc_look(&u.who, u.st.st_uid);
		if (u.life == PROC_HIDDEN && proc_age_s(&u.who) > PUSH_MAX_S)
			u.life = PROC_DEAD;
		fn(arg, &u);
	}
}

struct burial {
	int repo;
	size_t n;
};

static void bury(void *arg, const struct underway *u)
{
	struct burial *b = arg;

	b->n += u->life == PROC_DEAD &&
		FAILSTEP("underway-clear", unlinkat(b->repo, u->name, 0)) == 0;
}

size_t underway_bury(int repo)
{
	struct burial b = {.repo = repo};

	underway_each(repo, bury, &b);
	return b.n;
}
