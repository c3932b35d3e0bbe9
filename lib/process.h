/*
 * process: what /proc tells of one: whether it gives signs of life, and which one holds a lock.
 *
 *     struct process_still s = {0};
 *     … every second or two …
 *     if (process_still_ms(&s, pid, clock_mono_ms()) > PROCESS_STOPPED_MS) …
 *
 * A process that waits for a processor, or sleeps, is never called still: only one that is stopped, or that has not
 * left the kernel since. The numbers are those of our own PID namespace.
 */
#ifndef HORNERO_LIB_PROCESS_H
#define HORNERO_LIB_PROCESS_H

#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
	char name[32]; /* as the kernel has it, cut to 15 bytes; escaped */
	char state;    /* R, S, D, T, t, Z, … of proc(5) */
	uint64_t signs; /* grows with whatever it does */
};

/* False: there is no such process. */
bool process_look(pid_t pid, struct process *out);

/* The program that it runs, without its directory; also where another file stands there by now. False: not to be seen. */
bool process_program(pid_t pid, char *name, size_t size);

/* Whether one of its words (argv) is that. */
bool process_has_word(pid_t pid, const char *word);

/* Each process that can be seen here, until fn returns other than 0, which is returned. */
int process_each(int (*fn)(void *arg, pid_t pid), void *arg);

struct process_still {
	uint64_t signs;
	int64_t since_ms; /* monotonic; 0: it lives */
	char state;
};

/* For how long it has been stopped, or in the kernel without a break. */
int64_t process_still_ms(struct process_still *s, pid_t pid, int64_t now_ms);

/* "is stopped (state T)", "hangs in the kernel (state D)". */
const char *process_state_words(char state);

static inline bool process_is_stopped(char state)
{
	return state == 'T' || state == 't';
}

/* Who holds the flock of that file or directory; 0: nobody who can be seen here. */
pid_t process_with_flock(const char *path);

#endif
