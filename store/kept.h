/*
 * kept: until when an image is kept warm, and what became of its file: one record per image, and per release
 * that is current, STORE/kept/UUID.json. hornero-keep writes it, and hornero-collect when it has had a file removed, each with a
 * flock on STORE/kept (kept_lock). What is warm stands in warm.h.
 *
 * Nova's cache manager counts a base's age from its mtime; every spawn and every instance that stands on
 * it renew that, and so do we. A use is an mtime that is not our own: so the record holds the times that
 * we gave, before they are given.
 */
#ifndef HORNERO_STORE_KEPT_H
#define HORNERO_STORE_KEPT_H

#include "lib/err.h"
#include "lib/steady.h"
#include "store/warm.h"

#include <stdbool.h>
#include <stdint.h>

enum { KEPT_ALWAYS = -1 }; /* a wish in seconds: this, 0 for never, else after the last use or push */

struct kept {
	char image[UUID_LEN + 1];
	char digest[SHA256_HEX + 1]; /* of the warm record that used_ms counts for */
	char commit[65];
	uint64_t ino;                /* of the file that was touched, with its birth */
	int64_t born_ns;
	int64_t used_ms;             /* wall: the last use or push that is known */
	int64_t touched_ns;          /* the mtime that we gave it, or were about to give; 0 */
	int64_t touched_before_ns;   /* the one before: what it has where we died in between */
	int64_t gone_ms;             /* wall: when it was first found gone; 0: it is there */
	int64_t free_ms;             /* of a release that is published alone: wall, since when no instance stands on the
	                                image's own name any more; 0: one does, or nobody asked */
	char evicted[161];           /* it is gone because it was collected: what for; "" */
};

/* A descriptor that holds the lock until it is closed; -1 with ERR_NOBODY where others hold it for long. */
int kept_lock(const char *store_dir, struct err *e);

/* The file of the image's own name was collected: used_ms is what was known of its use. Durable on return. */
int kept_note_evicted(const struct steady *clock, const char *store_dir, const char *uuid, int64_t used_ms, int64_t now_ms, const char *why, struct err *e);

/* Durable on return. */
int kept_save(const struct steady *clock, const char *store_dir, const struct kept *k, struct err *e);

int kept_remove(const char *store_dir, const char *uuid, struct err *e);

/* 1 read, 0 none, or one that makes no sense (logged); -1 error. */
int kept_load(const struct steady *clock, const char *store_dir, const char *uuid, struct kept *out, struct err *e);

/* Bring k (zeroed where there is none) to what the warm record and the file say now; mtime_ns 0: the file is
 * gone, gone_ms is the caller's to set. Pure. A new commit or digest is a push; a new file with the same ones
 * was published again by the sweep, which is no use. */
void kept_learn(const struct steady *clock, struct kept *k, const struct warm *w, int64_t mtime_ns);

/* The same of a release (placed.h), whose record STORE/kept/RELEASE.json is read and brought up to date: where the
 * image's own name has the same bytes, a use of that is a use of it. -1 error. */
int kept_of_release(const struct steady *clock, const char *store_dir, const struct warm *release, int64_t mtime_ns, struct kept *out, struct err *e);

/* When the wish ends (wall ms); INT64_MAX: always. Pure. */
int64_t kept_until_ms(const struct kept *k, int64_t keep_s);

/* The mtime that the file should be given, or 0: none. age_s is what Nova's ageing waits for. Touched is what
 * is older than half of it; a time is chosen so that Nova's age ends when the wish does. Pure. */
int64_t kept_touch_ns(const struct kept *k, int64_t keep_s, int64_t age_s, int64_t mtime_ns, int64_t now_ms);

/* Since when nobody but a person can have deleted it: before this (wall ms) Nova's ageing does not. Pure. */
int64_t kept_safe_until_ms(const struct kept *k, const struct warm *w, int64_t age_s);

#endif
