/*
 * signedtext: separates what was signed from its signature, as git does: in a commit, the signature
 * is a header; in a tag and in a push certificate, it follows the text. Pure; pushers choose every
 * byte.
 */
#ifndef HORNERO_HOOKS_SIGNEDTEXT_H
#define HORNERO_HOOKS_SIGNEDTEXT_H

#include "hooks/refline.h"
#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>

enum signature_form { SIGNATURE_NONE, SIGNATURE_SSH, SIGNATURE_GPG, SIGNATURE_OTHER };

/* Both parts are NUL-terminated copies. */
struct signedtext {
	char *payload, *signature;
	size_t payload_len, signature_len;
	enum signature_form form;
};

/* Returns 0 (form NONE if there is no signature), or -1 (ERR_PUSHER if it has two, ERR_NOBODY). The
 * caller calls signedtext_fini in both cases. sha256: of a repository with such ids. */
int signedtext_commit(const char *text, size_t len, bool sha256, struct signedtext *out,
		      struct err *e);
int signedtext_tag(const char *text, size_t len, struct signedtext *out, struct err *e);
void signedtext_fini(struct signedtext *s);
#define own_signedtext __attribute__((cleanup(signedtext_fini)))

/* Whether a push certificate has this line, with these ids. */
bool signedtext_has_line(const struct signedtext *cert, const struct refline *line);

#endif
