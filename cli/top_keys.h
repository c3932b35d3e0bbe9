/* top_keys: the keys of `hornero top`. They run other commands of hornero, which check the rights
 * and ask hornerod as ever. */
#ifndef HORNERO_CLI_TOP_KEYS_H
#define HORNERO_CLI_TOP_KEYS_H

#include "cli/live.h"
#include "cli/top.h"

enum top_order { TOP_QUEUE, TOP_AGE, TOP_CPU, TOP_MEMORY, TOP_IMAGE, TOP_ORDERS };

/* The state that the keys have led to. */
struct top_keys {
	enum top_order order;
	int64_t job;          /* the chosen one; 0: the first */
	char image[UUID_LEN + 1]; /* the chosen one's */
	int asked;            /* the key that waits for a yes; 0: none */
	char said[128];       /* the answer of the last command */
};

/* Fills order[] with the indexes of the snapshot's jobs as they are shown, and finds the chosen
 * job. Returns its place in order[]. */
size_t top_keys_order(struct top_keys *k, const struct snapshot *s, size_t order[TOP_JOBS_MAX]);

/* Moves the choice by so many rows. */
void top_keys_move(struct top_keys *k, const struct snapshot *s, int by);

/* Acts on any other key. Returns false to end. */
bool top_keys_act(struct top_keys *k, const struct cli *cli, struct live *live, int key);

/* Prints the last line of the screen, without an end. */
void top_keys_line(const struct top_keys *k);

#endif
