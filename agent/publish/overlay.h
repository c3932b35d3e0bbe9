/*
 * overlay: parses qcow2 headers and compares backing file names. Pure.
 *
 * Nova's instances are qcow2 overlays on a base in the cache. To replace the base of an overlay
 * mixes two images in one disk, so we read every header under instances_path first. The parser
 * trusts no byte of a header (qemu: docs/interop/qcow2.txt).
 */
#ifndef HORNERO_AGENT_PUBLISH_OVERLAY_H
#define HORNERO_AGENT_PUBLISH_OVERLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	OVERLAY_NAME_MAX = 1023,          /* as in the format */
	OVERLAY_OFFSET_MAX = 2 * 1048576, /* in the first cluster, which has at most 2 MiB */
};

enum overlay_kind {
	OVERLAY_NONE,   /* not qcow2, or without a base */
	OVERLAY_BACKED, /* the name of its base lies at *offset, *len bytes */
	OVERLAY_BAD,    /* qcow2, but invalid or with an external data file: the base is unknown */
};

/* Parses the first len bytes of a file. Sets *offset and *len_out for OVERLAY_BACKED only:
 * 20 <= offset <= OVERLAY_OFFSET_MAX, 1 <= len <= OVERLAY_NAME_MAX. */
enum overlay_kind overlay_parse(const uint8_t *head, size_t len, uint64_t *offset,
				uint32_t *len_out);

/* Does the header of an OVERLAY_BACKED disk call its base raw? If it names no format, QEMU
 * guesses. */
bool overlay_is_on_raw(const uint8_t *head, size_t len);

enum overlay_match {
	OVERLAY_NO,
	OVERLAY_YES,
	OVERLAY_LOOK, /* a path spelled differently: compare the inode of *path */
};

/* Does the backing name from the header mean `base`, an absolute path? `json:` and other
 * protocols count as OVERLAY_YES if they contain the file name of the base. For OVERLAY_LOOK,
 * *path points into `backing`; a relative path is relative to the overlay's directory. */
enum overlay_match overlay_match(const char *backing, const char *base, const char **path);

/* Returns whether both are absolute and differ in empty and "." parts at most. */
bool overlay_is_same_path(const char *a, const char *b);

#endif
