/* node: loads the configuration, and finds hornerod and repositories by it. DIAGNOSTICS: as
 * conf_load. */
#include "cli/cli.h"

#include "lib/bell.h"
#include "lib/fs.h"

const struct conf *cli_conf(struct cli *cli, struct err *e)
{
	if (!cli->conf) {
		if (conf_load(&cli->conf, conf_find(cli->conf_option), e) < 0)
			return NULL;
		steady_load(&cli->clock, cli->conf->queue_dir);
	}
	return cli->conf;
}

int cli_agent_runs(const struct conf *c)
{
	return bell_is_attended(c->run_dir) == 1;
}

char *cli_repo_path(const struct conf *c, const char *repo)
{
	return fs_path("%s/%s.git", c->repo_root, repo);
}
