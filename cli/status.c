/* status: whether the node works now, as one line and as the exit code of a Nagios plugin.
 * DIAGNOSTICS: every problem is a finding, the configuration's among them. */
#include "cli/doctor.h"
#include "cli/table.h"
#include "cli/words.h"

#include <string.h>

/* The exit codes of monitoring plugins. */
enum health { HEALTH_OK, HEALTH_WARNING, HEALTH_CRITICAL, HEALTH_UNKNOWN };
static const char *const names[] = {"ok", "warning", "critical", "unknown"};
static const char *const shown[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

static const enum health health_of[] = {
	[DOCTOR_OK] = HEALTH_OK,           [DOCTOR_ACCEPTED] = HEALTH_OK,
	[DOCTOR_WARN] = HEALTH_WARNING,
	[DOCTOR_PART] = HEALTH_WARNING,    [DOCTOR_BLIND] = HEALTH_UNKNOWN,
	[DOCTOR_BAD] = HEALTH_CRITICAL,
};

struct status {
	enum doctor_state worst;
	char text[ERR_MSG_MAX], mend[ERR_MSG_MAX]; /* of the first finding of that state */
	int checks;
	json_t *rows; /* NULL: without --json */
};

static void heed(void *arg, const struct finding *f)
{
	static const struct column columns[] = {
		{"check", CELL_TEXT, 0},
		{"state", CELL_TEXT, 0},
		{"finding", CELL_TEXT, 0},
		{"mend", CELL_TEXT, 0},
	};
	struct status *s = arg;

	s->checks++;
	if (f->state <= DOCTOR_ACCEPTED)
		return;
	if (f->state > s->worst) {
		s->worst = f->state;
		snprintf(s->text, sizeof(s->text), "%s", f->text);
		snprintf(s->mend, sizeof(s->mend), "%s", f->mend ? f->mend : "");
	}
	if (s->rows)
		json_array_append_new(s->rows,
				      row_json(columns, sizeof(columns) / sizeof(columns[0]),
					       (struct cell[]){{.text = f->check},
							       {.text = names[health_of[f->state]]},
							       {.text = f->text},
							       {.text = f->mend}}));
}

static void print(const struct status *s, int findings)
{
	char more[64] = "";

	if (findings == 0) {
		cli_say(stdout, "hornero OK: hornerod runs, and %d checks found nothing",
			s->checks);
		return;
	}
	if (findings > 1)
		snprintf(more, sizeof(more), " (%d more: hornero doctor)", findings - 1);
	cli_say(stdout, "hornero %s: %s%s%s%s", shown[health_of[s->worst]], s->text,
		*s->mend ? " -> " : "", s->mend, more);
}

int status_run(struct cli *cli, const struct call *call, struct err *e)
{
	struct status s = {.rows = cli->json ? json_array() : NULL};
	struct doctor d = {.cli = cli, .tell = heed, .arg = &s};
	enum health health;

	(void)call;
	if (cli->json && !s.rows)
		return err_set(e, ERR_NOBODY, "out of memory");
	doctor_look(&d, DOCTOR_HEALTH);
	health = health_of[s.worst];
	if (cli->json)
		json_out(json_pack("{s:s,s:i,s:o}", "status", names[health], "code", (int)health,
				   "findings", s.rows));
	else
		print(&s, d.findings);
	return (int)health;
}
