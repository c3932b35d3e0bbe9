/* doctor: the table of checks. DIAGNOSTICS: every problem is a finding; exit 1 if there is one. */
#include "cli/doctor.h"

#include "cli/table.h"
#include "cli/words.h"

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
		doctor_say(&d, DOCTOR_BAD,
			   "mend that line, or name the configuration by -c FILE or HORNERO_CONF",
			   "%s", why.msg);
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
