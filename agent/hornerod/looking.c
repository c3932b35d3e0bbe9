/* looking: if a hook could not write its row, the push waits two seconds, not a sweep interval. The
 * hook names its repository (lib/bell.h), and a hornero-sweep of that repository alone runs at
 * once, even while another sweep runs. DIAGNOSTICS: a failed sweep is repeated until the queue
 * accepts its jobs. A missed bell, or too many repositories, cause a sweep of all. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/looking.h"
#include "agent/hornerod/upkeep.h"

#include "conf/image.h"
#include "lib/clock.h"
#include "lib/log.h"

#include <string.h>
#include <sys/wait.h>

/* Ignores repositories of the running sweep: their refs may have moved after it read them. */
static bool is_noted(const struct looks *l, const char *repo)
{
	for (size_t i = l->at_work; i < l->n; i++)
		if (strcmp(l->repos[i], repo) == 0)
			return true;
	return false;
}

void looking_add(struct agent *a, const char *repo)
{
	struct looks *l = &a->looks;
	struct err ignored = ERR_INIT;

	if (!*repo || l->n == LOOKS_MAX)
		a->next_sweep_ms = 0;
	else if (image_check_repo(repo, &ignored) == 0 && !is_noted(l, repo))
		snprintf(l->repos[l->n++], sizeof(l->repos[0]), "%s", repo);
}

static int on_end(sd_event_source *src, int fd, uint32_t events, void *arg)
{
	struct agent *a = arg;
	struct looks *l = &a->looks;
	int status = upkeep_reap(&l->sweep, 0);
	bool done = WIFEXITED(status) && WEXITSTATUS(status) == 0;

	(void)src, (void)fd, (void)events;
	if (done) {
		l->n -= l->at_work;
		memmove(l->repos, l->repos[l->at_work], l->n * sizeof(l->repos[0]));
	}
	l->at_work = 0;
	l->next_ms = done ? 0 : clock_mono_ms() + AGENT_RETRY_MS;
	agent_soon(a, 0);
	return 0;
}

void looking_start(struct agent *a)
{
	struct looks *l = &a->looks;
	const char *options[2 * LOOKS_MAX + 2] = {"--quiet"};
	size_t n = 1;

	if (l->sweep.child.pid > 0 || l->n == 0 || clock_mono_ms() < l->next_ms)
		return;
	for (size_t i = 0; i < l->n; i++) {
		options[n++] = "--repo";
		options[n++] = l->repos[i];
		log_info("event=looking repo=%s a push could not be written into the queue",
			 l->repos[i]);
	}
	upkeep_start(a, &l->sweep, "hornero-sweep", options, on_end);
	if (l->sweep.child.pid > 0)
		l->at_work = l->n;
	else
		l->next_ms = clock_mono_ms() + AGENT_RETRY_MS;
}

int64_t looking_in_ms(const struct agent *a)
{
	if (a->looks.sweep.child.pid > 0 || a->looks.n == 0)
		return INT64_MAX;
	return a->looks.next_ms - clock_mono_ms();
}
