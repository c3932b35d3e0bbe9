/* stableids: DIAGNOSTICS: logs what fails. */
#include "agent/upkeep/sweep/stableids.h"

#include "agent/common/stableid.h"
#include "conf/imagepending.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "store/served.h"
#include "store/stable.h"

#include <string.h>
#include <sys/stat.h>

static void bind(const struct conf *c, const char *uuid, struct err *e)
{
	own_fd int lock = images_lock(c->images_dir, IMAGES_LOCK_MS, e);
	int bound = lock < 0 ? -1 : imagepending_bind(c->images_dir, uuid, e);

	if (bound > 0)
		log_info("event=image-bound image=%s", uuid);
}

/* The user's command may have ended before the answer (--no-wait). */
static int look_at_pending(void *arg, const char *uuid)
{
	const struct conf *c = arg;
	own_image struct image img = {0};
	struct err e = ERR_INIT;
	struct registration r;
	struct stable s;
	int64_t asked_ms;
	int found = imagepending_load(c->images_dir, uuid, &img, &asked_ms, &e);

	if (found > 0) {
		stableid_put(c, &img, NULL, asked_ms);
		if (stable_get(c->store_dir, uuid, &s, &e) > 0 &&
		    registration_load(c->glance_dir, uuid, &r, &e) > 0 && stable_is_made(&s, &r))
			bind(c, uuid, &e);
	}
	if (*e.msg && e.sys != ENOENT)
		log_warn("event=image-passed-over image=%s %s", uuid, e.msg);
	return 0;
}

void stableids_bind(const struct conf *c)
{
	struct err e = ERR_INIT;

	if (imagepending_each(c->images_dir, look_at_pending, (void *)c, &e) < 0)
		log_warn("event=pending-images-unread %s", e.msg);
}

static int64_t asked_ms(const struct conf *c, const char *uuid)
{
	own_free char *path = fs_path("%s/%s.yaml", c->images_dir, uuid);
	struct stat st;

	return stat(path, &st) < 0 ? 0
				   : (int64_t)st.st_mtim.tv_sec * 1000 +
					     st.st_mtim.tv_nsec / 1000000;
}

/* Returns 1 with the record that the stable id is for, 0 if there is none, -1 on error. */
static int load_own(const struct conf *c, const struct image *img, struct warm *own, struct err *e)
{
	int found = warm_load(c->store_dir, img->uuid, own, e);

	return found > 0 ? strcmp(own->made.repo, img->repo) == 0 : found;
}

/* hornerod may publish between our look and our writing, and what it wrote would be lost: so we
 * look again until nothing has changed. */
static void hand_out(const struct conf *c, const struct image *img)
{
	struct err e = ERR_INIT;
	struct warm own, now;
	int found = load_own(c, img, &own, &e), again = found;

	while (found >= 0) {
		failpoint("stable-looked");
		stableid_put(c, img, found ? &own : NULL, asked_ms(c, img->uuid));
		again = load_own(c, img, &now, &e);
		if (again <= 0 ? again == found
			       : found > 0 && strcmp(own.made.digest, now.made.digest) == 0 &&
					 strcmp(own.made.commit, now.made.commit) == 0)
			return;
		found = again;
		own = now;
	}
	log_warn("event=outbox-unwritten image=%s %s", img->uuid, e.msg);
}

static bool is_wanted(const struct conf *c, const char *uuid, const struct image *list, size_t n)
{
	own_free char *pending = fs_path("%s/%s.pending", c->images_dir, uuid);

	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].uuid, uuid) == 0)
			return list[i].broken || list[i].glance_record != IMAGE_RECORD_NONE;
	return access(pending, F_OK) == 0;
}

static void take_back(const struct conf *c, const struct image *list, size_t n)
{
	own_free struct stable *out = NULL;
	struct err e = ERR_INIT;
	size_t count;

	if (stable_load(c->store_dir, &out, &count, &e) < 0) {
		log_warn("event=outbox-unread %s", e.msg);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const char *uuid = out[i].image;

		if (is_wanted(c, uuid, list, n))
			continue;
		if (served_set_current(c->store_dir, uuid, "", &e) < 0 ||
		    stable_remove(c->store_dir, uuid, &e) < 0)
			log_warn("event=outbox-unwritten image=%s %s", uuid, e.msg);
		else
			log_info("event=stable-taken-back image=%s", uuid);
	}
}

void stableids_hand_out(const struct conf *c, const struct image *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!list[i].broken && list[i].glance_record != IMAGE_RECORD_NONE)
			hand_out(c, &list[i]);
	take_back(c, list, n);
}
