/*
 * served: the artifacts that were published: STORE/served/sha256/DIGEST is a symbolic link to each.
 * hornero-serve serves only these, and other web servers can serve STORE/served itself.
 * STORE/served/stable/UUID/DIGEST is another link to the one that is current under a stable id
 * (stable.h): its record in Glance names this path, which is gone when other bytes are current.
 *
 * hornerod makes the link after the record of the publication, whatever the settings; a collector
 * removes it before the artifact. A link that a crash lost is made again when hornerod starts.
 */
#ifndef HORNERO_STORE_SERVED_H
#define HORNERO_STORE_SERVED_H

#include "lib/err.h"

#include <stdbool.h>

int served_add(const char *store_dir, const char *digest, struct err *e);

/* Whether the artifact was published. It may be gone or changed: store_open() tells. */
bool served_has(const char *store_dir, const char *digest);

/* Adds the artifacts of all files in Nova's cache that have a record. */
int served_mend(const char *store_dir, struct err *e);

/* Makes the artifact the only one with a link below the stable id; digest "": none. */
int served_set_current(const char *store_dir, const char *uuid, const char *digest, struct err *e);

bool served_is_current(const char *store_dir, const char *uuid, const char *digest);

/* artifacts: a descriptor of STORE/artifact. */
int served_remove(int artifacts, const char *digest, struct err *e);

#endif
