/*
 * sharedrecord: the records in Glance whose bytes another node may take instead of a build.
 *
 * A record counts only if it is active and RAW, belongs to the project that this node would use
 * itself, has the content key, and says that a clean build gave the bytes (hornero_built). Its id
 * must be the release of its own hornero_image and hornero_sha256.
 */
#ifndef HORNERO_GLANCE_SHAREDRECORD_H
#define HORNERO_GLANCE_SHAREDRECORD_H

#include "glance/imageapi.h"
#include "store/wanted.h"

enum { SHARED_RECORDS_MOST = 4, SHARED_URL_MAX = 255 };

struct shared_record {
	char release[UUID_LEN + 1];
	char digest[SHA256_HEX + 1];
	char node[65];
	char url[SHARED_URL_MAX + 1]; /* where that node serves it; "": nowhere */
	int64_t size_bytes;
};

struct shared_records {
	struct shared_record list[SHARED_RECORDS_MOST]; /* the newest record first */
	size_t n;
	char why[401]; /* if n is 0: why a node's artifact of this commit does not count; "" */
};

enum said shared_records_find(struct glance *g, const struct wanted *w,
			      struct shared_records *out, struct err *e);

#endif
