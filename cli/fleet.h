/*
 * fleet: the words of many nodes, as one view.
 *
 *     fleet_ask(&nodes, limit_ms, live, answers, e)       each node, by ssh, side by side
 *     fleet_read(&answers[i], i, &view, e)                its rows, or why they are none
 *     fleet_compare(&view)                                which lag, and why
 *
 * A node may have been taken over: what it says is bounded, checked, and escaped when it is shown.
 */
#ifndef HORNERO_CLI_FLEET_H
#define HORNERO_CLI_FLEET_H

#include "cli/live.h"
#include "conf/nodes.h"
#include "lib/uuid.h"

enum {
	FLEET_BYTES_MOST = 4 << 20, /* that a node may answer */
	FLEET_ROWS_MOST = 2000,     /* images of a node */
	FLEET_TEXT_MAX = 400,
	FLEET_AT_ONCE = 64,         /* ssh processes */
};

/* The answer of a node. */
struct answer_of {
	const char *node; /* as in nodes.yaml; borrowed */
	bool is_valid;
	char problem[FLEET_TEXT_MAX]; /* why it is not */
	int64_t took_ms;
	size_t rows, lagging; /* by fleet_read and fleet_compare */
	char *text; /* JSON; NULL: none */
	size_t len;
};

/* Asks each node of the list. Fills n->n answers, whose texts the caller frees. A node that does
 * not answer within limit_ms is a problem of its answer, not an error. Returns 1 if all were asked,
 * 0 if a signal ended it (live_take_signal). No process of ours is left on return. */
int fleet_ask(const struct nodes *n, int limit_ms, struct live *live, struct answer_of *answers);

/* An image on a node. Texts are "" and numbers 0 where the node has none. */
struct fleet_row {
	struct answer_of *from;
	char image[UUID_LEN + 1];
	char name[FLEET_TEXT_MAX], repo[FLEET_TEXT_MAX], ref[FLEET_TEXT_MAX];
	char state[32], job_state[32];
	char commit[CLI_COMMIT_MAX + 1], wanted[CLI_COMMIT_MAX + 1];
	int64_t published_ms, wanted_ms, job;
	bool is_wanted_warm;
	char reason[FLEET_TEXT_MAX];
	/* by fleet_compare */
	bool lags;
};

struct fleet_image {
	const struct fleet_row *first;
	const char *newest; /* commit; borrowed */
	size_t nodes, warm, lagging;
};

struct fleet {
	struct fleet_row *rows;
	size_t n, room;
	struct fleet_image *images;
	size_t n_images;
};

/* Adds the rows of a valid answer. If its text is not what `image list --wanted --json` prints,
 * adds none and makes the answer invalid. Returns -1 if memory runs out. */
int fleet_read(struct answer_of *a, struct fleet *f, struct err *e);

/* Sorts the rows by image, fills the images, and finds the rows that lag. Returns -1 if memory runs
 * out. */
int fleet_compare(struct fleet *f, struct err *e);

void fleet_fini(struct fleet *f);
#define own_fleet __attribute__((cleanup(fleet_fini)))

#endif
