/*
 * stable: the stable ids, images whose own UUID has a record in Glance: STORE/outbox/UUID.stable.
 * hornero-sweep writes one for each image with glance_record, hornerod when other bytes are current
 * under the UUID. hornero-glance reads them; its answer is the registration (registration.h) of
 * that UUID, whose job is the serial of the file that it answers.
 */
#ifndef HORNERO_STORE_STABLE_H
#define HORNERO_STORE_STABLE_H

#include "store/registration.h"

struct stable {
	char image[UUID_LEN + 1];
	char record[9];     /* "create" or "adopt" */
	char policy[17];    /* "fail-closed" or "follow" */
	char name[201];     /* of a record that is to be made */
	char visibility[17], project[65]; /* as in struct outgoing */
	char repo[256], ref[256];
	char commit[65];                /* "" like digest */
	char digest[SHA256_HEX + 1]; /* that is current under the UUID in Nova's cache; "": none */
	int64_t serial;     /* grows with each change; at least the image file's time in ms */
};

/* Writes the file if it is missing, differs, or has an older serial than *s. Durable on return.
 * Returns 1 if it was written, 0 if not, -1 on error. */
int stable_put(const char *store_dir, const struct stable *s, struct err *e);

/* Returns 1 if read, 0 if missing or invalid (logged), -1 on error. */
int stable_get(const char *store_dir, const char *image, struct stable *out, struct err *e);

/* Reads all files, at most OUTBOX_MOST. The caller frees *out. */
int stable_load(const char *store_dir, struct stable **out, size_t *n, struct err *e);

/* Does nothing if there is none. */
int stable_remove(const char *store_dir, const char *image, struct err *e);

/* Whether the registration answers this file, and Glance has the record: the image may be bound. */
bool stable_is_made(const struct stable *s, const struct registration *r);

#endif
