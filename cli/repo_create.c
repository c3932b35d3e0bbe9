/* repo_create: `hornero repo create`. DIAGNOSTICS: as repo_create says. */
#include "cli/repo.h"
#include "cli/words.h"
#include "lib/own.h"

int repo_create_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	own_free char *path = NULL, *shown = NULL;

	if (!c || cli_may(cli, call->args[0], NULL, e) < 0 ||
	    repo_create(c, call->args[0], &path, e) < 0)
		return -1;
	cli_say(stdout, "next: `hornero image add UUID %s`, then `git push` to", call->args[0]);
	printf("%s\n", shown = cli_repo_shown(cli, call->args[0]));
	return 0;
}
