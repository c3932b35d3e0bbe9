/*
 * offer: an image in Glance whose name is git@NODE:/path/repo and that belongs to the project of
 * hornero-glance: GLANCE_DIR/offers/ID.json. hornero-glance writes these files when it starts, on
 * SIGHUP and each hour; `hornero image import` reads them.
 */
#ifndef HORNERO_STORE_OFFER_H
#define HORNERO_STORE_OFFER_H

#include "lib/err.h"
#include "lib/uuid.h"

#include <stddef.h>
#include <stdint.h>

#define OFFER_PREFIX "git@"
enum { OFFERS_MOST = 1000 };

struct offer {
	char id[UUID_LEN + 1];
	char name[256];
	char status[33], disk_format[33], container_format[33]; /* Glance's words; "": none */
	int64_t size_bytes; /* 0: no bytes, or not shown */
};

/* Replaces all files by these. */
int offers_save(const char *glance_dir, const struct offer *list, size_t n, struct err *e);

/* Reads all files, in the order of their ids. Fills *seen_ms with the time of the last
 * offers_save(), wall; 0: there was none. The caller frees *out. */
int offers_load(const char *glance_dir, struct offer **out, size_t *n, int64_t *seen_ms,
		struct err *e);

#endif
