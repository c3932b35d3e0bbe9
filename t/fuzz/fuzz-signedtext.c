/* fuzz-signedtext: one text read as a commit, and as a tag or a certificate. No byte may be in both
 * parts or in none, but for the headers of signatures; a broken promise aborts. clang
 * -fsanitize=fuzzer runs it (make fuzz); a unit test replays corpus/fuzz-signedtext. */
#include "fuzz-signedtext.h"

#include "hooks/signedtext.c"

#define OID "0000000000000000000000000000000000000000"

static void promise(bool kept)
{
	if (!kept)
		abort();
}

static void check_parts(const struct signedtext *s, size_t size)
{
	promise(s->payload_len + s->signature_len <= size);
	promise(s->payload[s->payload_len] == '\0' && s->signature[s->signature_len] == '\0');
	promise((s->form == SIGNATURE_NONE) == (s->signature_len == 0));
}

static void try_commit(const char *text, size_t size, bool sha256)
{
	own_signedtext struct signedtext s = {.form = SIGNATURE_NONE};
	struct err e = ERR_INIT;

	if (signedtext_commit(text, size, sha256, &s, &e) < 0)
		return;
	check_parts(&s, size);
	if (!memmem(text, size, "gpgsig", 6) && text[0] != ' ')
		promise(s.payload_len == size && memcmp(s.payload, text, size) == 0);
}

static void try_tag(const char *text, size_t size)
{
	static const struct refline line = {.old = OID, .new = OID, .ref = "refs/heads/main"};
	static const char want[] = OID " " OID " refs/heads/main\n";
	own_signedtext struct signedtext s = {.form = SIGNATURE_NONE};
	struct err e = ERR_INIT;

	if (signedtext_tag(text, size, &s, &e) < 0)
		return;
	check_parts(&s, size);
	promise(s.payload_len + s.signature_len == size);
	promise(memcmp(s.payload, text, s.payload_len) == 0);
	promise(memcmp(s.signature, text + s.payload_len, s.signature_len) == 0);
	if (signedtext_has_line(&s, &line))
		promise(memmem(s.payload, s.payload_len, want, strlen(want)) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	try_commit(text, size, false);
	try_commit(text, size, true);
	try_tag(text, size);
	free(text);
	return 0;
}
