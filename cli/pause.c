/* pause, resume: stop the builds of an image or the node until someone resumes them. DIAGNOSTICS:
 * ERR_USAGE if there is no such image or the key lacks the right; ERR_OPERATOR if the pause cannot
 * be written. */
#include "state/pause.h"

#include "cli/words.h"
#include "lib/bell.h"
#include "lib/own.h"

/* Reads the argument and checks the right to pause it; *uuid NULL means the node. With is_there
 * false, the image may have been removed since it was paused. */
static int target_of(struct cli *cli, const struct call *call, bool is_there,
		     char buf[UUID_LEN + 1], const char **uuid, struct err *e)
{
	own_image struct image img = {0};

	*uuid = NULL;
	if (!cli_conf(cli, e))
		return -1;
	if (call->nargs == 0)
		return cli_may_node(cli, e);
	if (cli_uuid(call->args[0], buf, e) < 0 ||
	    ((is_there || cli->key) && cli_image(cli, buf, &img, e) < 0))
		return -1;
	*uuid = buf;
	return 0;
}

int pause_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c;
	const char *uuid;
	char buf[UUID_LEN + 1], who[CLI_WHO_MAX], before[PAUSE_WHO];

	if (target_of(cli, call, true, buf, &uuid, e) < 0)
		return -1;
	c = cli->conf;
	cli_who(cli, who);
	if (pause_by(c, uuid, before)) {
		cli_say(stdout, "%s is paused already, by %s; `hornero resume%s%s` ends that",
			uuid ? uuid : "this node", before, uuid ? " " : "", uuid ? uuid : "");
		return 0;
	}
	if (pause_begin(c, uuid, who, e) < 0)
		return -1;
	bell_ring(c->run_dir);
	cli_say(stdout, "%s%s: nothing is built until `hornero resume%s%s`%s",
		uuid ? "image " : "this node", uuid ? uuid : "", uuid ? " " : "", uuid ? uuid : "",
		c->isolation == CONF_ISOLATION_NONE
			? "; running builds continue, since isolation is none"
			: "; running builds stand still");
	return 0;
}

static void say_others(const struct conf *c)
{
	own_paused struct paused p;

	paused_load(&p, c);
	if (p.n > 0)
		cli_say(stdout, "%zu image%s still paused; `hornero image list` shows which", p.n,
			p.n == 1 ? " is" : "s are");
}

static int resume_node(const struct conf *c, struct err *e)
{
	bool was_drained = drain_is_on(c->run_dir);
	int was_paused = pause_end(c, NULL, e);

	if (was_paused < 0 || drain_end(c->run_dir, e) < 0)
		return -1;
	bell_ring(c->run_dir);
	puts(was_paused || was_drained ? "builds start again"
				       : "this node was neither paused nor drained");
	say_others(c);
	return 0;
}

int resume_run(struct cli *cli, const struct call *call, struct err *e)
{
	const char *uuid;
	char buf[UUID_LEN + 1], who[PAUSE_WHO];
	int was_paused;

	if (target_of(cli, call, false, buf, &uuid, e) < 0)
		return -1;
	if (!uuid)
		return resume_node(cli->conf, e);
	was_paused = pause_end(cli->conf, uuid, e);
	if (was_paused < 0)
		return -1;
	bell_ring(cli->conf->run_dir);
	cli_say(stdout, was_paused ? "image %s: builds continue" : "image %s was not paused", uuid);
	if (pause_by(cli->conf, NULL, who))
		cli_say(stdout, "but the whole node is paused by %s; `hornero resume` ends that",
			who);
	return 0;
}
