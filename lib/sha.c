/* sha: a thin layer over EVP. DIAGNOSTICS: ERR_NOBODY if memory is short or a file cannot be read,
 * ERR_OPERATOR if libcrypto refuses SHA-1. */
#include "lib/sha.h"

#include "lib/hex.h"
#include "lib/own.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

struct sha256 {
	EVP_MD_CTX *ctx;
};

/* Without openssl.cnf: its policies are about secrets, which no digest here protects, and it
 * takes time in every program. If libssh has read it already, it applies. */
static void begin(void)
{
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}

static void to_hex(const unsigned char *raw, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[raw[i] >> 4];
		out[2 * i + 1] = digits[raw[i] & 15];
	}
	out[2 * len] = '\0';
}

int sha1_buffer(const void *data, size_t len, unsigned char out[SHA1_BYTES], struct err *e)
{
	unsigned char raw[EVP_MAX_MD_SIZE];

	begin();
	if (EVP_Digest(data, len, raw, NULL, EVP_sha1(), NULL) != 1)
		return err_set(e, ERR_OPERATOR,
			       "libcrypto refuses SHA-1, which names files in Nova's cache: "
			       "install one that has it (this one may be for FIPS alone)");
	memcpy(out, raw, SHA1_BYTES);
	return 0;
}

int sha1_string(const char *s, char out[SHA1_HEX + 1], struct err *e)
{
	unsigned char raw[SHA1_BYTES];

	if (sha1_buffer(s, strlen(s), raw, e) < 0)
		return -1;
	to_hex(raw, SHA1_BYTES, out);
	return 0;
}

int sha224_string(const char *s, char out[SHA224_HEX + 1], struct err *e)
{
	unsigned char raw[EVP_MAX_MD_SIZE];

	begin();
	if (EVP_Digest(s, strlen(s), raw, NULL, EVP_sha224(), NULL) != 1)
		return err_set(e, ERR_NOBODY, "out of memory for a digest");
	to_hex(raw, SHA224_HEX / 2, out);
	return 0;
}

struct sha256 *sha256_new(void)
{
	struct sha256 *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	begin();
	h->ctx = EVP_MD_CTX_new();
	if (!h->ctx || EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) != 1) {
		sha256_free(h);
		return NULL;
	}
	return h;
}

void sha256_add(struct sha256 *h, const void *data, size_t len)
{
	EVP_DigestUpdate(h->ctx, data, len);
}

void sha256_add_field(struct sha256 *h, const char *name, const void *value, size_t len)
{
	char size[32];
	int n = snprintf(size, sizeof(size), " %zu\n", len);

	sha256_add(h, name, strlen(name));
	sha256_add(h, size, (size_t)n);
	sha256_add(h, value, len);
	sha256_add(h, "\n", 1);
}

void sha256_final(struct sha256 *h, char out[SHA256_HEX + 1])
{
	unsigned char raw[EVP_MAX_MD_SIZE];

	EVP_DigestFinal_ex(h->ctx, raw, NULL);
	to_hex(raw, SHA256_HEX / 2, out);
}

void sha256_free(struct sha256 *h)
{
	if (!h)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

int sha256_buffer(const void *data, size_t len, char out[SHA256_HEX + 1], struct err *e)
{
	own_sha256 struct sha256 *h = sha256_new();

	if (!h)
		return err_set(e, ERR_NOBODY, "out of memory for a SHA-256");
	sha256_add(h, data, len);
	sha256_final(h, out);
	return 0;
}

/* sha512 may be NULL. */
static int digest_all(int fd, struct sha256 *h, EVP_MD_CTX *sha512, struct err *e)
{
	enum { CHUNK = 1 << 18 };
	own_free unsigned char *buf = malloc(CHUNK);
	off_t at = 0;

	if (!buf)
		return err_set(e, ERR_NOBODY, "out of memory for a digest");
	for (;;) {
		ssize_t n = pread(fd, buf, CHUNK, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, ERR_NOBODY, "cannot read a file to digest it");
		if (n == 0)
			return 0;
		sha256_add(h, buf, (size_t)n);
		if (sha512)
			EVP_DigestUpdate(sha512, buf, (size_t)n);
		at += n;
	}
}

int sha256_fd(int fd, char out[SHA256_HEX + 1], struct err *e)
{
	own_sha256 struct sha256 *h = sha256_new();

	if (!h)
		return err_set(e, ERR_NOBODY, "out of memory for a SHA-256");
	if (digest_all(fd, h, NULL, e) < 0)
		return -1;
	sha256_final(h, out);
	return 0;
}

int sha_fd(int fd, char sha256[SHA256_HEX + 1], char sha512[SHA512_HEX + 1], struct err *e)
{
	own_sha256 struct sha256 *h = sha256_new();
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char raw[EVP_MAX_MD_SIZE];
	int rc;

	if (!h || !ctx || EVP_DigestInit_ex(ctx, EVP_sha512(), NULL) != 1)
		rc = err_set(e, ERR_NOBODY, "out of memory for two digests");
	else
		rc = digest_all(fd, h, ctx, e);
	if (rc == 0) {
		sha256_final(h, sha256);
		EVP_DigestFinal_ex(ctx, raw, NULL);
		to_hex(raw, SHA512_HEX / 2, sha512);
	}
	EVP_MD_CTX_free(ctx);
	return rc;
}

bool sha256_valid(const char *s)
{
	return hex_is(s, SHA256_HEX);
}
