/* floors: starts nothing while a filesystem is below its floor, and starts a collection to make
 * room. Checked in each turn, and every two seconds while below. DIAGNOSTICS: none. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/floors.h"
#include "agent/hornerod/sweeping.h"

#include "lib/clock.h"
#include "lib/log.h"

#include <string.h>

enum { COLLECT_AGAIN_MS = 30000 };

/* Returns true if the filesystem is below its floor. Keeps the first wording in text: the amount
 * changes all the time. */
static bool look(const struct floor *f, char text[FLOOR_WHY])
{
	char now[FLOOR_WHY];

	if (!floor_is_low(f, now)) {
		*text = '\0';
		return false;
	}
	if (*text == '\0')
		memcpy(text, now, sizeof(now));
	return true;
}

static void log_change(const char *before, const char *now)
{
	char quoted[2 * FLOOR_WHY];

	if (*now && !*before)
		log_warn("event=paused reason=%s", log_quote(quoted, sizeof(quoted), now));
	else if (*before && !*now)
		log_info("event=resumed");
}

void floors_look(struct agent *a)
{
	struct floor store = conf_store_floor(a->conf);
	struct floor work = conf_work_floor(a->conf);
	struct floor cache = conf_cache_floor(a->conf);
	struct floor state = conf_state_floor(a->conf);
	struct floors before = a->floors;
	int64_t now_ms = clock_mono_ms();
	bool is_low = look(&store, a->floors.store);

	/* Store and work mostly share one filesystem: report it once. */
	is_low = is_low || look(&work, a->floors.work);
	is_low = look(&cache, a->floors.cache) || is_low;
	is_low = look(&state, a->floors.state) || is_low;
	log_change(before.store, a->floors.store);
	log_change(before.work, a->floors.work);
	log_change(before.cache, a->floors.cache);
	log_change(before.state, a->floors.state);
	if (is_low && now_ms >= a->floors.collect_ms) {
		a->floors.collect_ms = now_ms + COLLECT_AGAIN_MS;
		collecting_start(a);
	}
}

/* Reports nothing while the first collection runs: most often that makes enough room. */
const char *floors_reported(struct agent *a)
{
	const char *why = floors_pause_building(a);

	a->floors.is_reported = why && (a->floors.is_reported || a->collect.child.pid <= 0);
	return a->floors.is_reported ? why : NULL;
}

const char *floors_pause_building(const struct agent *a)
{
	if (a->floors.store[0] != '\0')
		return a->floors.store;
	if (a->floors.work[0] != '\0')
		return a->floors.work;
	if (a->floors.state[0] != '\0')
		return a->floors.state;
	return floors_pause_publishing(a);
}

const char *floors_pause_publishing(const struct agent *a)
{
	return a->floors.cache[0] != '\0' ? a->floors.cache : NULL;
}
