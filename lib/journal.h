/*
 * journal: sends lines of the log to systemd's journal with fields of their own, so that
 * `journalctl HORNERO_JOB=42` finds them (systemd.journal-fields(7)), without libsystemd.
 *
 * Of a line "event=published job=42 image=… some text", event, job, attempt, image, repo, key, peer
 * and digest become HORNERO_EVENT and so on, up to the first word that is no field: what follows
 * may be text from outside.
 */
#ifndef HORNERO_LIB_JOURNAL_H
#define HORNERO_LIB_JOURNAL_H

#include <stddef.h>

/* Connects if standard error is the journal's ($JOURNAL_STREAM). Call before filters of system
 * calls. Returns a descriptor that stays open, or -1. */
int journal_open(void);

/* Returns 0 if the journal has it, -1 if not: write it to standard error then. Never waits. */
int journal_send(int fd, const char *program, int level, const char *line);

/* Writes the datagram of a line, which has no newline, into buf. Returns its length, 0 if it does
 * not fit. Pure. */
size_t journal_format(char *buf, size_t size, const char *program, int level, const char *line);

#endif
