/* stableid: DIAGNOSTICS: logs what cannot be written; the sweep writes it. */
#include "agent/common/stableid.h"

#include "lib/log.h"
#include "store/served.h"
#include "store/stable.h"

#include <string.h>

static enum conf_glance_stable policy_of(const struct conf *c, const struct image *img)
{
	if (img->glance_stable == IMAGE_STABLE_NODE)
		return c->glance_stable;
	return img->glance_stable == IMAGE_STABLE_FOLLOW ? GLANCE_FOLLOW : GLANCE_FAIL_CLOSED;
}

/* Records have no other bytes. Glance shows the name to users, and nobody looks for it. */
static void copy_printable(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text);
	for (char *c = out; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

void stableid_put(const struct conf *c, const struct image *img, const struct warm *own,
		  int64_t asked_ms)
{
	struct stable s = {.serial = asked_ms};
	struct err e = ERR_INIT;
	int done;

	if (img->broken || img->glance_record == IMAGE_RECORD_NONE)
		return;
	memcpy(s.image, img->uuid, sizeof(s.image));
	snprintf(s.record, sizeof(s.record), "%s", image_record_name(img->glance_record));
	snprintf(s.policy, sizeof(s.policy), "%s", conf_glance_stables[policy_of(c, img)]);
	copy_printable(s.name, sizeof(s.name), *img->name ? img->name : img->repo);
	snprintf(s.visibility, sizeof(s.visibility), "%s",
		 image_visibility_name(img->glance_visibility));
	if (img->glance_project)
		snprintf(s.project, sizeof(s.project), "%s", img->glance_project);
	snprintf(s.repo, sizeof(s.repo), "%s", img->repo);
	snprintf(s.ref, sizeof(s.ref), "%s", img->ref);
	if (own) {
		memcpy(s.digest, own->made.digest, sizeof(s.digest));
		memcpy(s.commit, own->made.commit, sizeof(s.commit));
	}
	if (served_set_current(c->store_dir, s.image, s.digest, &e) < 0)
		log_warn("event=not-served image=%s %s", s.image, e.msg);
	done = stable_put(c->store_dir, &s, &e);
	if (done < 0)
		log_warn("event=outbox-unwritten image=%s %s", s.image, e.msg);
	else if (done > 0)
		log_info("event=stable-put image=%s digest=%.12s", s.image,
			 *s.digest ? s.digest : "none");
}
