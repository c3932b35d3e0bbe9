/* base64: DIAGNOSTICS: none. */
#include "lib/base64.h"

#include <stdint.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

ssize_t base64_decode(const char *text, unsigned char *out, size_t size)
{
	size_t len = strlen(text), n = 0, pad = 0;
	uint32_t bits = 0;

	while (pad < 2 && pad < len && text[len - 1 - pad] == '=')
		pad++;
	if (len % 4 != 0 || len / 4 * 3 - pad > size)
		return -1;
	for (size_t i = 0; i < len; i++) {
		const char *digit = i < len - pad ? memchr(digits, text[i], sizeof(digits) - 1)
						  : digits;

		if (!digit)
			return -1;
		bits = bits << 6 | (uint32_t)(digit - digits);
		if (i % 4 != 3)
			continue;
		for (size_t k = 0; k < 3; k++) {
			unsigned char byte = bits >> (16 - 8 * k) & 0xff;

			if (i < len - 1 || k < 3 - pad)
				out[n++] = byte;
			else if (byte != 0)
				return -1;
		}
	}
	return (ssize_t)n;
}

char *base64_encode(char *out, const unsigned char *data, size_t len)
{
	char *at = out;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t bits = (uint32_t)data[i] << 16 |
				(uint32_t)(i + 1 < len ? data[i + 1] : 0) << 8 |
				(i + 2 < len ? data[i + 2] : 0);

		for (size_t k = 0; k < 4; k++)
			*at++ = i + k > len ? '=' : digits[bits >> (18 - 6 * k) & 63];
	}
	*at = '\0';
	return out;
}
