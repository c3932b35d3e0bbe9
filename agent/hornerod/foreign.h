/*
 * foreign: files in Nova's cache that stopped a publication because they are not hornero's.
 */
#ifndef HORNERO_AGENT_HORNEROD_FOREIGN_H
#define HORNERO_AGENT_HORNEROD_FOREIGN_H

#include <stdbool.h>
#include <stdint.h>

struct agent;

/* The publisher refused to replace what lies under the image's name now, for this job. */
void foreign_note(struct agent *a, const char *image, int64_t job);
/* Is it still that very file, for the same job, and has nobody let go of it? */
bool foreign_stands(const struct agent *a, const char *image, int64_t job);
void foreign_forget(struct agent *a, const char *image);
void foreign_forget_all(struct agent *a);

#endif
