/*
 * address: where somebody comes from, as a number to count by and as text. Pure.
 *
 * Who has an IPv6 network has all of its last 64 bits: they count as one address. IPv4 inside IPv6
 * (::ffff:1.2.3.4) is IPv4.
 */
#ifndef HORNERO_DOOR_ADDRESS_H
#define HORNERO_DOOR_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

enum { ADDRESS_TEXT = 64 };

struct address {
	unsigned char bytes[16]; /* IPv4 as ::ffff:a.b.c.d; of IPv6 the first 64 bits, then zeroes */
};

/* What a connection counts as. A socket that is not of the internet (a test's) is all zeroes. */
struct address address_of(const struct sockaddr *sa);

bool address_same(const struct address *a, const struct address *b);

/* 0 where there is none. */
int address_port(const struct sockaddr *sa);

/* "192.0.2.1:4711" or "[2001:db8::1]:4711" into buf; returns buf. */
const char *address_text(const struct sockaddr *sa, char buf[ADDRESS_TEXT]);

#endif
