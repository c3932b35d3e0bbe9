/* door/kexinit: what clients offer, cut off at every byte, and lists with wrong lengths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "door/kexinit.h"
#include "door/packet.h"

#include <stdlib.h>
#include <string.h>

static const char client[] = "SSH-2.0-dropbear_2022.83\r\n";
static const char *const lists[] = {"curve25519-sha256",   "ssh-ed25519", "aes128-ctr,aes256-ctr",
				    "chacha20,aes256-ctr", "hmac-sha1",   "hmac-sha2-256"};

/* Returns the length of an identification and a KEXINIT. */
static size_t make(char *out, const char *line)
{
	struct packet p;

	packet_begin(&p, KEXINIT_MESSAGE);
	packet_zeroes(&p, KEXINIT_COOKIE);
	for (size_t i = 0; i < KEXINIT_LISTS; i++)
		packet_text(&p, lists[i]);
	packet_zeroes(&p, 4 * sizeof(uint32_t) + 1 + sizeof(uint32_t));
	packet_end(&p);
	memcpy(out, line, strlen(line));
	memcpy(out + strlen(line), p.bytes, p.n);
	return strlen(line) + p.n;
}

/* Parses a copy that ends where the bytes end, so that sanitizers see a read beyond them. */
static enum kexinit_state parse(const char *bytes, size_t n)
{
	char *copy = malloc(n ? n : 1);
	struct kexinit k;
	enum kexinit_state s;

	assert_non_null(copy);
	memcpy(copy, bytes, n);
	s = kexinit_parse(copy, n, &k);
	free(copy);
	return s;
}

static void finds_the_names(void **state)
{
	char bytes[2048];
	size_t n = make(bytes, client);
	struct kexinit k;

	(void)state;
	assert_int_equal(kexinit_parse(bytes, n, &k), KEXINIT_WHOLE);
	assert_int_equal(k.client.len, strlen(client) - 2);
	assert_true(kexinit_has(&k, KEXINIT_CIPHER_IN, "aes128-ctr"));
	assert_true(kexinit_has(&k, KEXINIT_CIPHER_IN, "aes256-ctr"));
	assert_false(kexinit_has(&k, KEXINIT_CIPHER_IN, "chacha20"));
	assert_true(kexinit_has(&k, KEXINIT_CIPHER_OUT, "chacha20"));
	assert_false(kexinit_has(&k, KEXINIT_CIPHER_OUT, "aes"));
	assert_false(kexinit_has(&k, KEXINIT_MAC_OUT, "hmac-sha2-256-etm@openssh.com"));
}

static void waits_for_every_byte(void **state)
{
	char bytes[2048];
	size_t n = make(bytes, client);

	(void)state;
	for (size_t i = 0; i < n; i++)
		assert_int_equal(parse(bytes, i),
				 i < strlen(client) ? KEXINIT_SHORT : KEXINIT_IDENTIFIED);
}

static void knows_what_is_not_ssh(void **state)
{
	static const char *const others[] = {"GET / HTTP/1.0\r\n", "SSH-1.5-old\r\n", "\n", "x",
					     "SSX"};
	char bytes[2048];

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(parse(others[i], strlen(others[i])), KEXINIT_OTHER);
	memset(bytes, 'a', sizeof(bytes));
	memcpy(bytes, "SSH-2.0-", 8);
	assert_int_equal(parse(bytes, 254), KEXINIT_SHORT);
	assert_int_equal(parse(bytes, 255), KEXINIT_OTHER);
	assert_int_equal(parse("SSH-1.99-x\n", 11), KEXINIT_IDENTIFIED);
}

/* Every byte of the packet once with every value: no read leaves the bytes. */
static void lies_stay_inside(void **state)
{
	char bytes[2048];
	size_t n = make(bytes, client);

	(void)state;
	for (size_t i = strlen(client); i < n; i++) {
		char kept = bytes[i];

		for (int value = 0; value < 256; value++) {
			bytes[i] = (char)value;
			assert_int_not_equal(parse(bytes, n), KEXINIT_OTHER);
		}
		bytes[i] = kept;
	}
	bytes[strlen(client) + 5] = 2;
	assert_int_equal(parse(bytes, n), KEXINIT_ODD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_names),
		cmocka_unit_test(waits_for_every_byte),
		cmocka_unit_test(knows_what_is_not_ssh),
		cmocka_unit_test(lies_stay_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
