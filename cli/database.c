/* database: opens the queue for a word, limited to what the key may see; errors say what to do.
 * DIAGNOSTICS: as db_open. */
#include "cli/view.h"

#include "lib/bell.h"
#include "store/numbers.h"

#include <errno.h>

static int64_t highest(const void *conf)
{
	const struct conf *c = conf;

	return numbers_highest(c->log_dir, c->fence_dir, c->store_dir);
}

struct db_queue cli_queue(const struct conf *c)
{
	return (struct db_queue){.queue_dir = c->queue_dir, .highest = highest, .highest_arg = c};
}

void cli_heed_damage(const struct cli *cli, const struct err *e)
{
	if (e->sys != EUCLEAN || !cli->conf)
		return;
	bell_ring(cli->conf->run_dir);
	if (bell_is_attended(cli->conf->run_dir) == 0)
		cli_say(stderr,
			"hornero: hornerod does not run: nothing is mended until it is started");
}

int cli_db(struct cli *cli, enum db_mode mode, struct db **out, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	struct db_queue queue;

	if (!c)
		return -1;
	queue = cli_queue(c);
	if (db_open(out, &queue, mode, CLI_DB_WAIT_MS, e) == 0) {
		view_apply(cli, *out);
		return 0;
	}
	if (e->sys == ENOENT)
		return err_set(e, ERR_NOBODY,
			       "there is no queue in %s yet: `hornero init` makes it, and `hornero "
			       "sweep` fills it from the repositories",
			       c->queue_dir);
	return -1;
}
