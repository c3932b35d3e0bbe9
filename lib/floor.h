/*
 * floor: how much of a filesystem is to stay free: bytes, and a share of its inodes where their number is fixed.
 *
 *     struct floor f = conf_store_floor(conf);
 *     if (floor_is_low(&f, why)) …      "disk: 1.2 GiB free on /srv, the floor is 5.0 GiB (…)"
 */
#ifndef HORNERO_LIB_FLOOR_H
#define HORNERO_LIB_FLOOR_H

#include <stdbool.h>
#include <stdint.h>

enum { FLOOR_WHY = 512, FLOOR_FILES_PERCENT = 2 };

/* What is said of one begins so. It ends by itself: collections make room, and so may others. */
#define FLOOR_IS_LOW "disk: "

struct floor {
	const char *dir;
	int64_t bytes;           /* 0, and nothing reserved: no floor, of inodes neither */
	const char *key;         /* where the floor stands in the configuration */
	const char *reserved_on; /* where dir is on the filesystem of this one, reserved_bytes are added */
	int64_t reserved_bytes;
};

/* The floor with what is reserved. */
int64_t floor_bytes(const struct floor *f);

/* What anybody but root may still write there; -1 where the filesystem does not say. */
int64_t floor_free_bytes(const struct floor *f);

/* How much is missing; 0: nothing, or nobody knows. */
int64_t floor_lack_bytes(const struct floor *f);

/* The same of inodes. */
struct floor_files {
	int64_t free, all, floor;
};
/* false: there is no floor, or no number of inodes (btrfs says 0). XFS and ZFS count what their free space could still hold. */
bool floor_files(const struct floor *f, struct floor_files *out);
int64_t floor_lack_files(const struct floor *f);

/* Whether something is missing; then why says so, and what can be done. */
bool floor_is_low(const struct floor *f, char why[FLOOR_WHY]);

#endif
