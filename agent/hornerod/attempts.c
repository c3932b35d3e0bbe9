/* attempts: the list of attempts that run, or ended and are not settled, and their groups.
 * DIAGNOSTICS: ERR_NOBODY if there is no memory. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/attempts.h"

#include "conf/builder.h"
#include "conf/image.h"
#include "lib/clock.h"
#include "lib/own.h"
#include "store/warm.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct attempt_run *attempt_add(struct agent *a, int64_t job, int64_t number, const char *image,
				struct err *e)
{
	struct attempt_run *r = calloc(1, sizeof(*r));

	if (!r) {
		err_set(e, ERR_NOBODY, "out of memory for an attempt");
		return NULL;
	}
	r->agent = a;
	r->job = job;
	r->number = number;
	r->staged = -1;
	snprintf(r->image, sizeof(r->image), "%s", image);
	r->next = a->attempts;
	a->attempts = r;
	return r;
}

void attempt_forget(struct attempt_run *r)
{
	struct attempt_run **at = &r->agent->attempts;

	while (*at && *at != r)
		at = &(*at)->next;
	if (*at)
		*at = r->next;
	sd_event_source_disable_unref(r->watch);
	sd_event_source_disable_unref(r->staged_watch);
	own_fd_end(&r->staged);
	if (r->supervisor.pid > 0)
		close(r->supervisor.pidfd);
	free(r->leaf.path); /* set at a stop if the group did not become empty */
	free(r);
}

void attempt_kill(struct attempt_run *r, enum cause why)
{
	if (r->ended)
		return;
	if (why)
		r->ended_by = why;
	if (r->killed_ms == 0)
		r->killed_ms = clock_mono_ms();
	/* Its children end with the group. Without a group it must end them itself; if it is
	 * stopped, only SIGCONT makes it handle SIGTERM. */
	kill(r->supervisor.pid, r->has_leaf ? SIGKILL : SIGTERM);
	kill(r->supervisor.pid, SIGCONT);
}

void attempt_group(const struct agent *a, const char *uuid, char group[ATTEMPT_GROUP])
{
	own_image struct image img = {0};
	own_builders struct builders *list = NULL;
	const char *name = "";
	struct warm w = {0};
	struct err e = ERR_INIT;

	if (image_load(a->conf->images_dir, uuid, &img, &e) == 0 && img.builder)
		name = img.builder;
	else if (warm_load(a->conf->store_dir, uuid, &w, &e) == 1)
		name = w.made.builder;
	(void)builders_load_one(a->conf->builders_dir, name, &list, &e);
	snprintf(group, ATTEMPT_GROUP, "%s", builder_group(list, name));
}
