/*
 * limit: what the door, and everything that it starts, is held to. Only this file knows libseccomp.
 *
 * Put on once, by the process that listens (or, behind OpenSSH, serves): git, hooks and the words of hornero inherit
 * it and cannot take it off. No new privileges by exec; no core, which would hold host keys; no more memory than the
 * configuration says; and of the kernel's calls those that git, SQLite and hornero make: no other network than local
 * sockets, no namespaces, no tracing, no mounts, no keys, no modules.
 */
#ifndef HORNERO_DOOR_LIMIT_H
#define HORNERO_DOOR_LIMIT_H

#include "lib/err.h"

#include <stdint.h>

/* memory_bytes: private memory of each process. ERR_OPERATOR where the kernel refuses. */
int limit_self(int64_t memory_bytes, struct err *e);

/* Of that memory, how much this process itself may have from here on; 0: all of it, for the children that it makes. */
void limit_memory(int64_t bytes);

#endif
