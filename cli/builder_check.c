/* builder_check: `hornero builder check`. DIAGNOSTICS: exit 0 if usable, ERR_OPERATOR if something
 * is missing or broken, ERR_USAGE if there is no such builder or directory, ERR_PUSHER if the
 * directory selects no builder or another one, or sets what its builder does not allow. */
#include "cli/builder.h"

#include "cli/words.h"
#include "conf/detect.h"
#include "conf/repofile.h"
#include "conf/tool.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/spawn.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { ASK_MS = 10000 };

static void say_lack(void *arg, const char *name, const char *what, const char *mend)
{
	(void)name;
	cli_say(stdout, "%s: %s", (const char *)arg, what);
	cli_say(stdout, "    %s", mend);
}

/* As a checkout would find it: a file or a link, and no link on the way. */
static bool has_file(void *arg, const char *path)
{
	own_fd int fd = fs_open_beneath(*(const int *)arg, path, O_PATH | O_NOFOLLOW, 0);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode));
}

/* Sets name, and why: in .hornero.yaml, or by which file. */
static int choose(const struct builders *all, const char *path, int dir,
		  const struct repofile *file, char **name, char **why, struct err *e)
{
	own_detect struct detect d = {.nfiles = 0};
	const struct detect_file *found = NULL;

	if (file->builder[0]) {
		*name = fs_path("%s", file->builder);
		*why = fs_path("%s", REPOFILE_NAME " names it");
		return 0;
	}
	if (detect_init(&d, all, e) < 0 ||
	    detect_builder(&d, path, has_file, &dir, &found, e) < 0)
		return -1;
	*name = fs_path("%s", found->builder);
	*why = fs_path("it has %s", found->file);
	return 0;
}

/* Jobs wait for a version command that fails. Returns how many do. */
static size_t check_versions(const struct conf *c, const struct builder *b, const char *file)
{
	size_t bad = 0;

	for (char ***argv = b->version; argv && *argv; argv++) {
		own_free char *command = builder_join(*argv, " "), *out = NULL;
		struct err why = ERR_INIT;
		char how[64];
		size_t len = 0;
		int status = tool_version(c, b, *argv, ASK_MS, -1, &out, &len, &why);

		if (status == 0)
			continue;
		bad++;
		cli_say(stdout, "%s: the version command `%s` failed: %s", b->name, command,
			status < 0 ? why.msg : spawn_status_text(status, how, sizeof(how)));
		cli_say(stdout, "    correct `version` in a copy of %s; until then, jobs wait",
			file);
	}
	return bad;
}

static int check_builder(const struct conf *c, const struct builders *all, const char *name,
			 struct err *e)
{
	const struct builder *b = builder_named(c, all, name, e);
	own_free char *file = NULL;

	if (!b)
		return -1;
	file = fs_path("%s/%s.yaml", c->builders_dir, name);
	if (builder_lacks(c, b, say_lack, b->name) > 0 || check_versions(c, b, file) > 0)
		return err_exit(ERR_OPERATOR);
	cli_say(stdout, "%s: usable here: %s", name, file);
	return 0;
}

static bool is_dir(const char *arg)
{
	return strchr(arg, '/') || strcmp(arg, ".") == 0 || strcmp(arg, "..") == 0;
}

/* As pre-receive would refuse it. A builder that is missing or broken gets its own message. */
static int check_allowed(const struct builders *all, const char *name, const char *text, size_t len,
			 struct err *e)
{
	const struct builder *b = text ? builder_find(all, name) : NULL;

	return b ? repofile_allowed(REPOFILE_NAME, text, len, name, b->allow, e) : 0;
}

/* Says by what a directory would be built. The broken files come first: one of them may be the
 * builder that its author waits for. */
static int check_dir(const struct builders *all, const char *path, char **name, struct err *e)
{
	own_fd int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own_free char *why = NULL, *text = NULL;
	struct repofile file;
	size_t len = 0;

	for (size_t i = 0; i < all->nbroken; i++)
		cli_say(stderr, "hornero: unusable builder: %s", all->broken[i].msg);
	if (dir < 0)
		return err_sys(e, ERR_USAGE, "cannot look into %s", path);
	if (repofile_read(dir, &file, &text, &len, e) < 0 ||
	    choose(all, path, dir, &file, name, &why, e) < 0)
		return -1;
	cli_say(stdout, "%s: would be built by %s: %s", path, *name, why);
	return check_allowed(all, *name, text, len, e);
}

int builder_check_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	own_builders struct builders *all = NULL;
	own_free char *chosen = NULL;
	const char *dir = is_dir(call->args[call->nargs - 1]) ? call->args[call->nargs - 1] : NULL;
	const char *name = dir && call->nargs == 1 ? NULL : call->args[0];
	int rc;

	if (call->nargs == 2 && !dir)
		return err_set(e, ERR_USAGE, "\"%s\" is not a directory's name: it has no slash; "
			       "write ./%s", call->args[1], call->args[1]);
	if (!c || builders_load(c->builders_dir, &all, e) < 0 ||
	    (dir && check_dir(all, dir, &chosen, e) < 0))
		return -1;
	rc = check_builder(c, all, name ? name : chosen, e);
	if (rc == 0 && name && chosen && strcmp(name, chosen) != 0)
		return err_set(e, ERR_PUSHER, "%s would be built by %s, not by %s; name it in %s: "
			       "builder: %s", dir, chosen, name, REPOFILE_NAME, name);
	return rc;
}
