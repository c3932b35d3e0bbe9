/* doctor_notify: checks what tells an operator's programs of publications and of the audit log.
 * DIAGNOSTICS: findings. */
#include "cli/doctor.h"

#include "cli/audittold.h"
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

/* Returns whether notify_audit is set. */
static bool look_at_audit(struct doctor *d)
{
	struct audittold told;

	audittold_look(d->cli, &told);
	if (*told.text)
		doctor_say(d, DOCTOR_PART, told.mend, "%s", told.text);
	return d->c->notify_audit == CONF_NOTIFY_AUDIT_YES;
}

/* wanted: images with on_warm: notify. */
static void look_at_service(struct doctor *d, size_t wanted, bool has_audit)
{
	const char *audit = !has_audit ? "" : wanted > 0 ? ", and notify_audit is yes"
							  : "notify_audit is yes";
	char words[100] = "";

	if (wanted > 0)
		snprintf(words, sizeof(words), "%zu images have on_warm: notify", wanted);
	if (access(d->c->events_dir, F_OK) < 0)
		doctor_say(d, DOCTOR_BAD, "man hornero-notify", "the programs %s: %s",
			   d->c->events_dir, strerror(errno));
	if (alone_is_taken(d->c->notify_dir) == 0)
		doctor_say(d, DOCTOR_BAD, "systemctl enable --now hornero-notify",
			   "hornero-notify does not run, and %s%s", words, audit);
}

void doctor_notify(struct doctor *d)
{
	struct image *list = NULL;
	struct err why = ERR_INIT;
	size_t n = 0, wanted = 0;
	int before = d->findings;
	bool has_audit;

	if (cli_images(d->cli, &list, &n, &why) < 0)
		return; /* doctor_images says so */
	for (size_t i = 0; i < n; i++) {
		if (list[i].broken || list[i].on_warm != IMAGE_ON_WARM_NOTIFY)
			continue;
		wanted++;
		look_at_image(d, &list[i]);
	}
	images_free(list, n);
	has_audit = look_at_audit(d);
	if (wanted > 0 || has_audit)
		look_at_service(d, wanted, has_audit);
	else
		doctor_ok(d, "no image has on_warm: notify");
	if (wanted + has_audit > 0 && d->findings == before)
		doctor_ok(d, "%zu images have on_warm: notify%s", wanted,
			  has_audit ? ", and notify_audit is yes" : "");
}
