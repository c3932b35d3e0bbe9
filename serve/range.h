/* range: the Range header of a request (RFC 9110, section 14). Pure. */
#ifndef HORNERO_SERVE_RANGE_H
#define HORNERO_SERVE_RANGE_H

#include <stdint.h>

enum range {
	RANGE_ALL,  /* no range, or one that a server may ignore: send the whole file */
	RANGE_PART, /* send *n bytes from *first on */
	RANGE_NONE, /* no byte of the file is in the range */
};

/* Reads the header (NULL: there is none) for a file of `size` bytes. A header with several ranges
 * counts as none: the whole file is a valid answer to it. Sets *first and *n with RANGE_PART alone.
 */
enum range range_read(const char *header, uint64_t size, uint64_t *first, uint64_t *n);

#endif
