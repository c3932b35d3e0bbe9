/*
 * proc: identifies a process, so that a later look can tell whether that process still lives.
 *
 *     struct proc_id id;
 *     if (proc_identify(getppid(), &id) == 0) … write id down …
 *     switch (proc_look(&id, owner)) …
 *
 * A PID alone does not identify a process: the kernel reuses PIDs, a restart of the machine starts
 * over, and each PID namespace counts by itself.
 */
#ifndef HORNERO_LIB_PROC_H
#define HORNERO_LIB_PROC_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_id {
	pid_t pid;
	uint64_t ns;    /* inode of its PID namespace */
	uint64_t start; /* clock ticks between boot and its start */
	uint32_t boot;  /* first 32 bits of the kernel's boot_id */
};

enum proc_life {
	PROC_DEAD,
	PROC_ALIVE,  /* also if it is stopped */
	PROC_HIDDEN, /* in another PID namespace, or another user's: not visible from here */
};

/* What /proc/PID/stat says (proc(5)). */
struct proc_stat {
	char name[64];      /* the kernel's name, which may contain any byte */
	char state;         /* R, S, D, T, t, Z, … */
	uint64_t cpu_ticks; /* in user and in kernel mode */
	uint64_t start;     /* clock ticks between boot and its start */
};

/* Returns 0, or -1 if the process does not exist or is not visible. */
int proc_stat(pid_t pid, struct proc_stat *out);

/* Identifies a process of our own PID namespace. Returns 0, or -1 if it has ended. */
int proc_identify(pid_t pid, struct proc_id *out);

/* owner: the user that ran the process. */
enum proc_life proc_look(const struct proc_id *id, uid_t owner);

/* Returns the seconds since that process started, by the boot clock. */
int64_t proc_age_s(const struct proc_id *id);

/* Whether we are in the machine's first PID namespace, which sees all processes. */
bool proc_sees_all(void);

/* Returns the PID of the next process in proc, an open /proc; 0 at the end. */
pid_t proc_next(DIR *proc);

#endif
