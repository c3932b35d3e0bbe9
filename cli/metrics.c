/* metrics: the command. DIAGNOSTICS: as conf; a queue that cannot be read is a figure
 * (hornero_queue_up), and its reason a remark. */
#include "cli/metrics.h"

#include "cli/words.h"
#include "lib/alone.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>

/* db NULL: prints what was counted before. */
static int print(struct metrics *m, struct cli *cli, struct db *db, struct totals *t,
		 const char *totals, struct err *e)
{
	struct err why = ERR_INIT;

	if (totals_take(t, totals, db, &why) < 0) {
		cli_say(stderr, "hornero: %s", why.msg);
		db = NULL;
	}
	metrics_node(m, cli, db, t->confirmed_ms);
	totals_print(m, t);
	metric_end(m);
	return ferror(m->out) ? err_sys(e, ERR_NOBODY, "cannot write the figures") : 0;
}

/* Node exporters and hornero-serve read the file while we replace it. */
static int write_file(struct cli *cli, struct db *db, const char *dir, struct err *e)
{
	own_free char *totals = fs_path("%s/totals.json", dir);
	own_free char *path = fs_path("%s/hornero.prom", dir);
	own_fd int lock = alone_take(dir, "hornero metrics --write", e);
	own_free char *text = NULL;
	struct metrics m = {.is_open = false};
	own_free struct totals *t = calloc(1, sizeof(*t));
	size_t len = 0;
	int done;

	if (lock < 0)
		return -1;
	m.out = open_memstream(&text, &len);
	if (!m.out || !t)
		return err_set(e, ERR_NOBODY, "out of memory");
	done = print(&m, cli, db, t, totals, e);
	fclose(m.out);
	/* The sums come first: figures that were seen must never be counted anew. */
	if (done < 0 || (db && totals_save(t, totals, e) < 0))
		return -1;
	return fs_replace_unsynced(AT_FDCWD, path, text, len, 0644, e);
}

int metrics_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	own_free char *dir = c ? fs_path("%s/metrics", c->state_dir) : NULL;
	own_free char *totals = c ? fs_path("%s/totals.json", dir) : NULL;
	own_db struct db *db = NULL;
	own_free struct totals *t = NULL;
	struct metrics m = {.out = stdout, .is_open = true};
	struct err why = ERR_INIT;

	if (!c)
		return -1;
	if (cli->key && call_option(call, "write"))
		return err_set(e, ERR_USAGE,
			       "--write works only on the node itself, not with a key");
	if (cli_db(cli, DB_READ, &db, &why) < 0) {
		cli_say(stderr, "hornero: %s", why.msg);
		cli_heed_damage(cli, &why);
	}
	if (call_option(call, "write"))
		return write_file(cli, db, dir, e);
	t = calloc(1, sizeof(*t));
	if (!t)
		return err_set(e, ERR_NOBODY, "out of memory");
	return print(&m, cli, db, t, totals, e);
}
