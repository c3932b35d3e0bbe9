/*
 * address: a client's network address, as a number for counting and as text. Pure.
 *
 * An IPv6 network gives its owner all of the last 64 bits, so they count as one address. IPv4
 * inside IPv6 (::ffff:1.2.3.4) counts as IPv4.
 */
#ifndef HORNERO_LIB_ADDRESS_H
#define HORNERO_LIB_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

enum { ADDRESS_TEXT = 64 };

struct address {
	unsigned char bytes[16]; /* IPv4 as ::ffff:a.b.c.d; IPv6: 64 bits, then zeroes */
};

/* Returns the address that a connection counts as. A socket outside the internet (in tests) is all
 * zeroes. */
struct address address_of(const struct sockaddr *sa);

bool address_same(const struct address *a, const struct address *b);

/* Returns the port, or 0 if there is none. */
int address_port(const struct sockaddr *sa);

/* Writes "192.0.2.1:4711" or "[2001:db8::1]:4711" into buf and returns buf. */
const char *address_text(const struct sockaddr *sa, char buf[ADDRESS_TEXT]);

/* Writes the same from sshd's SSH_CONNECTION: the client's address and port, then its own. Returns
 * buf, or "unknown". */
const char *address_of_ssh(const char *connection, char buf[ADDRESS_TEXT]);

#endif
