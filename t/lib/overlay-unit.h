/* overlay-unit: builds a qcow2 header by hand, for the tests of overlays. */
#ifndef HORNERO_T_OVERLAY_UNIT_H
#define HORNERO_T_OVERLAY_UNIT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define NAME "0123456789abcdef0123456789abcdef01234567"

/* The first bytes of a qcow2 of that version, its name at offset. Returns their number. */
static inline size_t header(uint8_t *buf, size_t room, uint32_t version, uint64_t offset,
			    uint32_t len, const char *name)
{
	uint32_t words[] = {0x514649fb, version, (uint32_t)(offset >> 32), (uint32_t)offset, len};

	memset(buf, 0, room);
	for (size_t i = 0; i < 5; i++)
		for (size_t b = 0; b < 4; b++)
			buf[4 * i + b] = (uint8_t)(words[i] >> (24 - 8 * b));
	if (name && offset + strlen(name) <= room)
		memcpy(buf + offset, name, strlen(name));
	return room;
}

#endif
