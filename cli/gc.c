/* gc: runs hornero-collect, which hornerod starts, too, or verifies the store. DIAGNOSTICS: as
 * store/verify.h says; exit 1 if an artifact was refused. */
#include "cli/table.h"
#include "cli/view.h"
#include "cli/words.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/verify.h"

#include <inttypes.h>

static const struct column columns[] = {
	{"digest", CELL_COMMIT, 0},
	{"reason", CELL_TEXT, 0},
};

static void tell(void *arg, const char *digest, const char *why)
{
	listing_row(arg, (struct cell[]){{.text = digest}, {.text = why}});
}

/* Reads every artifact again and lists those that were moved out of use. */
static int gc_verify(struct cli *cli, const struct conf *c, struct err *e)
{
	struct err ignored = ERR_INIT;
	struct verify_count n;
	struct listing l;
	int rc;

	listing_begin(&l, cli, columns, sizeof(columns) / sizeof(columns[0]));
	rc = store_verify(c->store_dir, tell, &l, &n, e);
	if (listing_end(&l, rc < 0 ? &ignored : e) < 0)
		rc = -1;
	if (!cli->json)
		printf("%" PRId64 " whole, %" PRId64 " refused%s\n", n.whole, n.refused,
		       n.refused > 0 ? " and moved out of use: the next build of their content "
				       "creates them again"
				     : "");
	if (rc < 0)
		return -1;
	return n.refused > 0 ? 1 : 0;
}

static int gc_collect(const struct cli *cli, const struct conf *c, bool dry, struct err *e)
{
	own_free char *program = fs_path("%s/hornero-collect", c->libexec_dir);
	char json[] = "--json";
	char dry_run[] = "--dry-run";
	char *argv[] = {(char[]){"hornero-collect"},
			(char[]){"-c"},
			(char *)(uintptr_t)c->path,
			NULL,
			NULL,
			NULL};
	int n = 3;

	if (cli->json)
		argv[n++] = json;
	if (dry)
		argv[n++] = dry_run;
	if (view_leave_root(e) < 0)
		return -1;
	execv(program, argv);
	return err_sys(e, ERR_OPERATOR, "cannot run %s (libexec_dir in hornero.yaml)", program);
}

int gc_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);

	if (!c)
		return -1;
	if (!call_option(call, "verify"))
		return gc_collect(cli, c, call_option(call, "dry-run") != NULL, e);
	if (call_option(call, "dry-run"))
		return err_set(e, ERR_USAGE, "--dry-run is of no use with --verify");
	return gc_verify(cli, c, e);
}
