/* signedrule: DIAGNOSTICS: ERR_USAGE. */
#include "conf/signedrule.h"

#include "conf/check.h"
#include "conf/keyline.h"

#include <string.h>

enum { TEXT_MAX = 1000 };

static const char *const words[] = {
	[SIGNED_PUSH] = "push", [SIGNED_COMMIT] = "commit", [SIGNED_TAG] = "tag",
};

const char *signedrule_word(enum signedrule what)
{
	return words[what];
}

/* Returns the patterns if the entry begins with this word, else NULL. */
static const char *patterns_of(const char *text, enum signedrule what)
{
	size_t len = strlen(words[what]);

	return strncmp(text, words[what], len) == 0 && text[len] == ' ' ? text + len + 1 : NULL;
}

int signedrule_check(const char *text, struct err *e)
{
	char shown[CHECK_SHOWN];
	const char *patterns = NULL;

	for (int i = 0; i < 3 && !patterns; i++)
		patterns = patterns_of(text, (enum signedrule)i);
	if (!patterns || strlen(text) > TEXT_MAX)
		return err_set(e, ERR_USAGE,
			       "%s: push, commit or tag is allowed, then a blank and repositories, "
			       "such as \"commit team/*:refs/heads/main\"",
			       check_show(text, shown));
	return keyline_check(patterns, e);
}

bool signedrule_covers(char *const *entries, enum signedrule what, const char *repo,
		       const char *ref)
{
	for (; entries && *entries; entries++) {
		const char *patterns = patterns_of(*entries, what);

		if (patterns && keyline_matches(patterns, repo, ref))
			return true;
	}
	return false;
}
