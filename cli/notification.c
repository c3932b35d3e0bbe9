/* notification: DIAGNOSTICS: as store/notified.h; a missing record is a state, not an error. */
#include "cli/notification.h"

#include "cli/table.h"
#include "store/release.h"

int notification_words(const struct cli *cli, const struct image *img, char buf[NOTIFICATION_TEXT],
		       struct err *e)
{
	const struct conf *c = cli->conf;
	enum notified_state state;
	struct notified n = {.job = -1};
	char words[WORDS_MAX];
	struct warm w;
	int64_t ago_ms;

	buf[0] = '\0';
	if (img->broken || img->on_warm != IMAGE_ON_WARM_NOTIFY)
		return NOTIFIED_DONE;
	if (release_newest(c->store_dir, img->uuid, &w, e) < 0 ||
	    notified_load(c->notify_dir, img->uuid, &n, e) < 0)
		return -1;
	if (!*w.made.digest)
		return NOTIFIED_DONE;
	state = notified_state(&n, &w);
	ago_ms = cli->now_ms - n.next_ms;
	if (state == NOTIFIED_DONE)
		snprintf(buf, NOTIFICATION_TEXT, "The programs of %s were told of it.",
			 c->events_dir);
	else if (state == NOTIFIED_FAILED)
		snprintf(buf, NOTIFICATION_TEXT,
			 "The programs of %s were not all told of it: %s; tried again %s, or with "
			 "`systemctl reload hornero-notify`.",
			 c->events_dir, n.reason,
			 ago_ms < 0 ? age_words(words, ago_ms) : "at once");
	else
		snprintf(buf, NOTIFICATION_TEXT,
			 "The programs of %s were not told of it yet; `systemctl status "
			 "hornero-notify` says whether it runs.",
			 c->events_dir);
	return (int)state;
}
