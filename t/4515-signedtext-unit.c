/* The signed text and the signature of commits, tags and certificates; the corpus of
 * fuzz-signedtext. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fuzz/fuzz-signedtext.h"
#include "hooks/signedtext.h"
#include "t/lib/corpus-test.h"

#include <string.h>

#define SSH "-----BEGIN SSH SIGNATURE-----"
#define PGP "-----BEGIN PGP SIGNATURE-----"
#define A   "1111111111111111111111111111111111111111"
#define B   "2222222222222222222222222222222222222222"

static void splits(int (*split)(const char *, size_t, struct signedtext *, struct err *),
		   const char *text, enum signature_form form, const char *payload,
		   const char *signature)
{
	own_signedtext struct signedtext s = {.form = SIGNATURE_NONE};
	struct err e = ERR_INIT;

	assert_int_equal(split(text, strlen(text), &s, &e), 0);
	assert_int_equal(s.form, form);
	assert_string_equal(s.payload, payload);
	assert_string_equal(s.signature, signature);
}

static int commit(const char *text, size_t len, struct signedtext *s, struct err *e)
{
	return signedtext_commit(text, len, false, s, e);
}

static int commit256(const char *text, size_t len, struct signedtext *s, struct err *e)
{
	return signedtext_commit(text, len, true, s, e);
}

static void commits(void **state)
{
	static const char both[] = "tree x\ngpgsig " SSH "\n one\n two\ngpgsig-sha256 " PGP
				   "\n three\nencoding y\n\ngpgsig " SSH "\n text\n";

	(void)state;
	splits(commit, "tree x\n\ntext\n", SIGNATURE_NONE, "tree x\n\ntext\n", "");
	splits(commit, both, SIGNATURE_SSH, "tree x\nencoding y\n\ngpgsig " SSH "\n text\n",
	       SSH "\none\ntwo\n");
	splits(commit256, both, SIGNATURE_GPG, "tree x\nencoding y\n\ngpgsig " SSH "\n text\n",
	       PGP "\nthree\n");
	splits(commit, "tree x\ngpgsig what\n\n", SIGNATURE_OTHER, "tree x\n\n", "what\n");
}

static void two_signatures(void **state)
{
	static const char text[] = "tree x\ngpgsig a\ngpgsig b\n\n";
	own_signedtext struct signedtext s = {.form = SIGNATURE_NONE};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(commit(text, strlen(text), &s, &e), -1);
	assert_int_equal(e.class, ERR_PUSHER);
}

static void tags(void **state)
{
	(void)state;
	splits(signedtext_tag, "object x\n\ntext\n", SIGNATURE_NONE, "object x\n\ntext\n", "");
	splits(signedtext_tag, "object x\n\n" SSH "\na\n" PGP "\nb\n", SIGNATURE_GPG,
	       "object x\n\n" SSH "\na\n", PGP "\nb\n");
	splits(signedtext_tag, "object x\n\n " SSH "\n", SIGNATURE_NONE, "object x\n\n " SSH "\n",
	       "");
}

static void certificates(void **state)
{
	static const char text[] = "certificate version 0.1\npush-option " A " " B " refs/heads/no"
				   "\n\n" A " " B " refs/heads/main\n" SSH "\n" A " " B
				   " refs/heads/after\n";
	static const struct {
		const char *ref;
		bool has;
	} cases[] = {{"refs/heads/main", true},   {"refs/heads/mai", false},
		     {"refs/heads/mainx", false}, {"refs/heads/no", false},
		     {"refs/heads/after", false}};
	own_signedtext struct signedtext s = {.form = SIGNATURE_NONE};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(signedtext_tag(text, strlen(text), &s, &e), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
			signedtext_has_line(&s, &(struct refline){A, B, cases[i].ref}),
			cases[i].has);
	assert_false(signedtext_has_line(&s, &(struct refline){B, A, "refs/heads/main"}));
}

static void replays_the_corpus(void **state)
{
	(void)state;
	corpus_replay("fuzz-signedtext", 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commits),	cmocka_unit_test(two_signatures),
		cmocka_unit_test(tags),		cmocka_unit_test(certificates),
		cmocka_unit_test(replays_the_corpus),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
