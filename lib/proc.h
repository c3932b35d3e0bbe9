/*
 * proc: which process it was, and whether that one still lives.
 *
 *     struct proc_id id;
 *     if (proc_identify(getppid(), &id) == 0) … write id down …
 *     switch (proc_look(&id, owner)) …
 *
 * A number alone names nobody: it is used again, after a restart of the machine too, and each PID namespace counts by itself.
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
	uint32_t boot;  /* part of the kernel's boot_id */
};

enum proc_life {
	PROC_DEAD,
	PROC_ALIVE,  /* also if it is stopped */
	PROC_HIDDEN, /* it is in another PID namespace, or another user's, and cannot be seen from here */
};

/* A process of our own PID namespace. Returns -1 if it is gone. */
int proc_identify(pid_t pid, struct proc_id *out);

/* owner: the user whose process it was. */
enum proc_life proc_look(const struct proc_id *id, uid_t owner);

/* Since the start of that process, by the boot clock. */
int64_t proc_age_s(const struct proc_id *id);

/* We are in the machine's first PID namespace, from which all processes are seen. */
bool proc_sees_all(void);

/* PID of the next process that proc, an open /proc, lists; 0 at the end. */
pid_t proc_next(DIR *proc);

#endif
