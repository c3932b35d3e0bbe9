/* sshkey: DIAGNOSTICS: ERR_USAGE; the reader of a file adds its class and place. */
#include "conf/sshkey.h"

#include "conf/check.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ALLOWED \
	"ed25519, ecdsa, rsa of at least 3072 bits, or the sk- kinds of the first two are allowed"

/* The rest of the key. */
struct wire {
	const unsigned char *at;
	size_t left;
};

struct piece {
	const unsigned char *data;
	size_t len;
};

/* Takes an SSH string: four bytes of length, then the bytes. */
static bool take(struct wire *w, struct piece *out)
{
	size_t len;

	if (w->left < 4)
		return false;
	len = (size_t)w->at[0] << 24 | (size_t)w->at[1] << 16 | (size_t)w->at[2] << 8 | w->at[3];
	if (len > w->left - 4)
		return false;
	*out = (struct piece){w->at + 4, len};
	w->at += 4 + len;
	w->left -= 4 + len;
	return true;
}

static bool is_text(const struct piece *p, const char *text)
{
	return p->len == strlen(text) && memcmp(p->data, text, p->len) == 0;
}

/* Returns the bits of a positive number without unneeded leading zeros, as RFC 4251 requires of an
 * mpint; 0 for any other. */
static int bits_of(const struct piece *p)
{
	size_t skip = p->len > 0 && p->data[0] == 0;
	int bits;

	if (p->len == skip || p->len > SSHKEY_BYTES_MAX || (p->data[0] & 0x80) ||
	    (skip && !(p->data[1] & 0x80)))
		return 0;
	bits = (int)(p->len - skip) * 8;
	for (unsigned char top = p->data[skip]; !(top & 0x80); top = (unsigned char)(top << 1))
		bits--;
	return bits;
}

static int rsa(struct wire *w)
{
	struct piece e, n;

	if (!take(w, &e) || !take(w, &n) || bits_of(&e) < 2 || !(e.data[e.len - 1] & 1))
		return 0;
	return bits_of(&n) > 0 && (n.data[n.len - 1] & 1) ? bits_of(&n) : 0;
}

static int ed25519(struct wire *w)
{
	struct piece key;

	return take(w, &key) && key.len == 32 ? 256 : 0;
}

/* An uncompressed point of the curve, whose name the key repeats. */
static int ecdsa(struct wire *w, const char *curve, int bits)
{
	struct piece name, point;
	size_t coordinate = (size_t)(bits + 7) / 8;

	if (!take(w, &name) || !is_text(&name, curve) || !take(w, &point))
		return 0;
	return point.len == 1 + 2 * coordinate && point.data[0] == 4 ? bits : 0;
}

static int p256(struct wire *w)
{
	return ecdsa(w, "nistp256", 256);
}

static int p384(struct wire *w)
{
	return ecdsa(w, "nistp384", 384);
}

static int p521(struct wire *w)
{
	return ecdsa(w, "nistp521", 521);
}

/* In sk- keys the application follows the key. */
static int with_application(struct wire *w, int bits)
{
	struct piece application;

	return bits > 0 && take(w, &application) && application.len > 0 ? bits : 0;
}

static int sk_ed25519(struct wire *w)
{
	return with_application(w, ed25519(w));
}

static int sk_p256(struct wire *w)
{
	return with_application(w, p256(w));
}

static const struct {
	const char *type;
	int (*read)(struct wire *w); /* returns the bits; 0: not a key of this type */
	int least;
} kinds[] = {
	{"ssh-ed25519", ed25519, 256},
	{"ecdsa-sha2-nistp256", p256, 256},
	{"ecdsa-sha2-nistp384", p384, 384},
	{"ecdsa-sha2-nistp521", p521, 521},
	{"ssh-rsa", rsa, SSHKEY_RSA_BITS},
	{"sk-ssh-ed25519@openssh.com", sk_ed25519, 256},
	{"sk-ecdsa-sha2-nistp256@openssh.com", sk_p256, 256},
};
enum { N_KINDS = sizeof(kinds) / sizeof(kinds[0]) };

bool sshkey_is_type(const char *word)
{
	return strncmp(word, "ssh-", 4) == 0 || strncmp(word, "ecdsa-", 6) == 0 ||
	       strncmp(word, "sk-", 3) == 0;
}

int sshkey_parse(const char *type, const char *base64, struct sshkey *out, struct err *e)
{
	struct sshkey key = {.bits = 0};
	char shown[CHECK_SHOWN];
	struct piece name;
	struct wire w;
	ssize_t len;
	int kind = 0;

	while (kind < N_KINDS && strcmp(kinds[kind].type, type) != 0)
		kind++;
	if (kind == N_KINDS)
		return err_set(e, ERR_USAGE, "%s is not an accepted type of key; " ALLOWED,
			       check_show(type, shown));
	len = base64_decode(base64, key.wire, sizeof(key.wire));
	if (len < 0)
		return err_set(e, ERR_USAGE,
			       "the text after %s is not base64; copy the key again, in one line",
			       type);
	key.len = (size_t)len;
	w = (struct wire){key.wire, key.len};
	if (!take(&w, &name) || !is_text(&name, type) || (key.bits = kinds[kind].read(&w)) == 0 ||
	    w.left > 0)
		return err_set(e, ERR_USAGE,
			       "the text after %s is not such a key; copy it again, in one line",
			       type);
	if (key.bits < kinds[kind].least)
		return err_set(e, ERR_USAGE, "a key of %d bits is too weak; " ALLOWED, key.bits);
	*out = key;
	return 0;
}

void sshkey_fingerprint(const struct sshkey *key, char out[SSHKEY_PRINT_MAX])
{
	unsigned char digest[SHAPLAIN_BYTES];
	char base64[BASE64_ROOM(sizeof(digest))];

	shaplain(key->wire, key->len, digest);
	base64_encode(base64, digest, sizeof(digest));
	base64[strcspn(base64, "=")] = '\0';
	snprintf(out, SSHKEY_PRINT_MAX, "SHA256:%s", base64);
}
