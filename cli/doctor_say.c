/* doctor_say: passes a finding to whoever runs the checks. DIAGNOSTICS: none. */
#include "cli/doctor.h"

#include <stdarg.h>

void doctor_say(struct doctor *d, enum doctor_state state, const char *mend, const char *fmt, ...)
{
	char text[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	d->findings += state != DOCTOR_OK;
	d->tell(d->arg, &(struct finding){d->check, state, text, mend});
}
