/*
 * foreign: files in Nova's cache that stopped a publication because they are not hornero's.
 */
#ifndef HORNERO_AGENT_HORNEROD_FOREIGN_H
#define HORNERO_AGENT_HORNEROD_FOREIGN_H

#include <stdbool.h>
#include <stdint.h>

struct agent;

/* Notes that the publisher refused, for this job, to replace the file at the image's name. */
void foreign_note(struct agent *a, const char *image, int64_t job);
/* Whether the same file is still there, for the same job, and its operator has not permitted its
 * replacement. */
bool foreign_stands(const struct agent *a, const char *image, int64_t job);
void foreign_forget(struct agent *a, const char *image);
void foreign_forget_all(struct agent *a);

#endif
