/* build_disk: ends an attempt that fills a disk to its floor, in any stage, and removes what it
 * wrote.
 * DIAGNOSTICS: ERR_PUSHER if during the attempt free space fell by three quarters of the floor and
 * the attempt itself wrote as much; else ERR_NOBODY: the disk was nearly full, or others filled
 * it. */
#include "agent/build/build.h"

#include "agent/common/workdir.h"
#include "lib/bytes.h"
#include "lib/own.h"
#include "store/store.h"

#include <fcntl.h>
#include <stdlib.h>

enum { N_SIDES = sizeof(((struct disk_watch *)NULL)->sides) / sizeof(struct disk_side) };

static int64_t free_files(const struct floor *f)
{
	struct floor_files files;

	return floor_files(f, &files) ? files.free : -1;
}

static int64_t more(int64_t now, int64_t before)
{
	return now > before ? now - before : 0;
}

/* An attempt that started above the floor may use this much of it. Otherwise a build of a few bytes
 * would be ended each time that it starts just above the floor, because the collector makes room up
 * to the floor only. */
static int64_t most(int64_t floor)
{
	return floor / 4 * 3;
}

int build_disk_begin(struct build *b)
{
	struct disk_watch *w = &b->disk;
	char why[FLOOR_WHY];

	*w = (struct disk_watch){0};
	w->sides[0].floor = conf_work_floor(b->conf);
	w->sides[1].floor = conf_store_floor(b->conf);
	for (int i = 0; i < N_SIDES; i++) {
		if (floor_is_low(&w->sides[i].floor, why))
			return verdict_say(&b->verdict, ERR_NOBODY, CAUSE_DISK, "%s", why);
		w->sides[i].start_bytes = floor_free_bytes(&w->sides[i].floor);
		w->sides[i].start_files = free_files(&w->sides[i].floor);
	}
	return 0;
}

/* Returns whether free space is below the floor and the attempt used its share, or others left less
 * than that. */
static bool is_over(int64_t start, int64_t now, int64_t floor)
{
	return now >= 0 && now < floor &&
	       (more(start, now) >= most(floor) || now < floor - most(floor));
}

static bool side_is_over(struct disk_watch *w, const struct disk_side *side)
{
	struct floor_files files;

	w->by_files = floor_files(&side->floor, &files) &&
		      is_over(side->start_files, files.free, files.floor);
	return w->by_files || is_over(side->start_bytes, floor_free_bytes(&side->floor),
				      floor_bytes(&side->floor));
}

bool build_disk_is_low(void *disk)
{
	struct disk_watch *w = disk;

	for (int i = 0; i < N_SIDES && !w->low; i++) {
		const struct disk_side *side = &w->sides[i];

		if (!side_is_over(w, side))
			continue;
		w->low = side;
		w->low_bytes = floor_free_bytes(&side->floor);
		w->low_files = free_files(&side->floor);
	}
	return w->low != NULL;
}

/* Returns whether the attempt itself wrote that share, counting what was freed when it was ended.
 * Files that it hides from counting are its own. */
static bool is_own(const struct build *b)
{
	const struct disk_watch *w = &b->disk;
	own_free char *staged = store_stage_path(b->conf->store_dir, b->verdict.made.job,
						 b->verdict.made.attempt);
	const struct floor *f = &w->low->floor;
	struct floor_files files = {0};
	struct du sum = {0};

	if (!workdir_size(&sum, b->work) || !du_add(&sum, AT_FDCWD, staged))
		return true;
	/* Unlinked files were freed with the processes that had them open. */
	if (w->by_files && floor_files(f, &files))
		return sum.files + more(files.free, w->low_files) >= most(files.floor);
	return sum.bytes + more(floor_free_bytes(f), w->low_bytes) >= most(floor_bytes(f));
}

/* Formats the amount used and the floor: "12 MiB" or "800 inodes". Returns whether the attempt used
 * its share. */
static bool measure(const struct disk_watch *w, char went[BYTES_WORDS + 8],
		    char least[BYTES_WORDS + 8])
{
	const struct floor *f = &w->low->floor;
	struct floor_files files = {0};
	int64_t took;

	if (w->by_files && floor_files(f, &files)) {
		took = more(w->low->start_files, w->low_files);
		snprintf(went, BYTES_WORDS + 8, "%lld inodes", (long long)took);
		snprintf(least, BYTES_WORDS + 8, "%lld inodes", (long long)files.floor);
		return took >= most(files.floor);
	}
	took = more(w->low->start_bytes, w->low_bytes);
	bytes_words(went, took);
	bytes_words(least, floor_bytes(f));
	return took >= most(floor_bytes(f));
}

int build_disk_blame(struct build *b, const char *name)
{
	const struct disk_watch *w = &b->disk;
	const struct floor *f = &w->low->floor;
	char went[BYTES_WORDS + 8], least[BYTES_WORDS + 8];
	struct err e = ERR_INIT;

	if (!measure(w, went, least) || !is_own(b))
		return verdict_say(&b->verdict, ERR_NOBODY, CAUSE_DISK, "less than %s are free on "
				   "%s (%s); %s was ended", least, f->dir, f->setting, name);
	if (workdir_clear(b->work, &e) < 0)
		stage_note(&b->log, "%s", e.msg);
	return verdict_say(&b->verdict, ERR_PUSHER, CAUSE_DISK, "%s filled the disk: it took %s "
			   "since the attempt began, and less than %s were free on %s (%s); its "
			   "checkout and its cache were removed", name, went, least, f->dir,
			   f->setting);
}
