/* doctor_cache: checks the images' files in Nova's cache, and the age of the last scrub.
 * DIAGNOSTICS: findings. */
#include "cli/doctor.h"

#include "cli/table.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/steady.h"
#include "store/changed.h"
#include "store/label.h"
#include "store/nova.h"
#include "store/scrubbed.h"
#include "store/warm.h"

#include <fcntl.h>

/* Returns true if neither a record nor our label claims the file. The publisher compares its bytes
 * as well. */
static bool is_foreign(const char *uuid, enum warm_state state, const char *path)
{
	own_fd int fd = open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
	own_fd int readable = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	return fd >= 0 && (state == WARM_NONE || state == WARM_FOREIGN) &&
	       (readable < 0 || !label_is(readable, uuid));
}

static void look_at_image(struct doctor *d, const char *uuid)
{
	own_free char *path = NULL, *mend = NULL;
	enum warm_state state = WARM_NONE;
	char name[SHA1_HEX + 1], words[WORDS_MAX];
	struct err why = ERR_INIT;
	struct changed changed;
	struct warm w;

	if (nova_cache_name(uuid, name, &why) < 0 ||
	    warm_look(d->c->store_dir, d->c->cache_dir, uuid, &w, &state, &why) < 0) {
		doctor_say(d, DOCTOR_BAD, NULL, "%s", why.msg);
		return;
	}
	path = fs_path("%s/%s", d->c->cache_dir, name);
	if (is_foreign(uuid, state, path)) {
		mend = fs_path("hornero why %s; to allow replacing it: hornero image add --replace "
			       "%s REPO",
			       uuid, uuid);
		doctor_say(d, DOCTOR_WARN, mend,
			   "image %s: %s is not hornero's; hornero does not replace it", uuid,
			   path);
	} else if (state == WARM_CHANGED &&
		   changed_load(d->c->store_dir, name, &changed, &why) == 1) {
		mend = fs_path("hornero sweep; hornero why %s", uuid);
		doctor_say(
			d, DOCTOR_BAD, mend,
			"image %s: the bytes of %s were changed after it was published, found %s",
			uuid, path, age_words(words, d->cli->now_ms - changed.found_ms));
	}
}

static void look_at_scrub(struct doctor *d)
{
	struct err why = ERR_INIT;
	struct steady clock;
	struct scrubbed s;
	char words[WORDS_MAX];
	int64_t age_ms;

	if (scrubbed_load(d->c->store_dir, &s, &why) < 0) {
		doctor_say(d, DOCTOR_WARN, NULL, "%s", why.msg);
		return;
	}
	steady_load(&clock, d->c->queue_dir);
	age_ms = steady_now_ms(&clock) - s.finished_ms;
	if (s.finished_ms == 0)
		doctor_ok(d, "%s",
			  d->c->scrub_interval_s == 0 ? "not scrubbed: scrub_interval is 0"
			  : *s.at                     ? "the first scrub is under way"
						      : "not scrubbed yet");
	else if (d->c->scrub_interval_s > 0 && age_ms > 3 * d->c->scrub_interval_s * 1000)
		doctor_say(d, DOCTOR_WARN,
			   "hornero cache --verify and hornero gc --verify; or a greater "
			   "scrub_rate in hornero.yaml",
			   "the last whole scrub of store and cache ended %s",
			   age_words(words, age_ms));
	else
		doctor_ok(d, "scrubbed %s: %lld files were found changed", age_words(words, age_ms),
			  (long long)s.changed);
}

void doctor_cache(struct doctor *d)
{
	struct image *list = NULL;
	struct err why = ERR_INIT;
	size_t n = 0;

	if (cli_images(d->cli, &list, &n, &why) < 0) {
		doctor_say(d, DOCTOR_BAD, "hornero init", "%s", why.msg);
		return;
	}
	for (size_t i = 0; i < n; i++)
		look_at_image(d, list[i].uuid);
	images_free(list, n);
	look_at_scrub(d);
}
