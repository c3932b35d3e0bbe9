/*
 * packet: builds packets of SSH before any keys exist (RFC 4253, 6).
 *
 *     packet_begin(&p, 1);
 *     packet_number(&p, 12);
 *     packet_text(&p, "not now");
 *     packet_end(&p);
 *     send(fd, p.bytes, p.n, …)
 *
 * The caller sees to it that everything fits.
 */
#ifndef HORNERO_DOOR_PACKET_H
#define HORNERO_DOOR_PACKET_H

#include <stddef.h>

enum { PACKET_BYTES_MAX = 1536 };

struct packet {
	size_t n;
	unsigned char bytes[PACKET_BYTES_MAX];
};

void packet_begin(struct packet *p, unsigned char type);
void packet_number(struct packet *p, size_t number); /* uint32 */
void packet_text(struct packet *p, const char *text);
void packet_zeroes(struct packet *p, size_t count);
void packet_end(struct packet *p);

#endif
