/*
 * steady: a clock in wall milliseconds that ignores changes of the wall clock. Decisions by an age,
 * a back-off or a deadline that outlives a process use it.
 *
 *     struct steady s;
 *     steady_load(&s, c->queue_dir);
 *     age_ms = clock_wall_ms() - steady_present_of_wall_ms(&s, mtime_ms);
 *     row.at_ms = steady_now_ms(&s);
 *     …
 *     age_ms = clock_wall_ms() - steady_present_ms(&s, row.at_ms);
 *
 * The steady clock is the boot clock plus a number in the file `clock` of the queue directory, so
 * that every process of the node agrees. On a node whose clock was never set it equals the wall
 * clock. Each change of the wall clock by more than two seconds begins a part: from then on the
 * wall clock is ahead of this one by offset_ms.
 *
 * Only hornerod writes the file (steady_note). Other processes detect a change that hornerod has
 * not written yet by themselves. After a reboot the wall clock is trusted again, unless it is
 * behind the time in the file: then no time has passed. Without the file the wall clock is trusted.
 */
#ifndef HORNERO_LIB_STEADY_H
#define HORNERO_LIB_STEADY_H

#include <stdbool.h>
#include <stdint.h>

enum { STEADY_PARTS = 16, STEADY_BOOT = 36 };

struct steady {
	char boot[STEADY_BOOT + 1]; /* boot id in the file; "" if there is none */
	int64_t base_ms;            /* this clock minus the boot clock */
	int64_t saved_ms;           /* this clock when the file was written */
	int n;                      /* at least 1; the oldest parts are dropped */
	struct steady_part {
		int64_t from_ms;    /* by this clock */
		int64_t offset_ms;  /* the wall clock minus this one */
	} parts[STEADY_PARTS];
};

void steady_load(struct steady *s, const char *queue_dir);

/* Looks at the clocks again. Writes the file if something has changed, and every ten minutes;
 * retries a failed write on the next call. Returns true if the wall clock was changed, by
 * *by_ms. */
bool steady_note(struct steady *s, const char *queue_dir, int64_t *by_ms);

int64_t steady_now_ms(const struct steady *s);

/* Returns this clock's time when the wall clock showed wall_ms. A clock that was set back shows
 * some times twice; the later one counts. */
int64_t steady_of_wall_ms(const struct steady *s, int64_t wall_ms);

/* steady_present_ms converts a time of this clock to the wall clock now in force, so that it can be
 * compared with the current wall time. steady_store_ms converts it back. 0, which means never,
 * stays 0. Pure. */
int64_t steady_present_ms(const struct steady *s, int64_t steady_ms);
int64_t steady_store_ms(const struct steady *s, int64_t present_ms);

/* Like steady_present_ms, for a past wall time, for example of a file. */
int64_t steady_present_of_wall_ms(const struct steady *s, int64_t wall_ms);

/* Whether the wall clock was changed after present_ms, a time from steady_present_ms. Pure. */
bool steady_was_changed(const struct steady *s, int64_t present_ms);

/* Pure parts, for tests: the clocks' readings, and the text of the file. */
void steady_see(struct steady *s, const char *boot, int64_t wall_ms, int64_t boot_ms);
bool steady_parse(struct steady *s, const char *text);
int64_t steady_of_wall_at(const struct steady *s, int64_t wall_ms, int64_t now_ms);

#endif
