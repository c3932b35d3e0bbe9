/* watching: DIAGNOSTICS: a directory that is missing is looked for again; the caller looks at the
 * work from time to time anyway. */
#include "glance/watching.h"

#include "lib/fs.h"
#include "lib/own.h"
#include "store/store.h"

#include <string.h>
#include <sys/inotify.h>

int watching_open(struct watching *w, struct err *e)
{
	w->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	return w->inotify < 0 ? err_sys(e, ERR_NOBODY, "cannot watch the outbox") : 0;
}

/* A wish that is removed leaves bytes to be removed. */
void watching_begin(struct watching *w, const struct conf *c, bool shares)
{
	own_free char *dir = fs_path("%s/%s", c->store_dir, shares ? "wanted" : "outbox");
	own_free char *clean = fs_path("%s/clean", c->store_dir);

	if (!shares) { /* the configuration may have changed */
		(void)inotify_add_watch(w->inotify, clean, IN_MOVED_TO);
		(void)inotify_add_watch(w->inotify, c->images_dir, IN_MOVED_TO);
		if (c->placement_traits)
			(void)inotify_add_watch(w->inotify, c->cache_dir,
						IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO);
	}
	if (w->watch >= 0)
		return;
	w->watch = inotify_add_watch(w->inotify, dir,
				     IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF |
					     (shares ? IN_DELETE : 0));
}

/* The files of STORE/clean have content keys as names. */
static void note_confirmed(struct watching *w, const char *name)
{
	if (!sha256_valid(name))
		return;
	w->many_confirmed = w->many_confirmed ||
			    (*w->confirmed && strcmp(w->confirmed, name) != 0);
	snprintf(w->confirmed, sizeof(w->confirmed), "%s", name);
}

void watching_take(struct watching *w)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n;

	while ((n = read(w->inotify, buf, sizeof(buf))) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *i = (const void *)(buf + at);

			if (i->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED))
				w->watch = -1;
			if (i->len > 0)
				note_confirmed(w, i->name);
			at += (ssize_t)(sizeof(*i) + i->len);
		}
}

bool watching_is_confirmed(const struct watching *w, const char *store_dir, const char *digest)
{
	struct err ignored = ERR_INIT;
	struct manifest m;

	return *w->confirmed && (w->many_confirmed ||
				 (store_manifest(store_dir, digest, &m, &ignored) == 0 &&
				  strcmp(m.made.key, w->confirmed) == 0));
}

void watching_forget_confirmed(struct watching *w)
{
	*w->confirmed = '\0';
	w->many_confirmed = false;
}
