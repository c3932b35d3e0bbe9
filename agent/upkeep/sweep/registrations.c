/* registrations: DIAGNOSTICS: logs what fails; the next sweep tries again. */
#include "agent/upkeep/sweep/registrations.h"

#include "lib/log.h"
#include "store/nova.h"
#include "store/registration.h"

void registrations_note(const struct conf *c, struct db *db, const struct warm *release)
{
	char id[UUID_LEN + 1], detail[sizeof(((struct registration *)NULL)->reason) + 128];
	struct err e = ERR_INIT;
	struct registration r;
	int known = nova_release(release->made.image, release->made.digest, id, &e) < 0
			    ? -1
			    : registration_load(c->glance_dir, id, &r, &e);

	if (known > 0 && registration_state(&r) != REGISTRATION_NONE) {
		snprintf(detail, sizeof(detail), "release %s in Glance: %s%s%s%s%s", id, r.state,
			 *r.method ? " by " : "", r.method, *r.reason ? ": " : "", r.reason);
		known = job_note_change(db, r.job, "registration", detail, &e);
	}
	if (known < 0)
		log_warn("event=registration-unnoted image=%s %s", release->made.image, e.msg);
}
