/* doctor_say: prints one finding as text or JSON. DIAGNOSTICS: none. */
#include "cli/doctor.h"

#include "cli/table.h"

#include <stdarg.h>

void doctor_say(struct doctor *d, enum doctor_state state, const char *mend, const char *fmt, ...)
{
	static const char *const names[] = {
		[DOCTOR_OK] = "ok", [DOCTOR_WARN] = "warn", [DOCTOR_BAD] = "bad"};
	static const struct column columns[] = {
		{"check", CELL_TEXT, 0},
		{"state", CELL_TEXT, 0},
		{"finding", CELL_TEXT, 0},
		{"mend", CELL_TEXT, 0},
	};
	char finding[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(finding, sizeof(finding), fmt, ap);
	va_end(ap);
	d->findings += state != DOCTOR_OK;
	if (d->cli->json) {
		json_array_append_new(d->rows,
				      row_json(columns, sizeof(columns) / sizeof(columns[0]),
					       (struct cell[]){{.text = d->check},
							       {.text = names[state]},
							       {.text = finding},
							       {.text = mend}}));
		return;
	}
	cli_say(stdout, "%-4s  %-13s %s", names[state], d->check, finding);
	if (mend)
		cli_say(stdout, "%21s-> %s", "", mend);
}
