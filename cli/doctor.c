/* doctor: the table of checks. DIAGNOSTICS: every problem is a finding; exit 1 for a
 * warning, 2 if something does not work. */
#include "cli/doctor.h"

#include "cli/table.h"
#include "cli/words.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *name;
	void (*look)(struct doctor *d);
	enum doctor_scope scope;
} checks[] = {
	{"directories", doctor_directories, DOCTOR_HEALTH},
	{"programs", doctor_programs, DOCTOR_HEALTH},
	{"system", doctor_system, DOCTOR_SETUP},
	{"sandbox", doctor_sandbox, DOCTOR_SETUP},
	{"cgroups", doctor_cgroups, DOCTOR_SETUP},
	{"builders", doctor_builders, DOCTOR_SETUP},
	{"images", doctor_images, DOCTOR_HEALTH},
	{"repositories", doctor_repositories, DOCTOR_SETUP},
	{"files", doctor_files, DOCTOR_SETUP},
	{"door", doctor_door, DOCTOR_SETUP},
	{"keys", doctor_keys, DOCTOR_SETUP},
	{"signatures", doctor_signed, DOCTOR_SETUP},
	{"mirrors", doctor_mirrors, DOCTOR_HEALTH},
	{"disks", doctor_disks, DOCTOR_HEALTH},
	{"reflinks", doctor_reflinks, DOCTOR_SETUP},
	{"store", doctor_store, DOCTOR_SETUP},
	{"cache", doctor_cache, DOCTOR_HEALTH},
	{"nova", doctor_nova, DOCTOR_SETUP},
	{"placement", doctor_placement, DOCTOR_SETUP},
	{"glance", doctor_glance, DOCTOR_HEALTH},
	{"notify", doctor_notify, DOCTOR_HEALTH},
	{"agent", doctor_agent, DOCTOR_HEALTH},
	{"agent", doctor_users, DOCTOR_SETUP},
	{"publisher", doctor_publisher, DOCTOR_HEALTH},
	{"queue", doctor_queue, DOCTOR_HEALTH},
};

/* A name that no check has would accept nothing. */
static void look_at_accepted(struct doctor *d)
{
	for (char **entry = d->c->accepted; entry && *entry; entry++) {
		size_t len = strcspn(*entry, ":");
		bool known = false;

		for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
			known = known || (strlen(checks[i].name) == len &&
					  strncmp(checks[i].name, *entry, len) == 0);
		if (!known)
			doctor_say(d, DOCTOR_WARN, "mend `accepted` in hornero.yaml",
				   "accepted names \"%s\", which is no check", *entry);
	}
}

void doctor_look(struct doctor *d, enum doctor_scope scope)
{
	struct err why = ERR_INIT;

	d->check = "configuration";
	d->c = cli_conf(d->cli, &why);
	if (d->c)
		doctor_ok(d, "%s", d->c->path);
	else if (cli_conf_good(d->cli, &why)) {
		d->c = d->cli->conf;
		doctor_say(d, DOCTOR_BAD, "mend that line, then: hornero config check",
			   "hornerod does not start, and the other services go on: %s", why.msg);
	} else
		doctor_say(d, why.sys == EACCES || why.sys == ENOENT ? DOCTOR_BLIND : DOCTOR_BAD,
			   "mend that line, or name the configuration by -c FILE or HORNERO_CONF",
			   "%s", why.msg);
	if (d->c && scope == DOCTOR_SETUP)
		look_at_accepted(d);
	for (size_t i = 0; d->c && i < sizeof(checks) / sizeof(checks[0]); i++) {
		d->check = checks[i].name;
		if (scope == DOCTOR_SETUP || checks[i].scope == scope)
			checks[i].look(d);
	}
}

static const char *const names[] = {[DOCTOR_OK] = "ok",      [DOCTOR_ACCEPTED] = "accepted",
				    [DOCTOR_WARN] = "warn",  [DOCTOR_PART] = "bad",
				    [DOCTOR_BLIND] = "bad",  [DOCTOR_BAD] = "bad"};

static void print(void *arg, const struct finding *f)
{
	(void)arg;
	bool accepted = f->state == DOCTOR_ACCEPTED;

	cli_say(stdout, "%-4s  %-13s %s%s", accepted ? "ok" : names[f->state], f->check,
		accepted ? "accepted: " : "", f->text);
	if (f->mend && !accepted)
		cli_say(stdout, "%21s-> %s", "", f->mend);
}

static void collect(void *rows, const struct finding *f)
{
	static const struct column columns[] = {
		{"check", CELL_TEXT, 0},
		{"state", CELL_TEXT, 0},
		{"finding", CELL_TEXT, 0},
		{"mend", CELL_TEXT, 0},
	};

	json_array_append_new(rows, row_json(columns, sizeof(columns) / sizeof(columns[0]),
					     (struct cell[]){{.text = f->check},
							     {.text = names[f->state]},
							     {.text = f->text},
							     {.text = f->mend}}));
}

int doctor_run(struct cli *cli, const struct call *call, struct err *e)
{
	json_t *rows = cli->json ? json_array() : NULL;
	struct doctor d = {.cli = cli, .tell = cli->json ? collect : print, .arg = rows};

	(void)call;
	if (cli->json && !rows)
		return err_set(e, ERR_NOBODY, "out of memory");
	doctor_look(&d, DOCTOR_SETUP);
	if (rows)
		json_out(rows);
	return d.worst <= DOCTOR_ACCEPTED ? 0 : d.worst == DOCTOR_WARN ? 1 : 2;
}
