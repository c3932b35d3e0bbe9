/* registration: DIAGNOSTICS: as store/registration.h; a missing record is a state, not an error. */
#include "cli/registration.h"

#include "cli/table.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/nova.h"
#include "store/placed.h"
#include "store/stable.h"

#include <string.h>

int registered_look(const struct conf *c, const struct image *img, const char *release,
		    struct registered *out, struct err *e)
{
	struct outgoing o;
	int rc;

	memset(out, 0, sizeof(*out));
	if (img->broken || img->releases != IMAGE_RELEASES_REGISTERED)
		return 0;
	rc = outbox_get(c->store_dir, release, &o, e);
	if (rc <= 0)
		return rc;
	out->is_wanted = true;
	rc = registration_load(c->glance_dir, release, &out->r, e);
	if (rc > 0 && registration_answers(&out->r, &o))
		out->state = registration_state(&out->r);
	return rc < 0 ? -1 : 0;
}

int registered_look_current(const struct conf *c, const struct image *img, struct warm *w,
			    enum warm_state *state, char release[UUID_LEN + 1],
			    struct registered *out, struct err *e)
{
	if (placed_look_newest(c->store_dir, c->cache_dir, img->uuid, w, state, e) < 0)
		return -1;
	if (*state == WARM_NONE)
		return 0;
	if (nova_release(img->uuid, w->made.digest, release, e) < 0)
		return -1;
	return registered_look(c, img, release, out, e);
}

void registered_words(const struct cli *cli, const char *release, const struct registered *g,
		      char buf[REGISTRATION_TEXT])
{
	const char *reason = g->r.reason;
	bool is_tried = g->state == REGISTRATION_WAITING || g->state == REGISTRATION_HELD ||
			g->state == REGISTRATION_REFUSED;
	int64_t ago_ms = cli->now_ms - g->r.next_ms;
	char words[WORDS_MAX];

	buf[0] = '\0';
	if (!g->is_wanted)
		return;
	if (g->state == REGISTRATION_NONE)
		snprintf(buf, REGISTRATION_TEXT,
			 "Its release %s is not registered in Glance yet: hornero-glance has not "
			 "tried; `systemctl status hornero-glance` says whether it runs.",
			 release);
	else if (g->state == REGISTRATION_REGISTERED)
		snprintf(buf, REGISTRATION_TEXT, "Its release %s is registered in Glance%s%s.",
			 release, *g->r.method ? " by " : "", g->r.method);
	else if (is_tried)
		snprintf(buf, REGISTRATION_TEXT,
			 "Its release %s is not registered in Glance (%s): %s; tried again %s, or "
			 "with `systemctl reload hornero-glance`.",
			 release, g->r.state, reason,
			 ago_ms < 0 ? age_words(words, ago_ms) : "at once");
	else
		snprintf(buf, REGISTRATION_TEXT,
			 "Its release %s is deactivated in Glance; hornero deactivates only older "
			 "releases: `hornero sweep` hands the current one out.",
			 release);
}

int registered_look_stable(const struct conf *c, const char *uuid, struct registered *out,
			   struct err *e)
{
	struct stable s;
	int rc = stable_get(c->store_dir, uuid, &s, e);

	memset(out, 0, sizeof(*out));
	if (rc <= 0)
		return rc;
	out->is_wanted = true;
	rc = registration_load(c->glance_dir, uuid, &out->r, e);
	if (rc > 0 && out->r.job == s.serial)
		out->state = registration_state(&out->r);
	return rc < 0 ? -1 : 0;
}

void registered_stable_words(const struct cli *cli, const char *uuid, char buf[REGISTRATION_TEXT])
{
	struct err why = ERR_INIT;
	struct registered g;
	char words[WORDS_MAX];
	const char *reason = g.r.reason;
	int64_t ago_ms;

	buf[0] = '\0';
	if (registered_look_stable(cli->conf, uuid, &g, &why) < 0) {
		snprintf(buf, REGISTRATION_TEXT, "%.*s.", REGISTRATION_TEXT - 2, why.msg);
		return;
	}
	if (!g.is_wanted)
		return;
	ago_ms = cli->now_ms - g.r.next_ms;
	if (g.state == REGISTRATION_NONE)
		snprintf(buf, REGISTRATION_TEXT,
			 "Its own UUID has no record in Glance that hornero knows: hornero-glance "
			 "has not tried since the last change; `systemctl status hornero-glance` "
			 "says whether it runs.");
	else if (g.state == REGISTRATION_MADE)
		snprintf(buf, REGISTRATION_TEXT,
			 "Its own UUID has a record in Glance, without bytes until the first "
			 "publication.");
	else if (g.state == REGISTRATION_REGISTERED)
		snprintf(buf, REGISTRATION_TEXT, "Its own UUID is registered in Glance%s%s.",
			 *reason ? ": " : "", reason);
	else
		snprintf(buf, REGISTRATION_TEXT,
			 "Its own UUID is not right in Glance (%s): %s; tried again %s, or with "
			 "`systemctl reload hornero-glance`.",
			 g.r.state, reason, ago_ms < 0 ? age_words(words, ago_ms) : "at once");
}
