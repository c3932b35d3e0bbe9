/* sha: digests by libcrypto (EVP), as lower-case hexadecimal. SHA-1 is only for names that others
 * define (Nova's file name, UUIDv5), SHA-224 only for Nova's hostId. SHA-256 names and finds
 * artifacts. SHA-512 is the digest by which Glance knows an image's bytes. */
#ifndef HORNERO_LIB_SHA_H
#define HORNERO_LIB_SHA_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { SHA1_BYTES = 20, SHA1_HEX = 40, SHA224_HEX = 56, SHA256_HEX = 64, SHA512_HEX = 128 };

/* SHA-1 of a buffer, as raw bytes. */
int sha1_buffer(const void *data, size_t len, unsigned char out[SHA1_BYTES], struct err *e);

/* SHA-1 of a string without its terminator. */
int sha1_string(const char *s, char out[SHA1_HEX + 1], struct err *e);

int sha224_string(const char *s, char out[SHA224_HEX + 1], struct err *e);

/* A running SHA-256. sha256_free(NULL) is allowed. */
struct sha256;
struct sha256 *sha256_new(void); /* NULL: out of memory */
void sha256_add(struct sha256 *h, const void *data, size_t len);
/* Adds a field with its length, so that it cannot run into its neighbour. */
void sha256_add_field(struct sha256 *h, const char *name, const void *value, size_t len);
void sha256_final(struct sha256 *h, char out[SHA256_HEX + 1]);
void sha256_free(struct sha256 *h);

int sha256_buffer(const void *data, size_t len, char out[SHA256_HEX + 1], struct err *e);

/* Hashes all of fd from offset 0 with pread; the offset does not change. */
int sha256_fd(int fd, char out[SHA256_HEX + 1], struct err *e);

/* Both digests in one pass. SHA-512 takes twice the time of SHA-256 on processors that have
 * instructions for the latter alone. */
int sha_fd(int fd, char sha256[SHA256_HEX + 1], char sha512[SHA512_HEX + 1], struct err *e);

/* Whether s is exactly 64 lower-case hexadecimal digits. */
bool sha256_valid(const char *s);

static inline void sha256_end(struct sha256 **h)
{
	sha256_free(*h);
}
#define own_sha256 __attribute__((cleanup(sha256_end)))

#endif
