/* repo_create: `hornero repo create`. DIAGNOSTICS: as repo_create says; ERR_USAGE if the name is
 * taken by something else than a repository of this node. */
#include "cli/change.h"
#include "cli/repo.h"
#include "cli/words.h"
#include "conf/image.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <string.h>
#include <sys/stat.h>

/* Whether the link leads to the target, which exists. */
static bool leads_to(const char *repo, const char *name, const char *target)
{
	own_free char *path = fs_path("%s/%s", repo, name);
	own_free char *found = realpath(path, NULL);
	own_free char *wanted = realpath(target, NULL);

	return found && wanted && strcmp(found, wanted) == 0;
}

/* A directory under the name that `repo create` could have made: pushes run our hooks, with this
 * configuration. */
static bool is_made(const struct conf *c, const char *name)
{
	own_free char *repo = fs_path("%s/%s.git", c->repo_root, name);
	own_free char *hook = fs_path("%s/hornero-hook", c->libexec_dir);
	struct stat st;

	return lstat(repo, &st) == 0 && S_ISDIR(st.st_mode) &&
	       leads_to(repo, "hooks/pre-receive", hook) &&
	       leads_to(repo, "hooks/post-receive", hook) &&
	       leads_to(repo, "hornero.yaml", c->path);
}

int repo_create_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	const char *name = call->args[0];
	own_free char *path = NULL, *shown = NULL;
	bool made;

	if (!c || cli_may(cli, name, NULL, e) < 0 || image_check_repo(name, e) < 0)
		return -1;
	made = !is_made(c, name);
	if (made && repo_create(c, name, &path, e) < 0) {
		/* Another process may have made it meanwhile. */
		if (e->class != ERR_USAGE || !is_made(c, name))
			return -1;
		made = false;
	}
	if (made)
		change_say(cli, true,
			   "next: `hornero image add UUID %s`, then `git push` to", name);
	else
		change_say(cli, false, "the repository is there already:");
	shown = cli_repo_shown(cli, name);
	if (!cli->json)
		printf("%s\n", shown);
	return change_end(cli, made, json_pack("{s:s, s:s}", "repo", name, "path", shown));
}
