/*
 * rollout: the rebuild of an image's servers on this node onto a release, for on_warm: rebuild:
 * GLANCE_DIR/IMAGE.rollout. hornero-glance alone writes it, before it asks Nova for a rebuild and
 * after each look. It is about the publication of the same release, job and attempt; a newer
 * publication replaces it.
 */
#ifndef HORNERO_STORE_ROLLOUT_H
#define HORNERO_STORE_ROLLOUT_H

#include "store/outbox.h"

enum { ROLLOUT_PARALLEL_MOST = 8, ROLLOUT_IDS = ROLLOUT_PARALLEL_MOST * (UUID_LEN + 1) };

/* The metadata key of a server that may be rebuilt; its value is the image's UUID. */
#define ROLLOUT_KEY "hornero_rebuild"

enum rollout_state {
	ROLLOUT_NONE,    /* not tried yet */
	ROLLOUT_WAITING, /* for the registration, for the cache, or for Nova */
	ROLLOUT_RUNNING, /* servers are being rebuilt */
	ROLLOUT_REFUSED, /* an operator must change something */
	ROLLOUT_FAILED,  /* a server did not become healthy: no other is rebuilt */
	ROLLOUT_DONE,
};

struct rollout {
	char image[UUID_LEN + 1], release[UUID_LEN + 1];
	int64_t job, attempt;   /* that published it */
	char state[17];         /* rollout_state_name() */
	char busy[ROLLOUT_IDS]; /* servers that are being rebuilt, separated by blanks */
	char asked[ROLLOUT_IDS]; /* …those of them that Nova accepted */
	char owed[ROLLOUT_IDS]; /* …and those that an earlier rebuild broke: started if stopped */
	int64_t total, moved;   /* servers with the key; those of them that have the release */
	int64_t left;           /* …and those that are left alone, by their status */
	char reason[401];       /* one sentence; "" */
	int64_t tries;          /* in a row that Nova did not answer */
	int64_t since_ms;       /* wall: of this state */
	int64_t next_ms;        /* wall: of the next try; 0: none */
};

const char *rollout_state_name(enum rollout_state state);
/* ROLLOUT_NONE if the record has none of our words. */
enum rollout_state rollout_state(const struct rollout *r);

/* Whether the record is about this publication of this release. */
bool rollout_answers(const struct rollout *r, const char *release, int64_t job, int64_t attempt);

/* Lists of ids, separated by blanks. rollout_id copies the i-th one and returns false if there is
 * none; rollout_add does nothing if the list is full. */
bool rollout_id(const char *ids, size_t i, char id[UUID_LEN + 1]);
bool rollout_has(const char *ids, const char *id);
void rollout_add(char ids[ROLLOUT_IDS], const char *id);
void rollout_drop(char ids[ROLLOUT_IDS], const char *id);

/* Durable on return. Bytes of reason that a record cannot have become "?". */
int rollout_save(const char *glance_dir, const struct rollout *r, struct err *e);

/* Returns 1 if read, 0 if missing or invalid (logged), -1 on error. */
int rollout_load(const char *glance_dir, const char *image, struct rollout *out, struct err *e);

#endif
