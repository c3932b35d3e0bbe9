/* node: loads the configuration, and finds hornerod and repositories by it. DIAGNOSTICS: as
 * conf_load. */
#include "cli/cli.h"

#include "conf/good.h"
#include "lib/bell.h"
#include "lib/fs.h"

const struct conf *cli_conf(struct cli *cli, struct err *e)
{
	if (!cli->conf) {
		const char *path = conf_find(cli->conf_option);
		struct err broken = ERR_INIT;

		/* Users of the door cannot mend the file; operators must see that it is broken. */
		if (cli->key_option ? conf_load_good(&cli->conf, path, &broken, e) < 0
				    : conf_load(&cli->conf, path, e) < 0)
			return NULL;
		steady_load(&cli->clock, cli->conf->queue_dir);
	}
	return cli->conf;
}

bool cli_conf_good(struct cli *cli, struct err *broken)
{
	struct err why = ERR_INIT, ignored = ERR_INIT;

	if (conf_load_good(&cli->conf, conf_find(cli->conf_option), &why, &ignored) <= 0)
		return false;
	*broken = why;
	steady_load(&cli->clock, cli->conf->queue_dir);
	return true;
}

int cli_agent_runs(const struct conf *c)
{
	return bell_is_attended(c->run_dir) == 1;
}

char *cli_repo_path(const struct conf *c, const char *repo)
{
	return fs_path("%s/%s.git", c->repo_root, repo);
}
