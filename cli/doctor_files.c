/* doctor_files: checks files that operators write: of images, of builder groups, nodes.yaml.
 * DIAGNOSTICS: findings. */
#include "cli/doctor.h"

#include "conf/expect.h"
#include "conf/group.h"
#include "conf/nodes.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/program.h"

#include <string.h>

void doctor_images(struct doctor *d)
{
	struct image *list = NULL;
	struct err why = ERR_INIT;
	int before = d->findings;
	size_t n = 0;

	if (cli_images(d->cli, &list, &n, &why) < 0) {
		doctor_say(d, DOCTOR_BAD, "hornero init", "%s", why.msg);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		own_free char *repo = list[i].broken ? NULL : cli_repo_path(d->c, list[i].repo);
		own_free char *mend = list[i].broken
					      ? NULL
					      : fs_path("hornero repo create %s", list[i].repo);

		if (list[i].broken)
			doctor_say(d, DOCTOR_PART, "mend that line, then: hornero sweep", "%s",
				   list[i].problem.msg);
		else if (access(repo, F_OK) < 0 && errno == ENOENT)
			doctor_say(d, DOCTOR_PART, mend, "image %s has no source: %s is not there",
				   list[i].uuid, repo);
		if (!list[i].broken && list[i].expect && !program_is_installed(EXPECT_PROGRAM))
			doctor_say(d, DOCTOR_PART, "apt-get install qemu-system-x86",
				   "image %s expects a console line, and " EXPECT_PROGRAM
				   " is not in /usr: its jobs are held",
				   list[i].uuid);
	}
	if (d->findings == before)
		doctor_ok(d, "%zu registered", n);
	images_free(list, n);
}

/* A group without a file has no limits of its own. Returns the number of files. */
static size_t look_at_groups(struct doctor *d)
{
	own_dir DIR *list = opendir(d->c->groups_dir);
	const struct dirent *entry;
	size_t n = 0;

	while (list && (entry = readdir(list))) {
		size_t len = strlen(entry->d_name);
		own_free char *name = len > 5 ? fs_path("%.*s", (int)len - 5, entry->d_name) : NULL;
		struct err why = ERR_INIT;
		struct group g;

		if (!name || entry->d_name[0] == '.' ||
		    strcmp(entry->d_name + len - 5, ".yaml") != 0)
			continue;
		n++;
		if (group_load(d->c->groups_dir, name, &g, &why) < 0)
			doctor_say(d, why.sys == EACCES ? DOCTOR_BLIND : DOCTOR_BAD,
				   "mend that line", "%s: builds of that group are held", why.msg);
	}
	return n;
}

static void look_at_nodes(struct doctor *d)
{
	size_t dir = (size_t)(strrchr(d->c->path, '/') - d->c->path);
	own_free char *path = fs_path("%.*s/nodes.yaml", (int)dir, d->c->path);
	struct err why = ERR_INIT;
	struct nodes n = {.n = 0};

	if (access(path, R_OK) == 0 && nodes_load(path, &n, &why) < 0)
		doctor_say(d, DOCTOR_WARN, "mend that line", "%s: `hornero fleet` does not work",
			   why.msg);
	nodes_fini(&n);
}

void doctor_files(struct doctor *d)
{
	int before = d->findings;
	size_t n = look_at_groups(d);

	look_at_nodes(d);
	if (d->findings == before)
		doctor_ok(d, "%zu builder groups have limits of their own", n);
}
