/*
 * logfile: the log of an attempt, as it is written or compressed. hornero-collect compresses a log
 * some time after its attempt.
 */
#ifndef HORNERO_CLI_LOGFILE_H
#define HORNERO_CLI_LOGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct logfile {
	int fd;                /* -1: not open */
	struct unpack *packed; /* of a compressed log; else NULL */
	off_t begin;           /* where logfile_rewind goes */
};

#define LOGFILE_CLOSED {.fd = -1}

/* Opens PATH, or PATH.zst if there is none. Returns false with errno. */
bool logfile_open(struct logfile *f, const char *path);
/* Returns the number of bytes, 0 at the end, -1 with errno: EBADMSG if it is damaged. */
ssize_t logfile_read(void *f, char *buf, size_t size);
/* Goes back to f->begin. Returns false with errno. */
bool logfile_rewind(struct logfile *f);
void logfile_close(struct logfile *f);

#define own_logfile __attribute__((cleanup(logfile_close)))

#endif
