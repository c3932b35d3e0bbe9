/*
 * stagelog: the log of an attempt: the output of its stages, with our own lines in between.
 *
 * Our lines begin with "hornero: ". Any other line that a reader could mistake for ours, by its
 * letters or by what a terminal makes of it, is prefixed with "| ", so that the first byte tells
 * the two apart. All other lines stay unchanged, so that tools can still parse compilers' messages.
 */
#ifndef HORNERO_AGENT_BUILD_STAGELOG_H
#define HORNERO_AGENT_BUILD_STAGELOG_H

#include "state/logtimes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STAGELOG_HEAD = 64, STAGELOG_OUT = 16384 };

struct stage_log {
	int fd;
	struct logtimes times;
	int64_t used_bytes, limit_bytes; /* of the stages' output */
	bool open_line;                  /* the last byte written was not a newline */
	bool decided;                    /* whether the current line gets the prefix is decided */
	size_t nhead;                    /* start of a line that may yet look like ours */
	char head[STAGELOG_HEAD];
	size_t nout; /* collected for one write; empty on return */
	char out[STAGELOG_OUT];
};

/* Writes a line "hornero: …". It does not count against the bound. */
void stage_note(struct stage_log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Writes a stage's output. ours: one of our own programs printed it, so no prefix is needed.
 * Returns false if the output exceeds the bound; the rest is dropped. */
bool stagelog_take(struct stage_log *log, const char *data, size_t len, bool ours);

/* Writes the part of a line that is held back; call it at the end of a stage. */
void stagelog_flush(struct stage_log *log);

#endif
