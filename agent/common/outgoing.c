/* outgoing: DIAGNOSTICS: logs what cannot be written; the sweep writes it. */
#include "agent/common/outgoing.h"

#include "lib/log.h"
#include "store/outbox.h"

#include <string.h>

void outgoing_put(const struct conf *c, const struct image *img, const struct warm *release)
{
	const struct provenance *made = &release->made;
	struct outgoing o = {.job = made->job, .attempt = made->attempt};
	struct err e = ERR_INIT;
	int done;

	if (img->releases != IMAGE_RELEASES_REGISTERED || release->refused)
		return;
	memcpy(o.image, made->image, sizeof(o.image));
	memcpy(o.digest, made->digest, sizeof(o.digest));
	memcpy(o.commit, made->commit, sizeof(o.commit));
	snprintf(o.repo, sizeof(o.repo), "%s", img->repo);
	snprintf(o.ref, sizeof(o.ref), "%s", img->ref);
	snprintf(o.visibility, sizeof(o.visibility), "%s",
		 image_visibility_name(img->glance_visibility));
	if (img->glance_project)
		snprintf(o.project, sizeof(o.project), "%s", img->glance_project);
	done = outbox_put(c->store_dir, &o, &e);
	if (done < 0)
		log_warn("event=outbox-unwritten image=%s job=%lld %s", o.image, (long long)o.job,
			 e.msg);
	else if (done > 0)
		log_info("event=outbox-put image=%s job=%lld digest=%.12s", o.image,
			 (long long)o.job, o.digest);
}
