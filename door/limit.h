/*
 * limit: the limits of the door and of everything that it starts. Only this file uses libseccomp.
 *
 * The listening process (behind OpenSSH, the serving one) sets them once; git, hooks and the CLI
 * inherit them and cannot remove them. They are: no new privileges by exec; no core dumps, which
 * would contain host keys; the memory limit of the configuration; and a filter that allows only the
 * system calls of git, SQLite and hornero: no network but local sockets, no namespaces, tracing,
 * mounts, keys or modules.
 */
#ifndef HORNERO_DOOR_LIMIT_H
#define HORNERO_DOOR_LIMIT_H

#include "lib/err.h"

#include <stdint.h>

/* memory_bytes limits the private memory of each process. ERR_OPERATOR if the kernel refuses. */
int limit_self(int64_t memory_bytes, struct err *e);

/* Lowers this process's own limit; 0 restores the full one, for children that it is about to
 * start. */
void limit_memory(int64_t bytes);

#endif
