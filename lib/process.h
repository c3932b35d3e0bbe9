/*
 * process: what /proc reports about a process: whether it shows signs of life, and which process
 * holds a lock.
 *
 *     struct process_still s = {0};
 *     … every second or two …
 *     if (process_still_ms(&s, pid, clock_mono_ms()) > PROCESS_STOPPED_MS) …
 *
 * A process that sleeps or waits for a processor is not still. A process is still if it is stopped,
 * or if it has not left the kernel since the last look. PIDs are those of our own PID namespace.
 */
#ifndef HORNERO_LIB_PROCESS_H
#define HORNERO_LIB_PROCESS_H

#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
	char name[32]; /* the kernel's name, cut to 15 bytes; escaped */
	char state;    /* as in struct proc_stat */
	uint64_t signs; /* grows with all activity */
};

/* Returns false if the process does not exist. */
bool process_look(pid_t pid, struct process *out);

/* Stores the name of its program, without the directory, even if another file has that path now.
 * Returns false if it is not visible or does not fit. */
bool process_program(pid_t pid, char *name, size_t size);

/* Whether one of its arguments equals word. */
bool process_has_word(pid_t pid, const char *word);

/* Calls fn for each visible process until fn returns non-zero; returns that value, else 0. */
int process_each(int (*fn)(void *arg, pid_t pid), void *arg);

struct process_still {
	uint64_t signs;
	int64_t since_ms; /* monotonic; 0 if it is not still */
	char state;
};

/* Returns how long the process has been stopped, or in the kernel without a break. */
int64_t process_still_ms(struct process_still *s, pid_t pid, int64_t now_ms);

/* Returns "is stopped (state T)" or "hangs in the kernel (state D)". */
const char *process_state_words(char state);

static inline bool process_is_stopped(char state)
{
	return state == 'T' || state == 't';
}

/* Returns the PID of the process that holds an exclusive flock of path, or 0 if none is visible.
 * Tries a shared one, for an instant. */
pid_t process_with_flock(const char *path);

#endif
