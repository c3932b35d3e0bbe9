/*
 * outbox: the releases that are to be registered in Glance: STORE/outbox/RELEASE.json, one file for
 * each release. hornerod writes it with the publication, hornero-sweep if it is missing.
 * hornero-glance reads it and never writes here; registration.h has its answers.
 *
 * The latest publication wins: it replaces the file of the same release. Of an image's releases,
 * the one with the highest job is the current one, as in placed.h.
 */
#ifndef HORNERO_STORE_OUTBOX_H
#define HORNERO_STORE_OUTBOX_H

#include "lib/err.h"
#include "lib/sha.h"
#include "lib/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OUTBOX_MOST = 20000 /* files that outbox_load reads */ };

struct outgoing {
	char release[UUID_LEN + 1]; /* of the next two; not in the file */
	char image[UUID_LEN + 1];
	char digest[SHA256_HEX + 1];
	char repo[256];
	char ref[256];
	char commit[65];
	int64_t job, attempt; /* that published it */
	char visibility[17];  /* Glance's word */
	char project[65];     /* "": that of the credential */
};

/* Writes the file unless it has this publication already. Durable on return. Returns 1 if it was
 * written, 0 if not, -1 on error. */
int outbox_put(const char *store_dir, const struct outgoing *o, struct err *e);

/* Returns 1 if read, 0 if missing or invalid (logged), -1 on error. */
int outbox_get(const char *store_dir, const char *release, struct outgoing *out, struct err *e);

/* For a file of the outbox that could not be loaded, with the error: 0 if it is missing or invalid
 * (logged: it is written again), -1 if it could not be read. `what` and `id` name it in the log. */
int outbox_unread(const char *what, const char *id, const struct err *e);

/* Reads all files: the images in order, and of each image the current release first. The caller
 * frees *out. */
int outbox_load(const char *store_dir, struct outgoing **out, size_t *n, struct err *e);

#endif
