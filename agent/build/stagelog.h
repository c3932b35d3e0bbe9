/*
 * stagelog: the log of an attempt: what its stages print, and our own lines between.
 *
 * Ours begin with "hornero: ". A line of anything else that could be taken for one of ours, by its letters or by what a terminal
 * makes of it, gets "| " in front, so that the two are told apart by their first byte. All others are left alone: what
 * reads compilers' messages goes on reading them.
 */
#ifndef HORNERO_AGENT_BUILD_STAGELOG_H
#define HORNERO_AGENT_BUILD_STAGELOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STAGELOG_HEAD = 64, STAGELOG_OUT = 16384 };

struct stage_log {
	int fd;
	int64_t used_bytes, limit_bytes; /* of what stages print */
	bool open_line;                  /* what was written last had no newline behind it */
	bool decided;                    /* about the line that is being written */
	size_t nhead;                    /* the beginning of a line that may become one like ours */
	char head[STAGELOG_HEAD];
	size_t nout; /* gathered for one write; nothing is left here on return */
	char out[STAGELOG_OUT];
};

/* A line of hornero's own: "hornero: …", on a line of its own. Never counted against the bound. */
void stage_note(struct stage_log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What a stage printed; ours: a program of hornero's, which says nothing but its own lines. False: it was more than the bound,
 * and is cut off there. */
bool stagelog_take(struct stage_log *log, const char *data, size_t len, bool ours);

/* What is held back of a line; at the end of a stage. */
void stagelog_flush(struct stage_log *log);

#endif
