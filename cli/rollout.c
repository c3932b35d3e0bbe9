/* rollout: DIAGNOSTICS: as store/rollout.h; a missing record is a state, not an error. */
#include "cli/rollout.h"

#include "cli/table.h"
#include "store/nova.h"
#include "store/release.h"

#include <string.h>

int rolled_look(const struct conf *c, const struct image *img, struct rolled *out, struct err *e)
{
	char release[UUID_LEN + 1];
	struct warm w;
	int rc;

	memset(out, 0, sizeof(*out));
	if (img->broken || img->on_warm != IMAGE_ON_WARM_REBUILD)
		return 0;
	if (release_newest(c->store_dir, img->uuid, &w, e) < 0)
		return -1;
	out->is_wanted = *w.made.digest != '\0';
	out->is_unregistered = img->releases != IMAGE_RELEASES_REGISTERED;
	if (!out->is_wanted || out->is_unregistered)
		return 0;
	if (nova_release(img->uuid, w.made.digest, release, e) < 0)
		return -1;
	rc = rollout_load(c->glance_dir, img->uuid, &out->r, e);
	if (rc > 0 && rollout_answers(&out->r, release, w.made.job, w.made.attempt))
		out->state = rollout_state(&out->r);
	return rc < 0 ? -1 : 0;
}

static void say_done(const struct rollout *r, char buf[ROLLOUT_TEXT])
{
	int len = snprintf(buf, ROLLOUT_TEXT, "Of its servers on this node, %lld boot release %s",
			   (long long)r->moved, r->release);

	if (r->left > 0)
		len += snprintf(buf + len, ROLLOUT_TEXT - (size_t)len,
				", and %lld that are stopped, paused or boot a volume were left "
				"alone",
				(long long)r->left);
	snprintf(buf + len, ROLLOUT_TEXT - (size_t)len, "%s%s.", *r->reason ? ": " : "", r->reason);
}

void rolled_words(const struct cli *cli, const struct rolled *g, char buf[ROLLOUT_TEXT])
{
	const struct rollout *r = &g->r;
	int64_t ago_ms = cli->now_ms - r->next_ms;
	char words[WORDS_MAX];

	buf[0] = '\0';
	if (!g->is_wanted)
		return;
	if (g->is_unregistered)
		snprintf(buf, ROLLOUT_TEXT,
			 "Its servers are not rebuilt: on_warm: rebuild needs releases: "
			 "registered.");
	else if (g->state == ROLLOUT_NONE)
		snprintf(buf, ROLLOUT_TEXT,
			 "Its servers are not rebuilt yet: hornero-glance has not tried; "
			 "`systemctl status hornero-glance` says whether it runs.");
	else if (g->state == ROLLOUT_DONE)
		say_done(r, buf);
	else if (g->state == ROLLOUT_RUNNING)
		snprintf(buf, ROLLOUT_TEXT,
			 "Its servers are being rebuilt: %lld of %lld boot release %s; %s.",
			 (long long)r->moved, (long long)r->total, r->release, r->reason);
	else if (g->state == ROLLOUT_FAILED)
		snprintf(buf, ROLLOUT_TEXT,
			 "The rebuild of its servers has stopped (%lld of %lld boot release %s): "
			 "%s; a push, `hornero rollback`, or `systemctl reload hornero-glance` "
			 "continues.",
			 (long long)r->moved, (long long)r->total, r->release, r->reason);
	else
		snprintf(buf, ROLLOUT_TEXT, "Its servers are not rebuilt (%s): %s; tried again %s, "
			 "or with `systemctl reload hornero-glance`.",
			 r->state, r->reason,
			 ago_ms < 0 ? age_words(words, ago_ms) : "as soon as that has changed");
}
