/* keep_releases: keeps the current release of an image as long as the image; lets older ones age,
 * and forgets them when their files are gone.
 * DIAGNOSTICS: logs and skips an image whose records are unreadable. */
#include "agent/upkeep/keep/keep.h"

#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "store/nova.h"
#include "store/placed.h"

#include <fcntl.h>
#include <string.h>

struct walk {
	const struct conf *conf;
	const struct warm *current; /* NULL: none is kept */
};

static int forget_gone(void *arg, struct warm *w, struct err *e)
{
	const struct walk *walk = arg;
	char id[UUID_LEN + 1];
	enum warm_state state;

	if (walk->current && strcmp(w->made.digest, walk->current->made.digest) == 0)
		return 0;
	state = warm_state_of(walk->conf->cache_dir, w, e);
	if (state != WARM_GONE)
		return state == WARM_NONE ? -1 : 0;
	if (nova_release(w->made.image, w->made.digest, id, e) < 0 ||
	    kept_remove(walk->conf->store_dir, id, e) < 0 ||
	    placed_remove(walk->conf->store_dir, w, e) < 0)
		return -1;
	log_info("event=release-forgotten image=%s release=%s", w->made.image, id);
	return 0;
}

/* For a release-only image: if no instance uses the image's own name any more, asks for a sweep,
 * which publishes it there too. */
static int ask_free(struct pass *p, struct kept *k, const char *image, struct err *e)
{
	char request[64], reply[KEEP_REPLY_MAX];

	snprintf(request, sizeof(request), "look %s", image);
	if (keep_ask(p, request, p->cache, reply, e) < 0)
		return -1;
	if (strncmp(reply, "used ", 5) == 0)
		k->free_ms = 0;
	else if (strncmp(reply, "free ", 5) != 0)
		return err_set(e, ERR_OPERATOR, "the publisher did not look for instances: %s",
			       reply);
	else if (k->free_ms == 0)
		k->free_ms = p->now_ms;
	if (k->free_ms != 0 && p->now_ms < k->free_ms + KEEP_AGAIN_MS)
		p->wants_sweep = true;
	return 0;
}

/* Keeps one release; st is its file in the cache. */
static int keep_one(struct pass *p, const struct keep_rule *rule, const struct warm *r,
		    const struct stat *st, struct err *e)
{
	const struct conf *c = p->conf;
	struct kept before = {0}, k;
	enum warm_state state;
	struct warm w;
	char target[UUID_LEN + 1 + SHA256_HEX + 1];
	int listed = 0;

	if (kept_of_release(&p->clock, c->store_dir, r, keep_mtime_of(st), &k, e) < 0 ||
	    kept_load(&p->clock, c->store_dir, k.image, &before, e) < 0 ||
	    warm_look(c->store_dir, c->cache_dir, r->made.image, &w, &state, e) < 0)
		return -1;
	if (rule->is_release_only && (state == WARM_NONE || r->made.job > w.made.job) &&
	    ask_free(p, &k, r->made.image, e) < 0)
		return -1;
	snprintf(target, sizeof(target), "%s/%s", r->made.image, r->made.digest);
	/* Both names are one file: if it is touched under the image's own name, that is enough. */
	if (state != WARM_OK || w.ino != r->ino)
		listed = keep_touch(p, &k, target, rule->keep_s, keep_mtime_of(st), e);
	if (listed == 0 && (k.gone_ms != before.gone_ms || k.free_ms != before.free_ms))
		return kept_save(&p->clock, c->store_dir, &k, e);
	return listed < 0 ? -1 : 0;
}

static int look(struct pass *p, const char *image, struct err *e)
{
	const struct conf *c = p->conf;
	struct walk walk = {.conf = c};
	struct keep_rule rule;
	enum warm_state state;
	struct stat st;
	struct kept k;
	struct warm r;

	p->looked++;
	keep_rule_of(c, image, &rule);
	if (placed_look_newest(c->store_dir, c->cache_dir, image, &r, &state, e) < 0)
		return -1;
	if (rule.wants_release && state != WARM_NONE)
		walk.current = &r;
	if (placed_each(c->store_dir, image, forget_gone, &walk, e) < 0)
		return -1;
	if (!walk.current || state == WARM_FOREIGN)
		return 0;
	if (state == WARM_OK)
		return fstatat(p->cache, r.name, &st, AT_SYMLINK_NOFOLLOW) < 0
			       ? 0
			       : keep_one(p, &rule, &r, &st, e);
	if (kept_of_release(&p->clock, c->store_dir, &r, 0, &k, e) < 0)
		return -1;
	return keep_note_gone(p, &k, rule.keep_s, e);
}

int keep_releases(struct pass *p, struct err *e)
{
	own_free char *path = fs_path("%s/release", p->conf->store_dir);
	own_dir DIR *d = opendir(path);
	struct dirent *entry;

	if (!d)
		return errno == ENOENT ? 0 : err_sys(e, ERR_OPERATOR, "cannot list %s", path);
	while ((entry = readdir(d))) {
		struct err own = ERR_INIT;

		if (uuid_valid(entry->d_name) && look(p, entry->d_name, &own) < 0)
			log_warn("event=releases-passed-over image=%s %s", entry->d_name, own.msg);
	}
	return 0;
}
