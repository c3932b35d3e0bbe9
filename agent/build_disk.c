/* build_disk: a build that fills the disk under its checkout and cache is ended at the floor, and what it wrote goes.
 * DIAGNOSTICS: ERR_PUSHER where the run took more than the floor itself, else ERR_NOBODY: the disk was nearly full. */
#include "agent/build.h"

#include "lib/bytes.h"
#include "lib/fs.h"

void disk_watch_begin(struct disk_watch *w, const struct build *b)
{
	w->floor = conf_store_floor(b->conf);
	w->floor.dir = b->work_path;
	w->start_bytes = floor_free_bytes(&w->floor);
}

bool disk_watch_is_low(void *arg)
{
	const struct disk_watch *w = arg;

	/* Below it from the start: there is nothing to be kept. */
	return w->start_bytes >= floor_bytes(&w->floor) && floor_lack_bytes(&w->floor) > 0;
}

/* As --clean would: the next run begins with nothing. */
static void remove_work(struct build *b)
{
	static const char *const names[] = {"tree", "src", "cache"};
	struct err e = ERR_INIT;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (fs_remove_tree(b->work, names[i], &e) < 0)
			stage_note(&b->log, "%s", e.msg);
}

int disk_watch_blame(const struct disk_watch *w, struct build *b, const char *name)
{
	int64_t took = w->start_bytes - floor_free_bytes(&w->floor);
	char took_text[BYTES_WORDS], floor_text[BYTES_WORDS];

	bytes_words(took_text, took);
	bytes_words(floor_text, floor_bytes(&w->floor));
	if (took < floor_bytes(&w->floor))
		return verdict_say(&b->verdict, ERR_NOBODY, "disk", "less than %s are free on %s (%s); %s was ended", floor_text,
				   b->work_path, w->floor.key, name);
	remove_work(b);
	return verdict_say(&b->verdict, ERR_PUSHER, "disk", "%s filled the disk: %s went while it ran, and less than %s were free "
			   "(%s); its checkout and its cache were removed", name, took_text, floor_text, w->floor.key);
}
