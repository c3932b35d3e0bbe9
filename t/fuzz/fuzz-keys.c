/* fuzz-keys: one text read as a file of keys. Accepted input must keep its promises; a broken
 * promise aborts. clang -fsanitize=fuzzer runs it (make fuzz); a unit test replays
 * corpus/fuzz-keys. */
#include "fuzz-keys.h"

#include "conf/check.h"
#include "conf/keyring.h"
#include "conf/sshkey.h"
#include "lib/base64.h"

#include <stdlib.h>
#include <string.h>

static void promise(bool kept)
{
	if (!kept)
		abort();
}

static void count(void *arg, const char *problem)
{
	promise(strncmp(problem, "f:", 2) == 0 && check_clean(problem, CHECK_LINE));
	++*(size_t *)arg;
}

/* An accepted key has one name, one key, both found again, and bytes that spell its base64. */
static void check_entry(const struct keyring *ring, const struct key_entry *k)
{
	struct err e = ERR_INIT;
	struct sshkey key;
	char again[BASE64_ROOM(SSHKEY_BYTES_MAX)];

	promise(k->name && key_check_name(k->name, &e) == 0 &&
		check_clean(k->comment, CHECK_LINES));
	promise(keyring_named(ring, k->name) == k && keyring_find(ring, k->type, k->blob) == k);
	promise(sshkey_parse(k->type, k->blob, &key, &e) == 0 && key.bits >= 256);
	promise(strcmp(base64_encode(again, key.wire, key.len), k->blob) == 0);
	for (int right = 0; right < KEY_RIGHTS; right++) {
		promise(!k->patterns[right] || check_clean(k->patterns[right], CHECK_LINES));
		promise(!key_may(k, right, "../x") && !key_may(k, right, ""));
		promise(right == 0 || !key_may(k, right, "a/b") || key_may(k, right - 1, "a/b"));
	}
	promise(!key_may_push(k, "a/b", "refs/heads/x") || key_may(k, KEY_WRITE, "a/b"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_keyring struct keyring *ring = NULL;
	const struct key_entry *list;
	struct err e = ERR_INIT;
	size_t broken = 0, n;

	if (keyring_parse("f", (const char *)data, size, count, &broken, &ring, &e) < 0)
		return 0;
	n = keyring_entries(ring, &list);
	promise(n <= KEYRING_LINES_MAX + 1);
	for (size_t i = 0; i < n; i++) {
		promise(i == 0 || list[i].line > list[i - 1].line);
		broken -= list[i].problem != NULL;
		if (!list[i].problem)
			check_entry(ring, &list[i]);
	}
	promise(broken == 0);
	return 0;
}
