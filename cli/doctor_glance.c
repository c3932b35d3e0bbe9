/* doctor_glance: checks what registers releases in Glance. DIAGNOSTICS: findings. */
#include "cli/doctor.h"

#include "cli/registration.h"
#include "cli/rollout.h"
#include "cli/table.h"
#include "conf/cloud.h"
#include "lib/alone.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/traits.h"
#include "store/wanted.h"

#include <string.h>
#include <sys/stat.h>

static void look_at_release(struct doctor *d, const struct image *img)
{
	own_free char *mend = fs_path("hornero why %s", img->uuid);
	char release[UUID_LEN + 1], words[REGISTRATION_TEXT];
	enum warm_state state;
	struct registered g;
	struct err why = ERR_INIT;
	struct warm w;

	if (registered_look_current(d->c, img, &w, &state, release, &g, &why) < 0) {
		doctor_say(d, DOCTOR_BAD, NULL, "%s", why.msg);
		return;
	}
	if (state == WARM_NONE || !g.is_wanted)
		return;
	registered_words(d->cli, release, &g, words);
	if (g.state == REGISTRATION_REFUSED || g.state == REGISTRATION_HELD)
		doctor_say(d, DOCTOR_PART, mend, "image %s: %s", img->uuid, words);
	else if (g.state != REGISTRATION_REGISTERED)
		doctor_say(d, DOCTOR_WARN, mend, "image %s: %s", img->uuid, words);
}

/* No node would have the trait that its records require. */
static void look_at_requirement(struct doctor *d, const struct image *img)
{
	if (img->require_warm == IMAGE_REQUIRE_YES && !d->c->placement_traits)
		doctor_say(d, DOCTOR_BAD, "set placement_traits: yes in hornero.yaml",
			   "image %s: require_warm is yes and placement_traits is no: Nova boots "
			   "it on other nodes only",
			   img->uuid);
}

static void look_at_stable(struct doctor *d, const struct image *img)
{
	own_free char *mend = fs_path("hornero why %s", img->uuid);
	char words[REGISTRATION_TEXT];
	struct err why = ERR_INIT;
	struct registered g;

	if (registered_look_stable(d->c, img->uuid, &g, &why) < 0) {
		doctor_say(d, DOCTOR_BAD, NULL, "%s", why.msg);
		return;
	}
	if (!g.is_wanted || g.state == REGISTRATION_REGISTERED || g.state == REGISTRATION_MADE)
		return;
	registered_stable_words(d->cli, img->uuid, words);
	doctor_say(d,
		   g.state == REGISTRATION_REFUSED || g.state == REGISTRATION_HELD ? DOCTOR_PART
										   : DOCTOR_WARN,
		   mend, "image %s: %s", img->uuid, words);
}

static void look_at_rollout(struct doctor *d, const struct image *img)
{
	own_free char *mend = fs_path("hornero why %s", img->uuid);
	own_free char *set = fs_path("hornero image set %s releases=registered", img->uuid);
	char words[ROLLOUT_TEXT];
	struct err why = ERR_INIT;
	struct rolled g;

	if (rolled_look(d->c, img, &g, &why) < 0) {
		doctor_say(d, DOCTOR_BAD, NULL, "%s", why.msg);
		return;
	}
	if (!g.is_wanted || g.state == ROLLOUT_DONE)
		return;
	rolled_words(d->cli, &g, words);
	doctor_say(d,
		   g.is_unregistered || g.state == ROLLOUT_FAILED || g.state == ROLLOUT_REFUSED
			   ? DOCTOR_BAD
			   : DOCTOR_WARN,
		   g.is_unregistered ? set : mend, "image %s: %s", img->uuid, words);
}

static void look_at_traits(struct doctor *d)
{
	struct err why = ERR_INIT;
	struct traits t = {.state = ""};
	int known = traits_load(d->c->glance_dir, &t, &why);

	if (known < 0) {
		doctor_say(d, DOCTOR_BAD, NULL, "%s", why.msg);
	} else if (known == 0 || !*t.state) {
		if (d->c->placement_traits)
			doctor_say(d, DOCTOR_WARN, "systemctl status hornero-glance",
				   "placement_traits is yes, and no trait is set in Placement yet");
	} else if (strcmp(t.state, TRAITS_SET) != 0) {
		doctor_say(d, strcmp(t.state, TRAITS_REFUSED) == 0 ? DOCTOR_BAD : DOCTOR_WARN,
			   "man hornero-glance",
			   "Placement does not have the traits of warm images (%s): %s", t.state,
			   t.reason);
	}
}

static bool needs_glance(const struct image *img)
{
	return !img->broken && (img->releases == IMAGE_RELEASES_REGISTERED ||
				img->glance_record != IMAGE_RECORD_NONE ||
				img->on_warm == IMAGE_ON_WARM_REBUILD);
}

static void look_at_credentials(struct doctor *d)
{
	own_free char *mend = NULL;
	struct err why = ERR_INIT;
	struct stat st;

	if (stat(d->c->glance_credentials, &st) < 0) {
		if (errno == EACCES)
			return;
		doctor_say(d, DOCTOR_BAD, "man hornero-glance", "the credentials %s: %s",
			   d->c->glance_credentials, strerror(errno));
	} else if (st.st_mode & 077) {
		mend = fs_path("chmod 0600 %s", d->c->glance_credentials);
		doctor_say(d, DOCTOR_BAD, mend, "other users can read or change the credentials %s",
			   d->c->glance_credentials);
	} else if (cloud_check(d->c->glance_credentials, d->c->glance_cloud, &why) < 0 &&
		   why.sys != EACCES) {
		doctor_say(d, DOCTOR_BAD, "man hornero-glance", "%s", why.msg);
	}
}

void doctor_glance(struct doctor *d)
{
	struct image *list = NULL;
	struct err why = ERR_INIT;
	size_t n = 0, wanted = 0, sharing = 0;
	int before = d->findings;

	if (cli_images(d->cli, &list, &n, &why) < 0) {
		doctor_say(d, DOCTOR_BAD, "hornero init", "%s", why.msg);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		sharing += !list[i].broken && image_shares(&list[i], d->c);
		if (!needs_glance(&list[i]))
			continue;
		wanted++;
		if (list[i].releases == IMAGE_RELEASES_REGISTERED)
			look_at_release(d, &list[i]);
		look_at_stable(d, &list[i]);
		look_at_rollout(d, &list[i]);
		look_at_requirement(d, &list[i]);
	}
	images_free(list, n);
	look_at_traits(d);
	if (wanted + sharing + (d->c->placement_traits == CONF_TRAITS_YES) > 0)
		look_at_credentials(d);
	if (sharing > 0 && !shared_is_served(d->c->glance_dir))
		doctor_say(d, DOCTOR_BAD, "systemctl enable --now hornero-share",
			   "`hornero-glance --share` does not run, and %zu images take artifacts "
			   "of other nodes (share)", sharing);
	if ((wanted > 0 || d->c->placement_traits) && alone_is_taken(d->c->glance_dir) == 0)
		doctor_say(d, DOCTOR_BAD, "systemctl enable --now hornero-glance",
			   "hornero-glance does not run, and %zu images have releases: registered "
			   "or a glance_record%s",
			   wanted, d->c->placement_traits ? ", and placement_traits is yes" : "");
	else if (wanted == 0)
		doctor_ok(d, "no image has releases: registered or a glance_record");
	else if (d->findings == before)
		doctor_ok(d, "%zu images have releases: registered or a glance_record", wanted);
}
