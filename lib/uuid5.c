/* uuid5: pure. DIAGNOSTICS: ERR_US for invalid arguments, ERR_OPERATOR from sha. */
#include "lib/uuid5.h"

#include "lib/sha.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { UUID_BYTES = 16 };

static unsigned char digit_of(char c)
{
	return (unsigned char)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Converts a canonical UUID to its 16 bytes, in written order. */
static void to_bytes(const char *uuid, unsigned char out[UUID_BYTES])
{
	for (size_t i = 0; i < UUID_BYTES; i++) {
		uuid += *uuid == '-';
		out[i] = (unsigned char)(digit_of(uuid[0]) << 4 | digit_of(uuid[1]));
		uuid += 2;
	}
}

static void to_text(const unsigned char raw[UUID_BYTES], char out[UUID_LEN + 1])
{
	for (size_t i = 0; i < UUID_BYTES; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		snprintf(out, 3, "%02x", raw[i]);
		out += 2;
	}
}

int uuid5(const char *space, const char *name, char out[UUID_LEN + 1], struct err *e)
{
	unsigned char data[UUID_BYTES + UUID5_NAME_MAX], digest[SHA1_BYTES];
	size_t len = strnlen(name, UUID5_NAME_MAX + 1);

	if (!uuid_valid(space) || len > UUID5_NAME_MAX)
		return err_set(e, ERR_US, "a UUIDv5 needs a UUID and a name of at most %d bytes",
			       UUID5_NAME_MAX);
	to_bytes(space, data);
	memcpy(data + UUID_BYTES, name, len);
	if (sha1_buffer(data, UUID_BYTES + len, digest, e) < 0)
		return -1;
	/* RFC 4122, 4.3: take the first 16 bytes and overwrite six bits with version and
	 * variant. */
	digest[6] = (unsigned char)((digest[6] & 0x0f) | 5 << 4);
	digest[8] = (unsigned char)((digest[8] & 0x3f) | 0x80);
	to_text(digest, out);
	return 0;
}
