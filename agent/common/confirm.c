/* confirm: DIAGNOSTICS: as store and db. */
#include "agent/common/confirm.h"

#include "lib/own.h"
#include "store/answer.h"
#include "store/release.h"

#include <string.h>

/* Pushes come in bursts: wait until the burst is over, or the next push would supersede the
 * confirmation. */
enum { QUIET_MS = 5000 };

static bool is_wished(const struct conf *c, const struct builders *builders,
		      const struct image *img, const struct warm *w)
{
	const struct builder *b = builder_find(builders, w->made.builder);

	return c->confirm == CONF_CONFIRM_IDLE && img->confirm == IMAGE_CONFIRM_IDLE && b &&
	       b->reproducible == BUILDER_REPRODUCIBLE_YES;
}

/* Returns 1 if the newest confirmation is still active or has given this artifact up, 0 if not, -1
 * on error. A confirmation that failed or was cancelled is tried again once another artifact is
 * warm. One that a newer job superseded is ignored: that job may have failed, and the same artifact
 * is still warm. */
static int is_over(struct db *db, const struct warm *w, struct err *e)
{
	own_job struct job j = {.id = 0};
	int found = job_newest_confirm(db, w->made.image, &j, e);

	return found <= 0
		       ? found
		       : !job_state_ended(j.state) ||
		       (j.state != JOB_PUBLISHED && j.id > w->made.job);
}

int confirm_queue(const struct conf *c, const struct builders *builders, const struct image *img,
		  struct db *db, struct err *e)
{
	struct job_wish wish = {.image = img->uuid, .repo = img->repo, .ref = img->ref,
				.origin = "confirm",
				.note = "a clean build to check that it yields the same bytes"};
	struct job_receipt r;
	struct answer a;
	struct warm w;
	int over;

	if (release_newest(c->store_dir, img->uuid, &w, e) < 0)
		return -1;
	if (!*w.made.digest || *w.made.pinned || !*w.made.commit ||
	    !is_wished(c, builders, img, &w))
		return 0;
	answer_describe(c->store_dir, img->uuid, w.made.key, w.made.digest, &a);
	if (strcmp(a.built, ANSWER_INCREMENTAL) != 0 && *a.built)
		return 0;
	/* No answer names these bytes: a clean one may have replaced theirs and crashed before it
	 * was published. */
	if (!*a.built && !answer_has_clean(c->store_dir, img->uuid, w.made.key))
		return 0;
	over = is_over(db, &w, e);
	if (over != 0)
		return over < 0 ? -1 : 0;
	wish.commit = w.made.commit;
	wish.not_before_ms = db_now_ms(db) + QUIET_MS;
	return job_enqueue(db, &wish, &r, e) < 0 ? -1 : !r.joined;
}
