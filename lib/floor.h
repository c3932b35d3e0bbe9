/*
 * floor: how much of a filesystem must stay free: bytes, and a share of the inodes if their number
 * is fixed.
 *
 *     struct floor f = conf_store_floor(conf);
 *     if (floor_is_low(&f, why)) …      "disk: 1.2 GiB free on /srv, the floor is 5.0 GiB (…)"
 */
#ifndef HORNERO_LIB_FLOOR_H
#define HORNERO_LIB_FLOOR_H

#include <stdbool.h>
#include <stdint.h>

enum { FLOOR_WHY = 512, FLOOR_FILES_PERCENT = 2 };

struct floor {
	const char *dir;
	int64_t bytes;           /* 0, and nothing reserved: no floor, not for inodes either */
	const char *setting;     /* the floor's setting in the configuration */
	/* If dir is on the filesystem of this path, reserved_bytes are added. */
	const char *reserved_on;
	int64_t reserved_bytes;
};

/* Returns the floor, including the reserved bytes if they apply. */
int64_t floor_bytes(const struct floor *f);

/* Returns the bytes that an unprivileged user may still write there, or -1 if statvfs fails. */
int64_t floor_free_bytes(const struct floor *f);

/* Returns the missing bytes; 0 if none are missing or the free space is unknown. */
int64_t floor_lack_bytes(const struct floor *f);

/* The same for inodes. */
struct floor_files {
	int64_t free, all, floor;
};
/* Returns false if there is no floor, or if the filesystem has no fixed number of inodes (btrfs
 * reports 0). XFS and ZFS report as many as their free space could still hold. */
bool floor_files(const struct floor *f, struct floor_files *out);
int64_t floor_lack_files(const struct floor *f);

/* Whether bytes or inodes are missing. If so, fills why with the reason and what to do. */
bool floor_is_low(const struct floor *f, char why[FLOOR_WHY]);

#endif
