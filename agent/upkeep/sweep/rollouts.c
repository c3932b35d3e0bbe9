/* rollouts: DIAGNOSTICS: logs what fails. */
#include "agent/upkeep/sweep/rollouts.h"

#include "conf/image.h"
#include "lib/failpoint.h"
#include "lib/log.h"
#include "lib/own.h"
#include "store/nova.h"
#include "store/release.h"
#include "store/rollout.h"

#include <string.h>

void rollouts_note(const struct conf *c, struct db *db, const struct warm *release)
{
	char detail[sizeof(((struct rollout *)NULL)->reason) + 128];
	struct err e = ERR_INIT;
	struct rollout r;
	int known = rollout_load(c->glance_dir, release->made.image, &r, &e);

	if (known > 0 && r.job == release->made.job && rollout_state(&r) != ROLLOUT_NONE) {
		snprintf(detail, sizeof(detail), "servers onto release %s: %s%s%s", r.release,
			 r.state, *r.reason ? ": " : "", r.reason);
		known = job_note_change(db, r.job, "rollout", detail, &e);
	}
	if (known < 0)
		log_warn("event=rollout-unnoted image=%s %s", release->made.image, e.msg);
}

/* The pin lasts until the next push. If that has moved the ref already, it changes nothing. */
static int roll_back(const struct conf *c, const struct rollout *r, const struct image *img,
		     struct err *e)
{
	char current[SHA256_HEX + 1], previous[SHA256_HEX + 1], release[UUID_LEN + 1];
	struct warm w;

	if (release_newest(c->store_dir, img->uuid, &w, e) < 0 ||
	    release_needed(c->store_dir, img->uuid, current, previous, e) < 0)
		return -1;
	if (!rollout_answers(r, r->release, w.made.job, w.made.attempt) || img->pinned)
		return 0;
	if (!*previous)
		return err_set(e, ERR_OPERATOR,
			       "it cannot be rolled back: the store has no earlier release");
	if (nova_release(img->uuid, previous, release, e) < 0)
		return -1;
	failpoint("rollout-before-pin");
	if (image_pin(c->images_dir, img->uuid, release, w.made.commit, e) < 0)
		return -1;
	log_warn("event=rolled-back image=%s from=%s release=%s", img->uuid, r->release, release);
	return 0;
}

static void look_at(const struct conf *c, const char *uuid)
{
	own_image struct image img = {0};
	struct err e = ERR_INIT, missing = ERR_INIT;
	struct rollout r;
	int rc = rollout_load(c->glance_dir, uuid, &r, &e);

	if (rc > 0 && rollout_state(&r) == ROLLOUT_FAILED &&
	    image_load(c->images_dir, uuid, &img, &missing) == 0 &&
	    img.on_warm == IMAGE_ON_WARM_REBUILD &&
	    img.rebuild_failed == IMAGE_REBUILD_FAILED_ROLLBACK)
		rc = roll_back(c, &r, &img, &e);
	if (rc < 0)
		log_warn("event=not-rolled-back image=%s %s", uuid, e.msg);
}

void rollouts_roll_back(const struct conf *c)
{
	own_dir DIR *d = opendir(c->glance_dir);
	struct dirent *entry;
	char uuid[UUID_LEN + 1];

	while (d && (entry = readdir(d))) {
		snprintf(uuid, sizeof(uuid), "%.*s", UUID_LEN, entry->d_name);
		if (uuid_valid(uuid) && strcmp(entry->d_name + UUID_LEN, ".rollout") == 0)
			look_at(c, uuid);
	}
}
