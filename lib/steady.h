/*
 * steady: a clock in wall milliseconds that no change of the wall clock moves. Whatever decides by an age, a back-off or
 * a deadline that outlives a process goes by it.
 *
 *     struct steady s;
 *     steady_load(&s, c->queue_dir);
 *     age_ms = clock_wall_ms() - steady_present_of_wall_ms(&s, mtime_ms);
 *     row.at_ms = steady_now_ms(&s);  …  age_ms = clock_wall_ms() - steady_present_ms(&s, row.at_ms);
 *
 * It is the boot clock plus a number that is kept in the file `clock` of the queue directory, so that every process of
 * the node agrees. On a node whose clock was never set it says the same as the wall clock. Each change of the wall clock by
 * more than two seconds begins a part: from then on the wall clock is ahead of this one by offset_ms.
 *
 * hornerod alone writes the file (steady_note). Everybody else sees a change that it has not noted yet by themselves.
 * After a reboot the wall clock is believed again, unless it is behind what the file says: then no time has passed. Without
 * the file the wall clock is believed.
 */
#ifndef HORNERO_LIB_STEADY_H
#define HORNERO_LIB_STEADY_H

#include <stdbool.h>
#include <stdint.h>

enum { STEADY_PARTS = 16, STEADY_BOOT = 36 };

struct steady {
	char boot[STEADY_BOOT + 1]; /* of the file; "": it knew none */
	int64_t base_ms;            /* this clock less the boot clock */
	int64_t saved_ms;           /* what this clock said when the file was written */
	int n;                      /* at least 1; the oldest are forgotten */
	struct steady_part {
		int64_t from_ms;    /* of this clock */
		int64_t offset_ms;  /* the wall clock less this one */
	} parts[STEADY_PARTS];
};

void steady_load(struct steady *s, const char *queue_dir);

/* Look at the clocks again; the file is written where something has changed, and every ten minutes. True: the wall clock
 * was changed, by *by_ms. A file that cannot be written is tried again with the next call. */
bool steady_note(struct steady *s, const char *queue_dir, int64_t *by_ms);

int64_t steady_now_ms(const struct steady *s);

/* What this clock said when the wall clock said that. A clock that was set back said some times twice: the later one. */
int64_t steady_of_wall_ms(const struct steady *s, int64_t wall_ms);

/* A time of this clock as the wall clock that is in force now would have said it, so that both can be compared with the wall
 * clock of this moment; and back. 0 stays 0: never. Pure. */
int64_t steady_present_ms(const struct steady *s, int64_t steady_ms);
int64_t steady_store_ms(const struct steady *s, int64_t present_ms);

/* The same for a time that the wall clock said then: of a file, say. */
int64_t steady_present_of_wall_ms(const struct steady *s, int64_t wall_ms);

/* Was the wall clock changed after that time, as steady_present_ms says it? Pure. */
bool steady_was_changed(const struct steady *s, int64_t present_ms);

/* Pure parts, for tests: the clocks' readings, and the text of the file. */
void steady_see(struct steady *s, const char *boot, int64_t wall_ms, int64_t boot_ms);
bool steady_parse(struct steady *s, const char *text);
int64_t steady_of_wall_at(const struct steady *s, int64_t wall_ms, int64_t now_ms);

#endif
