/* overlay: DIAGNOSTICS: callers must take OVERLAY_BAD and OVERLAY_LOOK as "perhaps", never as
 * "no". */
#include "agent/publish/overlay.h"

#include <string.h>

/* Bytes of a header up to and with backing_file_size; version 2 and 3 agree on them. */
enum { FIELDS_END = 20, HEADER_V2 = 72, HEADER_V3 = 104 };

/* Incompatible features that keep the bytes in this file: dirty, corrupt, a compression type,
 * extended L2 entries. Not bit 2, an external data file: the header's author chooses its name. */
#define FEATURES_KNOWN UINT64_C(0x1b)

enum { EXTENSIONS_MAX = 32 };

#define EXTENSION_FORMAT UINT32_C(0xe2792aca)

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint64_t be64(const uint8_t *p)
{
	return (uint64_t)be32(p) << 32 | be32(p + 4);
}

enum overlay_kind overlay_parse(const uint8_t *head, size_t len, uint64_t *offset,
				uint32_t *len_out)
{
	static const uint8_t magic[4] = {'Q', 'F', 'I', 0xfb};
	uint64_t at;
	uint32_t size;

	if (len < sizeof(magic) || memcmp(head, magic, sizeof(magic)) != 0)
		return OVERLAY_NONE;
	if (len < HEADER_V2)
		return OVERLAY_BAD;
	if (be32(head + 4) != 2 && be32(head + 4) != 3)
		return OVERLAY_BAD;
	if (be32(head + 4) == 3 && (len < HEADER_V3 || (be64(head + 72) & ~FEATURES_KNOWN) != 0))
		return OVERLAY_BAD;
	at = be64(head + 8);
	size = be32(head + 16);
	if (at == 0)
		return OVERLAY_NONE;
	if (at < FIELDS_END || at > OVERLAY_OFFSET_MAX || size > OVERLAY_NAME_MAX)
		return OVERLAY_BAD;
	if (size == 0)
		return OVERLAY_NONE;
	*offset = at;
	*len_out = size;
	return OVERLAY_BACKED;
}

/* Extensions follow the header: type, length, and bytes padded to a multiple of eight. */
bool overlay_is_on_raw(const uint8_t *head, size_t len)
{
	size_t at = be32(head + 4) == 3 ? be32(head + 100) : HEADER_V2;

	for (int i = 0; i < EXTENSIONS_MAX && at <= len && len - at >= 8; i++) {
		uint32_t type = be32(head + at);
		size_t size = be32(head + at + 4);

		at += 8;
		if (type == 0 || size > len - at)
			return false;
		if (type == EXTENSION_FORMAT)
			return size == 3 && memcmp(head + at, "raw", 3) == 0;
		at += (size + 7) & ~(size_t)7;
	}
	return false;
}

/* The next part of a path without empty and "." parts; NULL at the end. */
static const char *next_part(const char *at, size_t *len)
{
	for (;;) {
		at += strspn(at, "/");
		*len = strcspn(at, "/");
		if (*len == 0)
			return NULL;
		if (*len != 1 || *at != '.')
			return at;
		at++;
	}
}

/* Text alone cannot resolve "..": a path with it never compares as equal, and the caller compares
 * inodes. */
bool overlay_is_same_path(const char *a, const char *b)
{
	size_t alen, blen;

	if (*a != '/' || *b != '/')
		return false;
	for (;;) {
		a = next_part(a, &alen);
		b = next_part(b, &blen);
		if (!a || !b)
			return !a && !b;
		if (alen != blen || memcmp(a, b, alen) != 0)
			return false;
		a += alen;
		b += blen;
	}
}

/* Like QEMU's path_has_protocol: a colon before any slash. */
static bool has_protocol(const char *name)
{
	return name[strcspn(name, ":/")] == ':';
}

enum overlay_match overlay_match(const char *backing, const char *base, const char **path)
{
	const char *slash = strrchr(base, '/');
	const char *base_name = slash ? slash + 1 : base;

	if (strncmp(backing, "file:", 5) == 0)
		backing += 5;
	else if (has_protocol(backing))
		return strstr(backing, base_name) ? OVERLAY_YES : OVERLAY_NO;
	if (overlay_is_same_path(backing, base))
		return OVERLAY_YES;
	*path = backing;
	return OVERLAY_LOOK;
}
