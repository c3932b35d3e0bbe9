/* refusal: DIAGNOSTICS: none; a client that does not read learns nothing. */
#include "door/refusal.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MSG_DISCONNECT = 1, TOO_MANY_CONNECTIONS = 12, BLOCK = 8, PAD_MIN = 4 };

static const char banner[] = "SSH-2.0-hornero\r\n";

static size_t put_number(unsigned char *at, size_t n)
{
	uint32_t big_endian = htonl((uint32_t)n);

	memcpy(at, &big_endian, sizeof(big_endian));
	return sizeof(big_endian);
}

/* The packet: uint32 length, byte padding, byte type, uint32 reason, string text, string language,
 * the padding. Its size is a multiple of BLOCK. */
size_t refusal_make(unsigned char out[REFUSAL_BYTES_MAX], const char *text)
{
	size_t len = strnlen(text, REFUSAL_TEXT_MAX), payload = 1 + 4 + 4 + len + 4;
	size_t pad = BLOCK - (4 + 1 + payload) % BLOCK;
	unsigned char *at = out;

	pad += pad < PAD_MIN ? BLOCK : 0;
	memset(out, 0, REFUSAL_BYTES_MAX);
	memcpy(at, banner, sizeof(banner) - 1);
	at += sizeof(banner) - 1;
	at += put_number(at, 1 + payload + pad);
	*at++ = (unsigned char)pad;
	*at++ = MSG_DISCONNECT;
	at += put_number(at, TOO_MANY_CONNECTIONS);
	at += put_number(at, len);
	memcpy(at, text, len);
	at += len;
	at += put_number(at, 0);
	return (size_t)(at - out) + pad;
}

static void close_oldest(struct refusals *r)
{
	close(r->fds[r->at]);
	r->at = (r->at + 1) % REFUSALS_MAX;
	r->n--;
}

void refusal_send(struct refusals *r, int fd, const char *text, int64_t now_ms)
{
	unsigned char bytes[REFUSAL_BYTES_MAX];
	size_t len = refusal_make(bytes, text), last;

	(void)!send(fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	if (r->n == REFUSALS_MAX)
		close_oldest(r);
	last = (r->at + r->n++) % REFUSALS_MAX;
	r->fds[last] = fd;
	r->until_ms[last] = now_ms + REFUSAL_KEEP_MS;
}

int64_t refusal_next(const struct refusals *r)
{
	return r->n ? r->until_ms[r->at] : INT64_MAX;
}

void refusal_sweep(struct refusals *r, int64_t now_ms)
{
	while (r->n && r->until_ms[r->at] <= now_ms)
		close_oldest(r);
}
