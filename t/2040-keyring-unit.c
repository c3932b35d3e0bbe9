/* The keys file: kinds of keys, lines, patterns, and what a key may do. */
#include "t/lib/conf-test.h"

#include "conf/keyring.h"
#include "conf/sshkey.h"
#include "lib/base64.h"

#include <sys/stat.h>

#define ED "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICpIYmszkQkCxRspnsgUvkR6uso6nttWKG0/27vb8ryY"
#define ED_BLOB "AAAAC3NzaC1lZDI1NTE5AAAAICpIYmszkQkCxRspnsgUvkR6uso6nttWKG0/27vb8ryY"
#define EC                                                                                         \
	"ecdsa-sha2-nistp256 "                                                                     \
	"AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBP7tQlNu946KcOJO1xXU3lpJqpIJ3H6kEsY1" \
	"Qw1p"                                                                                     \
	"QwLIupmDGJyOqXdIOUhThUXAdaLDA/AHcNeYa+jYawgecgg="

static void base64_is_strict(void **state)
{
	static const char *const bad[] = {"A",    "AA",       "AA=",  "AB==",  "AAB=", "A===",
					  "====", "AA==AAAA", "AA A", "AA\n=", "AA-_"};
	unsigned char out[8];
	char text[BASE64_ROOM(5)];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (base64_decode(bad[i], out, sizeof(out)) >= 0)
			fail_msg("accepted: %s", bad[i]);
	assert_int_equal(base64_decode("", out, sizeof(out)), 0);
	assert_int_equal(base64_decode("Zm9vYg==", out, 4), 4);
	assert_memory_equal(out, "foob", 4);
	assert_int_equal(base64_decode("Zm9vYg==", out, 3), -1);
	assert_string_equal(base64_encode(text, (const unsigned char *)"foob", 4), "Zm9vYg==");
	assert_string_equal(base64_encode(text, (const unsigned char *)"fooba", 5), "Zm9vYmE=");
	assert_string_equal(base64_encode(text, (const unsigned char *)"foo", 3), "Zm9v");
	assert_string_equal(base64_encode(text, NULL, 0), "");
}

/* A key that is built piece by piece. */
struct blob {
	unsigned char wire[SSHKEY_BYTES_MAX];
	size_t len;
	char text[BASE64_ROOM(SSHKEY_BYTES_MAX)];
};

static void put(struct blob *b, const void *data, size_t len)
{
	const unsigned char head[4] = {0, 0, (unsigned char)(len >> 8), (unsigned char)len};

	memcpy(b->wire + b->len, head, 4);
	memcpy(b->wire + b->len + 4, data, len);
	b->len += 4 + len;
}

/* Appends a string of n bytes that begins with `first`. */
static void put_bytes(struct blob *b, unsigned char first, size_t n)
{
	unsigned char data[1024];

	memset(data, 0x5b, sizeof(data));
	data[0] = first;
	put(b, data, n);
}

static int parse(struct blob *b, const char *type, struct sshkey *key, struct err *e)
{
	return sshkey_parse(type, base64_encode(b->text, b->wire, b->len), key, e);
}

static void kinds_of_keys(void **state)
{
	static const char sk[] = "sk-ecdsa-sha2-nistp256@openssh.com",
			  sk_ed[] = "sk-ssh-ed25519@openssh.com";
	struct blob b = {.len = 0};
	struct err e = ERR_INIT;
	struct sshkey key;

	(void)state;
	put(&b, sk, strlen(sk));
	put(&b, "nistp256", 8);
	put_bytes(&b, 4, 65);
	assert_int_equal(parse(&b, sk, &key, &e), -1); /* no application */
	put(&b, "ssh:", 4);
	assert_int_equal(parse(&b, sk, &key, &e), 0);
	assert_int_equal(key.bits, 256);
	assert_int_equal(key.len, b.len);
	put(&b, "", 0);
	assert_int_equal(parse(&b, sk, &key, &e), -1); /* trailing bytes */

	b.len = 0;
	put(&b, sk_ed, strlen(sk_ed));
	put_bytes(&b, 1, 32);
	put(&b, "ssh:", 4);
	assert_int_equal(parse(&b, sk_ed, &key, &e), 0);
	assert_int_equal(parse(&b, "ssh-ed25519", &key, &e), -1);
	assert_err(&e, ERR_USAGE,
		   "the text after ssh-ed25519 is not such a key; copy it again, in one line");
}

static int rsa(unsigned char first, size_t bytes, int *bits, struct err *e)
{
	struct blob b = {.len = 0};
	struct sshkey key = {.bits = 0};
	int got;

	put(&b, "ssh-rsa", 7);
	put(&b, "\1\0\1", 3);
	put_bytes(&b, first, bytes);
	got = parse(&b, "ssh-rsa", &key, e);
	*bits = key.bits;
	return got;
}

static void rsa_is_counted_in_bits(void **state)
{
	struct err e = ERR_INIT;
	int bits;

	(void)state;
	assert_int_equal(rsa(0x40, 384, &bits, &e), -1);
	assert_err_has(&e, "a key of 3071 bits is too weak");
	assert_int_equal(rsa(0x01, 385, &bits, &e), 0);
	assert_int_equal(bits, 3073);
	assert_int_equal(rsa(0x80, 400, &bits, &e), -1); /* negative */
	assert_int_equal(rsa(0x00, 400, &bits, &e), -1); /* a leading zero too many */
}

struct told {
	int n;
	char last[ERR_MSG_MAX];
};

static void tell(void *arg, const char *problem)
{
	struct told *t = arg;

	t->n++;
	snprintf(t->last, sizeof(t->last), "%s", problem);
}

static struct keyring *ring_of(const char *text, struct told *t)
{
	struct err e = ERR_INIT;
	struct keyring *ring = NULL;

	t->n = 0;
	if (keyring_parse("keys", text, strlen(text), tell, t, &ring, &e) < 0)
		fail_msg("%s", e.msg);
	return ring;
}

static void a_line_and_what_it_holds(void **state)
{
	struct told t;
	own_keyring struct keyring *ring = ring_of(
		"# people\r\n\n \tname=\"alice-1\",read=\"a b\"\t" ED
		" \t alice's  laptop \t\r\n" EC "\n",
		&t);
	const struct key_entry *list, *k = keyring_find(ring, "ssh-ed25519", ED_BLOB);

	(void)state;
	assert_non_null(k);
	assert_ptr_equal(k, keyring_named(ring, "alice-1"));
	assert_int_equal(k->line, 3);
	assert_string_equal(k->patterns[KEY_READ], "a b");
	assert_null(k->patterns[KEY_WRITE]);
	assert_string_equal(k->comment, "alice's  laptop");
	assert_null(keyring_find(ring, "ssh-rsa", ED_BLOB));
	assert_null(keyring_named(ring, "alice"));
	assert_int_equal(keyring_entries(ring, &list), 2);
	assert_int_equal(t.n, 1);
	assert_string_equal(list[1].problem, t.last);
}

static void expect_broken(const char *text, const char *problem)
{
	own_free char *two = fs_path("%s\nname=\"last\",read=\"*\" " ED "\n", text);
	struct told t;
	own_keyring struct keyring *ring = ring_of(two, &t);

	if (t.n != 1 || !strstr(t.last, problem))
		fail_msg("\"%s\" is not in \"%s\" (%d problems)", problem, t.n ? t.last : "", t.n);
	if (!keyring_named(ring, "last"))
		fail_msg("took the next line with it: %s", text);
}

static void a_broken_line_disables_itself_alone(void **state)
{
	own_free char *long_line = malloc(9000);

	(void)state;
	expect_broken(EC, "keys:1:1: the key has no name");
	expect_broken("name=\"a\",read=\"x\"", "keys:1:18: the key is missing");
	expect_broken("name=\"a\" , read=\"x\" " EC,
		      "keys:1:10: \",\" is not an accepted type of key");
	expect_broken("name=\"a\"read=\"x\" " EC,
		      "keys:1:9: a comma before the next option is needed");
	expect_broken("name=a " EC, "keys:1:6: a value in double quotes is needed, as name=\"…\"");
	expect_broken("name=\"a " EC, "keys:1:6: a double quote is not closed");
	expect_broken("name=\"a\",name=\"b\" " EC, "keys:1:10: the option name is given twice");
	expect_broken("read=\"x\" " EC, "the option name is missing");
	expect_broken("name=\"a b\" " EC, "keys:1:7: name: \"a b\": one name of");
	expect_broken("restrict,command=\"x\" " EC,
		      "keys:1:1: unknown option \"restrict\"; allowed: name, read, write, create, "
		      "admin, ids");
	expect_broken("name=\"é\",bogus " EC, "keys:1:7: name: ");
	expect_broken("name=\"a\",read=\"\" " EC, "keys:1:16: read is empty");
	expect_broken("name=\"a\",read=\"x y.git\" " EC, "keys:1:18: \"y.git\": ");
	expect_broken("name=\"a\",read=\"x:refs/heads/a\" " EC,
		      "only write can be limited to refs");
	expect_broken("name=\"a\",write=\"x:main\" " EC,
		      "\"main\": a whole ref as refs/heads/main");
	expect_broken("name=\"a\",write=\"x*;y\" " EC,
		      "\"x*;y\": a repository's name with * in it");
	expect_broken("name=\"a\",ids=\"\" " EC, "keys:1:15: ids is empty");
	expect_broken("name=\"a\",ids=\"* 2B7E*\" " EC,
		      "keys:1:17: \"2B7E*\": an image's UUID in lower case");
	expect_broken("name=\"a\",ids=\"2b7e1516\" " EC, "an image's UUID in lower case");
	expect_broken("name=\"a\",ids=\"*:refs/heads/x\" " EC, "an image's UUID in lower case");
	expect_broken("name=\"a\",read=\"x\" ssh-dss AAAA",
		      "keys:1:19: \"ssh-dss\" is not an accepted type of key");
	expect_broken("name=\"a\",read=\"x\" ssh-ed25519 AAA", "is not base64");
	expect_broken("name=\"a\033\",read=\"x\" " EC, "a control character");
	memset(long_line, 'x', 8999);
	long_line[8999] = '\0';
	expect_broken(long_line, "a line of more than 8192 bytes");
}

static void nothing_stands_twice(void **state)
{
	struct told t;
	own_keyring struct keyring *ring = ring_of(
		"name=\"a\",read=\"x\" " ED "\nname=\"a\",admin=\"*\" " EC "\n", &t);
	own_keyring struct keyring *other = ring_of(
		"name=\"a\",read=\"x\" " ED "\nname=\"b\",admin=\"*\" " ED " c\n", &t);

	(void)state;
	assert_string_equal(t.last, "keys:2:1: the key is already in line 1");
	assert_false(key_may(keyring_named(ring, "a"), KEY_ADMIN, NULL));
	assert_int_equal(keyring_named(ring, "a")->line, 1);
	assert_null(keyring_named(other, "b"));
}

static void a_nul_hides_nothing(void **state)
{
	static const char text[] = "name=\"a\",read=\"x\" " ED "\0hidden\n" EC "\n";
	struct told t = {.n = 0};
	own_keyring struct keyring *ring = NULL;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(keyring_parse("keys", text, sizeof(text) - 1, tell, &t, &ring, &e), 0);
	assert_int_equal(t.n, 2);
	assert_null(keyring_named(ring, "a"));
}

static void rights(void **state)
{
	struct told t;
	own_keyring struct keyring *ring = ring_of(
		"name=\"a\",read=\"docs team/*\",write=\"web:refs/heads/f/* web:refs/tags/v1 "
		"api\",create=\"a/*\",admin=\"own\" " ED "\nname=\"root\",admin=\"x *\" " EC "\n",
		&t);
	const struct key_entry *a = keyring_named(ring, "a"), *root = keyring_named(ring, "root");

	(void)state;
	assert_true(key_may(a, KEY_READ, "docs") && key_may(a, KEY_READ, "team/x/y") &&
		    key_may(a, KEY_READ, "web"));
	assert_false(key_may(a, KEY_READ, "doc") || key_may(a, KEY_READ, "docs2") ||
		     key_may(a, KEY_READ, "team"));
	assert_false(key_may(a, KEY_WRITE, "docs") || key_may(a, KEY_WRITE, "other"));
	assert_true(key_may(a, KEY_WRITE, "web") && key_may(a, KEY_WRITE, "a/new") &&
		    key_may(a, KEY_WRITE, "own"));
	assert_true(key_may_push(a, "web", "refs/heads/f/x/y") &&
		    key_may_push(a, "web", "refs/tags/v1"));
	assert_false(key_may_push(a, "web", "refs/heads/main") ||
		     key_may_push(a, "web", "refs/tags/v12"));
	assert_true(key_may_push(a, "api", "refs/heads/main") &&
		    key_may_push(a, "a/new", "refs/notes/x"));
	assert_false(key_may_push(a, "docs", "refs/heads/main"));
	assert_true(key_may(a, KEY_CREATE, "a/new") && key_may(a, KEY_CREATE, "own"));
	assert_false(key_may(a, KEY_CREATE, "api") || key_may(a, KEY_ADMIN, "a/new"));
	assert_true(key_may(a, KEY_ADMIN, "own"));
	assert_false(key_may(a, KEY_READ, NULL) || key_may(a, KEY_ADMIN, NULL));
	assert_true(key_may(root, KEY_ADMIN, NULL) && key_may_push(root, "web", "refs/heads/main"));
	/* Invalid names: no key may use them. */
	assert_false(key_may(root, KEY_READ, "../x") || key_may(root, KEY_READ, "") ||
		     key_may(root, KEY_READ, "x.git"));
}

static void too_many(void **state)
{
	const int n = KEYRING_LINES_MAX + 100;
	own_free char *text = malloc((size_t)n * 4 + 256);
	struct told t;
	size_t used = 0;

	(void)state;
	for (int i = 0; i < n; i++)
		used += (size_t)sprintf(text + used, "x\n");
	sprintf(text + used, "name=\"a\",read=\"x\" " ED "\n");
	own_keyring struct keyring *ring = ring_of(text, &t);

	assert_null(keyring_named(ring, "a"));
	assert_int_equal(t.n, KEYRING_LINES_MAX + 1);
	assert_string_equal(t.last, "keys:4097:1: more than 4096 keys; the rest is not read");
}

static void files(void **state)
{
	own_free char *path = fs_path("%s/keys", (char *)*state);
	static const char *const rights_given[KEY_RIGHTS] = {
		[KEY_WRITE] = "team/* web:refs/heads/x"};
	own_keyring struct keyring *none = NULL, *ring = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(keyring_load(path, NULL, NULL, &none, &e), 0);
	assert_null(keyring_named(none, "a"));
	write_file(path, "  # mine\r\n\nbroken\nname=\"b\",read=\"x\" " EC);
	assert_int_equal(keyring_add(path, "a", rights_given, NULL, ED " at home", &e), 1);
	assert_int_equal(keyring_add(path, "a", rights_given, NULL, ED " elsewhere", &e), 0);
	assert_int_equal(keyring_add(path, "a", rights_given, "2b*", ED " at home", &e), -1);
	assert_err_has(&e, "the name a is already in line 5 of ");
	assert_int_equal(keyring_add(path, "c", rights_given, NULL, ED, &e), -1);
	assert_err_has(&e, "this key is already in line 5 of ");
	assert_int_equal(
		keyring_add(path, "c", rights_given, NULL, ED "\nname=\"d\",admin=\"*\" " EC, &e),
		-1);
	assert_int_equal(keyring_remove(path, "b", &e), 1);
	assert_int_equal(keyring_remove(path, "b", &e), 0);
	own_free char *text = NULL;
	size_t len;

	assert_int_equal(fs_read(AT_FDCWD, path, 4096, &text, &len, &e), 0);
	assert_string_equal(text,
			    "  # mine\r\n\nbroken\nname=\"a\",write=\"team/* web:refs/heads/x\" " ED
			    " at home\n");
	assert_int_equal(chmod(path, 0664), 0);
	assert_int_equal(keyring_load(path, NULL, NULL, &ring, &e), -1);
	assert_err_has(&e, "`chmod go-w ");
}

/* Red if key_may_bind() checks the rights, or treats a key without ids as one with all ids. */
static void test_ids(void **state)
{
	struct told t = {0};
	own_keyring struct keyring *ring = ring_of(
		"name=\"a\",admin=\"*\" " ED "\n"
		"name=\"b\",ids=\"2b7e1516-* 6ba7b810-9dad-41d1-80b4-00c04fd430c8\",admin=\"*\" " EC
		"\n",
		&t);
	const struct key_entry *a = keyring_named(ring, "a"), *b = keyring_named(ring, "b");

	(void)state;
	assert_false(key_may_bind(a, "2b7e1516-28ae-4d2a-abf7-158809cf4f3c"));
	assert_true(key_may_bind(b, "2b7e1516-28ae-4d2a-abf7-158809cf4f3c"));
	assert_true(key_may_bind(b, "6ba7b810-9dad-41d1-80b4-00c04fd430c8"));
	assert_false(key_may_bind(b, "6ba7b810-9dad-41d1-80b4-00c04fd430c9"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),
		cmocka_unit_test(base64_is_strict),
		cmocka_unit_test(kinds_of_keys),
		cmocka_unit_test(rsa_is_counted_in_bits),
		cmocka_unit_test(a_line_and_what_it_holds),
		cmocka_unit_test(a_broken_line_disables_itself_alone),
		cmocka_unit_test(nothing_stands_twice),
		cmocka_unit_test(a_nul_hides_nothing),
		cmocka_unit_test(rights),
		cmocka_unit_test(too_many),
		cmocka_unit_test_setup_teardown(files, scratch_make, scratch_remove),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
