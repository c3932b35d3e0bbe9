/* pin_leave: DIAGNOSTICS: logs a file that cannot be written; its pin has no effect any more. */
#include "agent/common/pin_leave.h"

#include "lib/log.h"

void pin_leave(const struct conf *c, const struct image *img, const char *commit)
{
	struct err e = ERR_INIT;
	int done;

	if (!img->pinned || image_pin_at(img, commit))
		return;
	done = image_unpin(c->images_dir, img, &e);
	if (done < 0)
		log_warn("event=pin-not-forgotten image=%s %s", img->uuid, e.msg);
	else if (done == 1)
		log_info("event=pin-forgotten image=%s release=%s commit=%s", img->uuid,
			 img->pinned, commit);
}
