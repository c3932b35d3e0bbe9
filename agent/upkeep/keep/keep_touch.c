/* keep_touch: what an image asks for a file of its own, and our record of that file.
 * DIAGNOSTICS: ERR_OPERATOR or ERR_NOBODY if a record cannot be written. */
#include "agent/upkeep/keep/keep.h"

#include "agent/common/protocol.h"
#include "conf/image.h"
#include "lib/log.h"
#include "lib/own.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

enum { LINE_MAX_BYTES = 192 };

int64_t keep_mtime_of(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* Writes the record first, so that we never mistake a time that we set for a use. */
int keep_touch(struct pass *p, struct kept *k, const char *target, int64_t keep_s, int64_t seen_ns,
	       struct err *e)
{
	int64_t new_ns = kept_touch_ns(k, keep_s, p->conf->cache_minimum_age_s, seen_ns, p->now_ms);

	if (new_ns == 0 || (p->touches + 1) * LINE_MAX_BYTES > PROTOCOL_LIST_MAX)
		return 0; /* the next pass */
	k->touched_before_ns = seen_ns == k->touched_ns ? k->touched_ns : k->touched_before_ns;
	k->touched_ns = new_ns;
	if (kept_save(&p->clock, p->conf->store_dir, k, e) < 0)
		return -1;
	if (dprintf(p->list, "%s %" PRIu64 " %" PRId64 " %" PRId64 "\n", target, k->ino, seen_ns,
		    new_ns) < 0)
		return err_sys(e, ERR_NOBODY, "cannot list the files to touch");
	p->touches++;
	return 1;
}

int keep_note_gone(struct pass *p, struct kept *k, int64_t keep_s, struct err *e)
{
	int64_t back_ms;

	if (k->gone_ms == 0) {
		k->gone_ms = p->now_ms;
		if (kept_save(&p->clock, p->conf->store_dir, k, e) < 0)
			return -1;
		log_info("event=gone image=%s kept=%d", k->image,
			 keep_s != 0 && kept_until_ms(k, keep_s) > p->now_ms);
	}
	back_ms = k->gone_ms + p->conf->cache_grace_s * 1000;
	/* Ask once. If the sweep could not queue it, there is a reason, and the regular sweeps
	 * suffice. */
	if (keep_s != 0 && kept_until_ms(k, keep_s) > p->now_ms && p->now_ms >= back_ms &&
	    p->now_ms < back_ms + KEEP_AGAIN_MS)
		p->wants_sweep = true;
	return 0;
}

/* If the image file is broken, keeps everything: a typing error must not let files go. */
void keep_rule_of(const struct conf *c, const char *uuid, struct keep_rule *out)
{
	own_image struct image img = {0};
	struct err e = ERR_INIT;

	*out = (struct keep_rule){
		.is_registered = true, .wants_release = true, .keep_s = KEPT_ALWAYS,
	};
	if (image_load(c->images_dir, uuid, &img, &e) == 0) {
		out->keep_s = image_keep_s(&img);
		out->wants_release = image_wants_release(&img);
		out->is_release_only = img.in_use == IMAGE_IN_USE_RELEASE_ONLY;
	} else if (e.sys == ENOENT) {
		*out = (struct keep_rule){.keep_s = 0};
	} else {
		log_warn("event=kept-unasked image=%s %s", uuid, e.msg);
	}
}
