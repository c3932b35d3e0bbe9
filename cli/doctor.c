/* doctor: the table of checks. DIAGNOSTICS: whatever is wrong is a finding; exit 1 where there is one. */
#include "cli/doctor.h"

#include "cli/table.h"
#include "cli/words.h"

#include <stdarg.h>

static const struct {
	const char *name;
	void (*look)(struct doctor *d);
} checks[] = {
	{"directories", doctor_directories},
	{"programs", doctor_programs},
	{"cgroups", doctor_cgroups},
	{"builders", doctor_builders},
	{"images", doctor_images},
	{"repositories", doctor_repositories},
	{"disks", doctor_disks},
	{"reflinks", doctor_reflinks},
	{"store", doctor_store},
	{"cache", doctor_cache},
	{"agent", doctor_agent},
	{"publisher", doctor_publisher},
	{"queue", doctor_queue},
};

void doctor_say(struct doctor *d, enum doctor_state state, const char *mend, const char *fmt, ...)
{
	static const char *const names[] = {[DOCTOR_OK] = "ok", [DOCTOR_WARN] = "warn", [DOCTOR_BAD] = "bad"};
	static const struct column columns[] = {
		{"check", CELL_TEXT, 0}, {"state", CELL_TEXT, 0}, {"finding", CELL_TEXT, 0}, {"mend", CELL_TEXT, 0},
	};
	char finding[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(finding, sizeof(finding), fmt, ap);
	va_end(ap);
	d->findings += state != DOCTOR_OK;
	if (d->cli->json) {
		json_array_append_new(d->rows, row_json(columns, sizeof(columns) / sizeof(columns[0]),
							(struct cell[]){{.text = d->check}, {.text = names[state]},
									{.text = finding}, {.text = mend}}));
		return;
	}
	cli_say(stdout, "%-4s  %-13s %s", names[state], d->check, finding);
	if (mend)
		cli_say(stdout, "%21s-> %s", "", mend);
}

int doctor_run(struct cli *cli, const struct call *call, struct err *e)
{
	struct doctor d = {.cli = cli, .check = "configuration", .rows = json_array()};
	struct err why = ERR_INIT;

	(void)call;
	if (!d.rows)
		return err_set(e, ERR_NOBODY, "out of memory");
	d.c = cli_conf(cli, &why);
	if (d.c)
		doctor_ok(&d, "%s", d.c->path);
	else
		doctor_say(&d, DOCTOR_BAD, "mend that line, or name the configuration by -c FILE or HORNERO_CONF", "%s", why.msg);
	for (size_t i = 0; d.c && i < sizeof(checks) / sizeof(checks[0]); i++) {
		d.check = checks[i].name;
		checks[i].look(&d);
	}
	if (cli->json)
		json_out(d.rows);
	else
		json_decref(d.rows);
	return d.findings > 0;
}
