/* packet: DIAGNOSTICS: an assertion: only our own texts of limited length go into a packet. */
#include "door/packet.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdint.h>
#include <string.h>

/* A packet: uint32 length, byte padding, byte type, the rest, the padding. Its size is a multiple
 * of BLOCK. */
enum { HEAD = 5, BLOCK = 8, PAD_MIN = 4 };

static void put(struct packet *p, const void *bytes, size_t n)
{
	assert(n <= sizeof(p->bytes) - p->n);
	memcpy(p->bytes + p->n, bytes, n);
	p->n += n;
}

void packet_begin(struct packet *p, unsigned char type)
{
	memset(p, 0, sizeof(*p));
	p->n = HEAD;
	put(p, &type, 1);
}

void packet_number(struct packet *p, size_t number)
{
	uint32_t big_endian = htonl((uint32_t)number);

	put(p, &big_endian, sizeof(big_endian));
}

void packet_text(struct packet *p, const char *text)
{
	packet_number(p, strlen(text));
	put(p, text, strlen(text));
}

void packet_zeroes(struct packet *p, size_t count)
{
	assert(count <= sizeof(p->bytes) - p->n);
	p->n += count;
}

void packet_end(struct packet *p)
{
	size_t pad = BLOCK - p->n % BLOCK, whole;

	pad += pad < PAD_MIN ? BLOCK : 0;
	packet_zeroes(p, pad);
	whole = p->n;
	p->n = 0;
	packet_number(p, whole - sizeof(uint32_t));
	p->bytes[HEAD - 1] = (unsigned char)pad;
	p->n = whole;
}
