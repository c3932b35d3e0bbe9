/* doctor_notify: checks what tells an operator's programs of publications. DIAGNOSTICS:
 * findings. */
#include "cli/doctor.h"

#include "cli/notification.h"
#include "lib/alone.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <errno.h>
#include <string.h>

static void look_at_image(struct doctor *d, const struct image *img)
{
	own_free char *mend = fs_path("hornero why %s", img->uuid);
	char words[NOTIFICATION_TEXT];
	struct err why = ERR_INIT;
	int state = notification_words(d->cli, img, words, &why);

	if (state < 0)
		doctor_say(d, DOCTOR_BAD, NULL, "%s", why.msg);
	else if (state == NOTIFIED_FAILED)
		doctor_say(d, DOCTOR_PART, mend, "image %s: %s", img->uuid, words);
}

void doctor_notify(struct doctor *d)
{
	struct image *list = NULL;
	struct err why = ERR_INIT;
	size_t n = 0, wanted = 0;
	int before = d->findings;

	if (cli_images(d->cli, &list, &n, &why) < 0)
		return; /* doctor_images says so */
	for (size_t i = 0; i < n; i++) {
		if (list[i].broken || list[i].on_warm != IMAGE_ON_WARM_NOTIFY)
			continue;
		wanted++;
		look_at_image(d, &list[i]);
	}
	images_free(list, n);
	if (wanted > 0 && access(d->c->events_dir, F_OK) < 0)
		doctor_say(d, DOCTOR_BAD, "man hornero-notify", "the programs %s: %s",
			   d->c->events_dir, strerror(errno));
	if (wanted > 0 && alone_is_taken(d->c->notify_dir) == 0)
		doctor_say(d, DOCTOR_BAD, "systemctl enable --now hornero-notify",
			   "hornero-notify does not run, and %zu images have on_warm: notify",
			   wanted);
	else if (wanted == 0)
		doctor_ok(d, "no image has on_warm: notify");
	else if (d->findings == before)
		doctor_ok(d, "%zu images have on_warm: notify", wanted);
}
