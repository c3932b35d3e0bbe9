/* doctor_say: passes a finding to whoever runs the checks. DIAGNOSTICS: none. */
#include "cli/doctor.h"

#include <stdarg.h>
#include <string.h>

/* An entry of `accepted` is a check, or a check and words of the finding: "CHECK: WORDS". */
static bool is_accepted(const struct doctor *d, const char *text)
{
	size_t len = strlen(d->check);

	for (char **entry = d->c ? d->c->accepted : NULL; entry && *entry; entry++) {
		const char *words = *entry + len;

		if (strncmp(*entry, d->check, len) != 0)
			continue;
		if (!*words || (strncmp(words, ": ", 2) == 0 && strstr(text, words + 2)))
			return true;
	}
	return false;
}

void doctor_say(struct doctor *d, enum doctor_state state, const char *mend, const char *fmt, ...)
{
	char text[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (state == DOCTOR_WARN && is_accepted(d, text))
		state = DOCTOR_ACCEPTED;
	d->findings += state > DOCTOR_ACCEPTED;
	if (state > d->worst)
		d->worst = state;
	d->tell(d->arg, &(struct finding){d->check, state, text, mend});
}
