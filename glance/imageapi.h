/*
 * imageapi: the calls of Glance's Images API v2 that a release needs, one function each.
 */
#ifndef HORNERO_GLANCE_IMAGEAPI_H
#define HORNERO_GLANCE_IMAGEAPI_H

#include "glance/api.h"
#include "store/offer.h"
#include "store/stable.h"
#include "store/store.h"

#include <stdbool.h>

#define IMAGEAPI_TAG "hornero-current-"

/* A record as Glance shows it; "" and -1: not shown. */
struct shown {
	char status[33];
	char hash_algo[33], hash[SHA512_HEX + 1];
	char sha256[SHA256_HEX + 1], image[UUID_LEN + 1]; /* properties of ours */
	char stable[17], release[UUID_LEN + 1]; /* properties of ours, of a stable id */
	char owner[65];
	char name[81], disk_format[33], container_format[33];
	int64_t size_bytes, min_disk;
	bool is_importing, has_import_failed;
	bool is_tagged; /* with the tag of image: imageapi_tag() */
	bool is_clean;  /* imageapi_note_clean() */
	bool is_required; /* imageapi_require() */
};

/* Returns the URL of a path below glance_artifact_url, or NULL if that is unset. The caller frees
 * it. */
char *imageapi_artifact_url(const struct conf *c, const char *path);

/* All fill e unless they return SAID_YES. Its class has no meaning. */
enum said imageapi_show(struct glance *g, const char *id, struct shown *out, struct err *e);
/* Makes the record, status queued, with the release as its id. */
enum said imageapi_create(struct glance *g, const struct outgoing *o, const struct manifest *m,
			  struct err *e);
/* The same for a stable id, whose bytes come later. */
enum said imageapi_create_stable(struct glance *g, const struct stable *s, struct err *e);
/* Marks the record as that of the stable id, and describes the artifact that is current under it
 * (m, or NULL). has_bytes: leaves what Glance has of the first ones. May be repeated. */
enum said imageapi_describe(struct glance *g, const struct stable *s, const struct manifest *m,
			    bool has_bytes, struct err *e);
enum said imageapi_add_location(struct glance *g, const char *id, const char *url,
				const char *sha512, struct err *e);
enum said imageapi_import(struct glance *g, const char *id, const char *url, struct err *e);
/* Adds what a page of the images of the token's project offers, after the image *marker ("": the
 * first page). Fills *marker for the next page; "": that was the last. */
enum said imageapi_offers(struct glance *g, char marker[UUID_LEN + 1],
			  struct offer list[OFFERS_MOST], size_t *n, struct err *e);
/* Sends size_bytes of fd. */
enum said imageapi_upload(struct glance *g, const char *id, int fd, int64_t size_bytes,
			  struct err *e);
/* Sets or removes the tag that names the current release of an image: IMAGEAPI_TAG and its UUID.
 * Either may be repeated. */
enum said imageapi_tag(struct glance *g, const char *id, const char *image, bool is_current,
		       struct err *e);
/* Sets the property hornero_built to clean: a clean build of its content key gave these bytes. */
enum said imageapi_note_clean(struct glance *g, const char *id, struct err *e);
/* Whether Nova boots it only on nodes with the trait of the image (store/traits.h). */
enum said imageapi_require(struct glance *g, const char *id, const char *image, bool is_required,
			   struct err *e);
/* action: "deactivate" or "reactivate" */
enum said imageapi_act(struct glance *g, const char *id, const char *action, struct err *e);

#endif
