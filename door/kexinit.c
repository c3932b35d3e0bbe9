/* kexinit: DIAGNOSTICS: none. libssh parses the same bytes again and answers what is wrong. */
#include "door/kexinit.h"

#include <stdint.h>
#include <string.h>

/* A packet: uint32 length, byte padding, payload (byte type, 16 bytes cookie, the lists). */
enum { LINE_MAX_BYTES = 255, PACKET_MAX = 35000, HEAD = 5 };

static size_t number(const char *at)
{
	const unsigned char *b = (const unsigned char *)at;

	return (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
}

static bool starts_with(struct kexinit_text text, const char *start)
{
	return text.len >= strlen(start) && memcmp(text.at, start, strlen(start)) == 0;
}

static enum kexinit_state parse_lists(const char *at, size_t n, struct kexinit *out)
{
	for (size_t i = 0; i < KEXINIT_LISTS; i++) {
		size_t len = n < sizeof(uint32_t) ? n : number(at);

		if (n < sizeof(uint32_t) || len > n - sizeof(uint32_t))
			return KEXINIT_ODD;
		out->lists[i] = (struct kexinit_text){at + sizeof(uint32_t), len};
		at += sizeof(uint32_t) + len;
		n -= sizeof(uint32_t) + len;
	}
	return KEXINIT_WHOLE;
}

static enum kexinit_state parse_packet(const char *at, size_t n, struct kexinit *out)
{
	size_t len, pad;

	if (n < HEAD + 1)
		return KEXINIT_IDENTIFIED;
	len = number(at);
	pad = (unsigned char)at[4];
	if (at[HEAD] != KEXINIT_MESSAGE || len > PACKET_MAX || len < 1 + pad + 1 + KEXINIT_COOKIE)
		return KEXINIT_ODD;
	if (n - sizeof(uint32_t) < len)
		return KEXINIT_IDENTIFIED;
	return parse_lists(at + HEAD + 1 + KEXINIT_COOKIE, len - 1 - pad - 1 - KEXINIT_COOKIE, out);
}

enum kexinit_state kexinit_parse(const char *bytes, size_t n, struct kexinit *out)
{
	const char *end = memchr(bytes, '\n', n < LINE_MAX_BYTES ? n : LINE_MAX_BYTES);
	struct kexinit_text line = {bytes, end ? (size_t)(end - bytes) : n};
	static const char ssh[] = "SSH-";

	if (memcmp(bytes, ssh, n < strlen(ssh) ? n : strlen(ssh)) != 0 ||
	    (!end && n >= LINE_MAX_BYTES))
		return KEXINIT_OTHER;
	if (!end)
		return KEXINIT_SHORT;
	if (!starts_with(line, "SSH-2.0-") && !starts_with(line, "SSH-1.99-"))
		return KEXINIT_OTHER;
	line.len -= line.at[line.len - 1] == '\r';
	out->client = line;
	return parse_packet(end + 1, n - (size_t)(end + 1 - bytes), out);
}

bool kexinit_has(const struct kexinit *k, enum kexinit_list list, const char *name)
{
	const char *at = k->lists[list].at, *end = at + k->lists[list].len;
	size_t len = strlen(name);

	while (at < end) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		const char *stop = comma ? comma : end;

		if ((size_t)(stop - at) == len && memcmp(at, name, len) == 0)
			return true;
		at = stop + 1;
	}
	return false;
}
