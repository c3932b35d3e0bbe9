/* signedpush: DIAGNOSTICS: printed for the pusher. */
#include "hooks/signedpush.h"

#include "conf/signedrule.h"
#include "hooks/say.h"
#include "hooks/signedcommit.h"
#include "lib/hex.h"
#include "lib/own.h"

#include <stdlib.h>
#include <string.h>

enum { CERT_MAX = REFLINE_INPUT_MAX + (1 << 20) };

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

/* git receive-pack sets these for the hook. Returns the certificate's id, or NULL. */
static const char *certificate(const struct target *p, const struct who *who)
{
	const char *oid = variable("GIT_PUSH_CERT");
	const char *nonce = variable("GIT_PUSH_CERT_NONCE_STATUS");

	if (!*oid && who->is_mirror) {
		say("push refused: %s requires signed pushes, and a mirror signs none; an operator "
		    "of the node may require signed commits instead (require_signed)",
		    p->repo);
	} else if (!*oid) {
		say("push refused: the push is not signed, and %s requires that: git push --signed",
		    p->repo);
	} else if (strcmp(nonce, "OK") == 0 && hex_is_oid(oid)) {
		return oid;
	} else if (strcmp(nonce, "MISSING") == 0) {
		say("push refused: the certificate of this push has no nonce, so it may be an old "
		    "one; the operator of the node runs: hornero init");
	} else {
		say("push refused: the certificate of this push has another nonce than git gave to "
		    "it (%s): it is one of an earlier push; push again",
		    nonce);
	}
	return NULL;
}

/* git checks that a certificate comes alone, but not well: unsigned refs after it are accepted. */
static size_t check_lines(const struct signedtext *cert, const struct pushed *pushed)
{
	for (size_t i = 0; i < pushed->n; i++)
		if (!signedtext_has_line(cert, &pushed->lines[i])) {
			say("push refused: %s: the certificate of this push does not name it",
			    pushed->lines[i].ref);
			return 1;
		}
	return 0;
}

static size_t check_rights(const struct target *p, const struct pushed *pushed,
			   const struct signed_by *by)
{
	struct err e = ERR_INIT;
	size_t refused = 0;

	for (size_t i = 0; i < pushed->n && refused == 0; i++) {
		const char *ref = pushed->lines[i].ref;

		if (signedrule_covers(p->conf->require_signed, SIGNED_PUSH, p->repo, ref) &&
		    signedcommit_right(by, p->repo, ref, &e) != 0) {
			say("push refused: %s: the push: %s", ref, e.msg);
			refused++;
		}
	}
	return refused;
}

size_t signedpush_check(struct catfile *cf, struct signers *s, const struct target *p,
			const struct pushed *pushed, const struct who *who,
			char signer[SIGNER_MAX])
{
	own_signedtext struct signedtext cert = {.form = SIGNATURE_NONE};
	const char *oid = certificate(p, who);
	own_free char *body = NULL;
	struct err e = ERR_INIT;
	struct signed_by by;
	size_t len;
	int got;

	if (!oid)
		return 1;
	got = catfile_object(cf, oid, "blob", CERT_MAX, &body, &len, &e);
	if (got == 0)
		err_set(&e, ERR_OPERATOR, "git does not find the certificate %s", oid);
	got = got <= 0 || signedtext_tag(body, len, &cert, &e) < 0
		      ? -1
		      : signature_check(s, &cert, &by, &e);
	if (got != 0) {
		say("push refused: the push: %s%s",
		    got < 0 ? "its signature cannot be checked: " : "", e.msg);
		return 1;
	}
	if (check_lines(&cert, pushed) + check_rights(p, pushed, &by) > 0)
		return 1;
	snprintf(signer, SIGNER_MAX, "%s", by.name);
	return 0;
}
