/* report: the command. DIAGNOSTICS: as conf; ERR_USAGE for a wrong option. A queue that cannot be
 * read is said on the page. */
#include "cli/report.h"

#include "cli/words.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>

enum { USUAL_S = 7 * 24 * 3600 };

static int make(struct cli *cli, struct report *r, char **text, size_t *len, struct err *e)
{
	own_db struct db *db = NULL;
	struct err why = ERR_INIT;
	FILE *out = open_memstream(text, len);
	bool failed;

	if (!out)
		return err_sys(e, ERR_NOBODY, "out of memory for the page");
	if (cli_db(cli, DB_READ, &db, &why) == 0 && report_look(r, db, &why) < 0) {
		db_close(db);
		db = NULL;
	}
	if (!db)
		cli_heed_damage(cli, &why);
	report_page(out, cli, db, r, why.msg);
	failed = ferror(out);
	if (fclose(out) != 0 || failed)
		return err_set(e, ERR_NOBODY, "out of memory for the page");
	return 0;
}

static int deliver(const char *file, const char *text, size_t len, struct err *e)
{
	if (strcmp(file, "-") != 0)
		return fs_replace_unsynced(AT_FDCWD, file, text, len, 0644, e);
	return fwrite(text, 1, len, stdout) == len
		       ? 0 : err_sys(e, ERR_NOBODY, "cannot write the page");
}

int report_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	own_free char *served = c ? fs_path("%s/metrics/status.html", c->state_dir) : NULL;
	const char *file = call_option(call, "served") ? served : call_option(call, "html");
	struct report r = {.now_ms = cli->now_ms};
	own_free char *text = NULL;
	size_t len = 0;
	int64_t since_s;
	int done = -1;

	if (!c)
		return -1;
	if (!file || (file == served && call_option(call, "html")))
		return err_set(e, ERR_USAGE, "report needs either --html FILE or --served");
	if (cli_period(call, "since", USUAL_S, &since_s, e) < 0)
		return -1;
	if (file == served && !c->metrics_listen)
		return 0;
	r.from_ms = r.now_ms - since_s * 1000;
	if (make(cli, &r, &text, &len, e) == 0)
		done = deliver(file, text, len, e);
	free(r.pushes);
	return done;
}
