/* stopsignal: the signals that end a program as a descriptor, for its loop. */
#ifndef HORNERO_LIB_STOPSIGNAL_H
#define HORNERO_LIB_STOPSIGNAL_H

#include "lib/err.h"

#include <stdbool.h>

/* SIGTERM and SIGINT, for stopsignal_open(). */
extern const int stopsignal_usual[];

/* Blocks the signals, a list that ends with 0, and returns a non-blocking descriptor that is
 * readable when one of them comes, or -1. */
int stopsignal_open(const int *signals, struct err *e);

/* Whether one came since the last call. */
bool stopsignal_read(int fd);

#endif
