/* publication_end: records what the publisher has put into the cache, then sets the job's state.
 * DIAGNOSTICS: ERR_US if a reply makes no sense, ERR_NOBODY if the cache has changed since. The
 * job stays built, and the next publication finds everything in place. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/auditing.h"
#include "agent/hornerod/confirming.h"
#include "agent/hornerod/foreign.h"
#include "agent/hornerod/publication.h"

#include "agent/common/fence.h"
#include "agent/common/outgoing.h"
#include "agent/common/stableid.h"
#include "conf/image.h"
#include "state/replace.h"
#include "lib/clock.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "store/changed.h"
#include "store/nova.h"
#include "store/placed.h"
#include "store/release.h"
#include "store/served.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

/* Fills the rest of a record from the verdict. */
static void describe(const struct agent *a, struct warm *w, const struct verdict *v)
{
	w->made = v->made;
	w->published_ms = db_now_ms(a->db);
}

/* The previous publication of the image precedes this one, even if it was a release alone. */
static int follow(struct agent *a, const struct verdict *v, struct warm *w, struct err *e)
{
	struct warm old;

	if (release_newest(a->conf->store_dir, v->made.image, &old, e) < 0)
		return -1;
	describe(a, w, v);
	warm_follow(w, *old.made.digest ? &old : NULL);
	return 0;
}

/* The changed bytes under this name have been replaced. */
static void settle_cache(const struct agent *a, const struct warm *w)
{
	if (!changed_stands(a->conf->store_dir, w))
		changed_clear(a->conf->store_dir, w->name);
}

/* Only hornero-serve needs it, so a publication does not fail without it. The next start of
 * hornerod tries again. */
static void serve_too(const struct agent *a, const struct warm *w)
{
	struct err e = ERR_INIT;

	if (!w->refused && served_add(a->conf->store_dir, w->made.digest, &e) < 0)
		log_warn("event=not-served digest=%.12s %s", w->made.digest, e.msg);
}

/* Other bytes are current under the image's own UUID. */
static void hand_out_stable(const struct agent *a, const struct warm *w)
{
	own_image struct image img = {0};
	struct err ignored = ERR_INIT;

	if (image_load(a->conf->images_dir, w->made.image, &img, &ignored) == 0)
		stableid_put(a->conf, &img, w, 0);
}

/* Writes the record before the row, because the record decides. */
static int record(struct agent *a, const struct verdict *v, const struct warm *where,
		  int64_t took_ms, struct err *e)
{
	char words[CONFIRMING_TEXT];
	struct warm w = *where;

	if (follow(a, v, &w, e) < 0)
		return -1;
	failpoint("agent-before-record");
	if (warm_save(a->conf->store_dir, &w, e) < 0)
		return -1;
	serve_too(a, &w);
	hand_out_stable(a, &w);
	settle_cache(a, &w);
	replace_clear(a->conf->images_dir, v->made.image);
	foreign_forget(a, v->made.image);
	failpoint("agent-before-published");
	log_info("event=published job=%lld attempt=%lld image=%s name=%s digest=%.12s took_ms=%lld",
		 (long long)v->made.job, (long long)v->made.attempt, v->made.image, w.name,
		 w.made.digest, (long long)took_ms);
	auditing_published(a, v, w.name, false);
	if (confirming_replaces(a, v, words, e) < 0 ||
	    job_set_published(a->db, v->made.job, v->made.attempt, w.name, took_ms,
			      *words ? words : NULL,
			      e) < 0)
		return -1;
	if (!*words)
		confirming_after(a, v->made.image);
	return 0;
}

static void hand_out(const struct agent *a, const struct warm *w)
{
	own_image struct image img = {0};
	struct err ignored = ERR_INIT;

	if (image_load(a->conf->images_dir, w->made.image, &img, &ignored) == 0)
		outgoing_put(a->conf, &img, w);
}

/* A deferred publication is retried each second: do nothing if its release is recorded already. */
static int record_release(struct agent *a, const struct verdict *v, const struct warm *where,
			  struct err *e)
{
	char id[UUID_LEN + 1], detail[160];
	struct warm w = *where, known;
	int found = placed_load(a->conf->store_dir, v->made.image, v->made.digest, &known, e);

	if (found < 0 || nova_release(v->made.image, v->made.digest, id, e) < 0)
		return -1;
	if (follow(a, v, &w, e) < 0)
		return -1;
	if (found && known.made.job == w.made.job && known.made.attempt == w.made.attempt &&
	    known.ino == w.ino && known.born_ns == w.born_ns && known.refused == w.refused) {
		hand_out(a, &w); /* we may have died between record and outbox */
		return 0;
	}
	failpoint("agent-before-release-record");
	if (placed_save(a->conf->store_dir, &w, e) < 0)
		return -1;
	serve_too(a, &w);
	failpoint("agent-before-outbox");
	hand_out(a, &w);
	settle_cache(a, &w);
	snprintf(detail, sizeof(detail), "release %s, %s in Nova's cache%s", id, w.name,
		 w.refused ? ", has other bytes and was not replaced" : "");
	return job_note_built(a->db, v->made.job, v->made.attempt,
			      w.refused ? "unreleased" : "released", detail, e);
}

static int take_published(struct publication *p, const struct reply *a, struct err *e)
{
	struct warm w = {.ino = a->ino, .size_bytes = a->size_bytes};

	memcpy(w.name, a->name, sizeof(w.name));
	if (warm_confirm(p->agent->conf->cache_dir, &w, e) < 0)
		return -1;
	return record(p->agent, &p->verdict, &w, clock_mono_ms() - p->start_ms, e);
}

static int take_released(struct publication *p, const struct reply *a, struct err *e)
{
	struct warm w = {.ino = a->ino, .size_bytes = a->size_bytes};

	memcpy(w.name, a->name, sizeof(w.name));
	if (warm_confirm(p->agent->conf->cache_dir, &w, e) < 0)
		return -1;
	return record_release(p->agent, &p->verdict, &w, e);
}

/* Records the file that is there, so that its bytes are not compared again. */
static int take_unreleased(struct publication *p, const struct reply *a, struct err *e)
{
	struct warm w = {.refused = 1}, known;
	own_free char *path = fs_path("%s/%s", p->agent->conf->cache_dir, a->name);
	char quoted[2 * ERR_MSG_MAX];
	struct stat st;

	memcpy(w.name, a->name, sizeof(w.name));
	if (lstat(path, &st) < 0)
		return err_sys(e, ERR_NOBODY, "cannot look at %s", path);
	w.ino = st.st_ino;
	w.size_bytes = st.st_size;
	w.born_ns = fs_born_ns(AT_FDCWD, path);
	/* A changed file of ours stays ours: it is replaced once no instance uses it. */
	if (placed_load(p->agent->conf->store_dir, p->verdict.made.image, p->verdict.made.digest,
			&known, e) == 1 &&
	    !known.refused && known.ino == w.ino && known.born_ns == w.born_ns)
		return 0;
	log_warn("event=release-refused job=%lld image=%s name=%s reason=%s", (long long)p->job,
		 p->image, a->name, log_quote(quoted, sizeof(quoted), a->text));
	return record_release(p->agent, &p->verdict, &w, e);
}

/* The bytes of our file differ from those that were published. It is no longer warm. A replacement
 * follows by the rules of in_use. */
static int take_changed(struct publication *p, const struct reply *a, struct err *e)
{
	const struct conf *c = p->agent->conf;
	char detail[160];
	struct warm w;
	int known = warm_load(c->store_dir, p->image, &w, e);

	if (known == 1 && strcmp(w.name, a->name) != 0)
		known = placed_load(c->store_dir, p->image, p->verdict.made.digest, &w, e);
	if (known < 0)
		return -1;
	if (known == 0 || strcmp(w.name, a->name) != 0 || changed_stands(c->store_dir, &w))
		return 0;
	if (changed_note(c->store_dir, &w, "", e) < 0)
		return -1;
	log_warn("event=cache-changed job=%lld image=%s name=%s digest=%.12s", (long long)p->job,
		 p->image, w.name, w.made.digest);
	snprintf(detail, sizeof(detail),
		 "%s in Nova's cache held other bytes than artifact %.12s, which was published "
		 "there",
		 w.name, w.made.digest);
	return job_note_built(p->agent->db, p->job, p->attempt, "changed", detail, e);
}

/* Only the release was published; the text says why the image's own name was left alone. */
static int take_alone(struct publication *p, const struct reply *a, struct err *e)
{
	const struct verdict *v = &p->verdict;
	char id[UUID_LEN + 1], name[SHA1_HEX + 1], words[CONFIRMING_TEXT],
		remark[1000 + CONFIRMING_TEXT];

	if (nova_release(v->made.image, v->made.digest, id, e) < 0 ||
	    nova_cache_name(id, name, e) < 0)
		return -1;
	if (confirming_replaces(p->agent, v, words, e) < 0)
		return -1;
	snprintf(remark, sizeof(remark),
		 "%s%sas release %s alone (%s in Nova's cache); the image's own UUID follows when "
		 "possible: %.700s",
		 words, *words ? "; " : "", id, name, a->text);
	log_info("event=published-alone job=%lld attempt=%lld image=%s release=%s name=%s",
		 (long long)v->made.job, (long long)v->made.attempt, v->made.image, id, name);
	auditing_published(p->agent, v, name, true);
	if (job_set_published(p->agent->db, v->made.job, v->made.attempt, name,
			      clock_mono_ms() - p->start_ms, remark, e) < 0)
		return -1;
	if (!*words)
		confirming_after(p->agent, v->made.image);
	return 0;
}

int publication_record(struct publication *p, const struct reply *a, bool *is_last, struct err *e)
{
	static const struct {
		int (*take)(struct publication *p, const struct reply *a, struct err *e);
		bool is_last;
	} words[] = {
		[REPLY_CHANGED] = {take_changed, false},
		[REPLY_RELEASED] = {take_released, false},
		[REPLY_UNRELEASED] = {take_unreleased, false},
		[REPLY_PUBLISHED] = {take_published, true},
		[REPLY_ALONE] = {take_alone, true},
	};

	if (a->word >= sizeof(words) / sizeof(words[0]) || !words[a->word].take)
		return 0;
	*is_last = words[a->word].is_last;
	return words[a->word].take(p, a, e) < 0 ? -1 : 1;
}

/* Returns 1 if nothing is left to do for the release: it is not wanted, it is there (then *there is
 * true and it must be recorded), or its name is taken. Returns 0 if it must be published, -1 on
 * error. */
static int is_released(struct agent *a, const struct verdict *v, struct warm *r, bool *there,
		       struct err *e)
{
	const struct conf *c = a->conf;
	own_image struct image img = {0};
	struct err ignored = ERR_INIT;
	enum warm_state state;

	*there = false;
	if (image_load(c->images_dir, v->made.image, &img, &ignored) < 0 ||
	    !image_wants_release(&img))
		return 1;
	if (placed_look(c->store_dir, c->cache_dir, v->made.image, v->made.digest, r, &state,
			e) < 0)
		return -1;
	*there = state == WARM_OK;
	return *there || (state == WARM_FOREIGN && r->refused);
}

int publication_already_warm(struct agent *a, const struct verdict *v, struct err *e)
{
	struct fence fence;
	enum warm_state state;
	struct warm w, r;
	bool there;
	int rc;

	/* A publisher of an earlier hornerod may be about to rename: the fence prevents that. */
	if (fence_set(a->conf, v->made.image, v->made.job, v->made.attempt, &fence, e) < 0)
		return -1;
	if (warm_look(a->conf->store_dir, a->conf->cache_dir, v->made.image, &w, &state, e) < 0)
		return -1;
	if (state != WARM_OK || strcmp(w.made.digest, v->made.digest) != 0)
		return 0;
	rc = is_released(a, v, &r, &there, e);
	if (rc <= 0)
		return rc;
	if (there && record_release(a, v, &r, e) < 0)
		return -1;
	return record(a, v, &w, 0, e) < 0 ? -1 : 1;
}
