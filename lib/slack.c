/* slack: DIAGNOSTICS: none. */
#include "lib/slack.h"

#include "lib/cpulist.h"
#include "lib/own.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool slack_read(const char *except, struct slack_use *out)
{
	/* the fields behind them are guest time, which "user" includes */
	enum { FIELDS = 8, IDLE = 3, IOWAIT = 4 };
	struct cpulist left_out;
	struct err ignored = ERR_INIT;
	bool leaves_out = except && cpulist_parse(except, &left_out, &ignored) == 0;
	own_file FILE *f = fopen("/proc/stat", "re");
	char line[512];

	*out = (struct slack_use){.run_ms = -1};
	while (f && fgets(line, sizeof(line), f) && strncmp(line, "cpu", 3) == 0) {
		int64_t t[FIELDS] = {0};
		unsigned int cpu;

		/* Skip the line of the sum. */
		if (sscanf(line,
			   "cpu%u %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64
			   " %" SCNd64 " %" SCNd64 " %" SCNd64,
			   &cpu, &t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6],
			   &t[7]) < 1 + IOWAIT + 1 ||
		    line[3] == ' ' || (leaves_out && cpu < CPULIST_CPUS && left_out.has[cpu]))
			continue;
		for (int i = 0; i < FIELDS; i++)
			out->all += t[i];
		out->idle += t[IDLE] + t[IOWAIT];
	}
	return out->all > 0;
}

/* If nothing counts the builds' time, treat it as none. */
static bool builds_lack(const struct slack *s, int64_t gone_ms, double processors,
			const struct slack_use *now)
{
	return (double)(now->run_ms - s->last.run_ms) < processors * (double)gone_ms / 2;
}

/* While no build runs, the period does not end: the probe after it would find nothing, and the next
 * build would start with that probe. */
static bool may_go_on(struct slack *s, int64_t now_ms, const struct slack_use *now)
{
	if (now->run_ms >= 0 && now->run_ms == s->last.run_ms)
		s->since_ms = now_ms;
	return now_ms - s->since_ms < SLACK_PROBE_MS;
}

bool slack_look(struct slack *s, int64_t now_ms, double processors, const struct slack_use *now)
{
	int64_t gone_ms = now_ms - s->last_ms;
	int64_t idle = 100 * (now->idle - s->last.idle);
	int64_t all = now->all - s->last.all;

	if (s->last_ms != 0 && gone_ms < SLACK_SHORTEST_MS)
		return s->competes;
	if (s->last_ms != 0 && s->competes) {
		s->competes = idle <= SLACK_SOME_PERCENT * all && may_go_on(s, now_ms, now);
	} else if (s->last_ms != 0 && idle < SLACK_NONE_PERCENT * all &&
		   builds_lack(s, gone_ms, processors, now)) {
		s->competes = true;
		s->since_ms = now_ms;
	}
	s->last = *now;
	s->last_ms = now_ms;
	return s->competes;
}
