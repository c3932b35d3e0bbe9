/* note: remarks below a listing: builds without limits, or why no build starts. DIAGNOSTICS:
 * none. */
#include "cli/cli.h"

#include "state/pause.h"

void cli_note_isolation(const struct cli *cli)
{
	if (cli->conf->isolation == CONF_ISOLATION_NONE)
		fputs("isolation: none (builds run without CPU and memory limits; `isolation: "
		      "cgroup` in hornero.yaml brings them back)\n",
		      cli->json ? stderr : stdout);
}

bool cli_standstill(const struct cli *cli, const struct paused *paused, const struct job *j,
		    struct standstill *out)
{
	own_paused struct paused now = {.node = false};

	*out = (struct standstill){.kind = WAITING_NOTHING};
	if (j->state != JOB_QUEUED && j->state != JOB_RUNNING)
		return false;
	if (!paused) {
		paused_load(&now, cli->conf);
		paused = &now;
	}
	return paused_why(paused, cli->conf, j->image, j->state == JOB_RUNNING, out);
}

void cli_note_standstill(const struct cli *cli, const struct paused *paused)
{
	struct standstill s;

	if (paused_why(paused, cli->conf, NULL, false, &s))
		cli_say(cli->json ? stderr : stdout, "nothing starts for now: %s", s.text);
}
