/* signed: DIAGNOSTICS: printed for the pusher. */
#include "hooks/signed.h"

#include "conf/signedrule.h"
#include "hooks/catfile.h"
#include "hooks/say.h"
#include "hooks/signedcommit.h"
#include "hooks/signedpush.h"
#include "lib/clock.h"

#include <stdlib.h>
#include <string.h>

#define TAGS "refs/tags/"

static bool covers(const struct target *p, enum signedrule what, const char *ref)
{
	return signedrule_covers(p->conf->require_signed, what, p->repo, ref);
}

static size_t count(const struct target *p, const struct pushed *pushed, enum signedrule what)
{
	size_t n = 0;

	for (size_t i = 0; i < pushed->n; i++)
		n += covers(p, what, pushed->lines[i].ref);
	return n;
}

/* Returns 0 if the tag is signed, 1 or -1 as signature_check. */
static int check_tag(struct catfile *cf, struct signers *s, const struct target *p,
		     const struct refline *r, struct err *e)
{
	own_signedtext struct signedtext text = {.form = SIGNATURE_NONE};
	char *body = NULL;
	struct signed_by by;
	size_t len;
	int got = catfile_object(cf, r->new, "tag", SIGNATURE_TEXT_MAX, &body, &len, e);

	if (got < 0)
		return -1;
	if (got == 0) {
		err_set(e, ERR_PUSHER, "it is a tag without an object, which nobody can sign");
		return 1;
	}
	got = signedtext_tag(body, len, &text, e);
	free(body);
	if (got < 0)
		return e->class == ERR_PUSHER ? 1 : -1;
	got = signature_check(s, &text, &by, e);
	return got == 0 ? signedcommit_right(&by, p->repo, r->ref, e) : got;
}

static size_t refuse(const struct refline *r, const char *what, const struct err *e, int got)
{
	if (got < 0)
		say("push refused: %s: the signature of %s cannot be checked: %s; ask the operator "
		    "of the node",
		    r->ref, what, e->msg);
	else
		say("push refused: %s: %s", r->ref, e->msg);
	return 1;
}

static size_t check_refs(struct catfile *cf, struct signers *s, const struct target *p,
			 const struct pushed *pushed)
{
	size_t refused = 0;

	for (size_t i = 0; i < pushed->n; i++) {
		const struct refline *r = &pushed->lines[i];
		struct err e = ERR_INIT;
		int got = 0;

		if (refline_deletes(r))
			continue;
		if (covers(p, SIGNED_TAG, r->ref) && strncmp(r->ref, TAGS, strlen(TAGS)) == 0)
			got = check_tag(cf, s, p, r, &e);
		if (got != 0)
			refused += refuse(r, "the tag", &e, got);
		if (got != 0 || !covers(p, SIGNED_COMMIT, r->ref))
			continue;
		got = signedcommit_check(cf, s, p, r, &e);
		if (got != 0)
			refused += refuse(r, "a commit", &e, got);
	}
	return refused;
}

static void say_how(const struct target *p, size_t pushes, size_t commits, size_t tags)
{
	say("nothing of this push was taken; to sign with your SSH key: git config gpg.format ssh; "
	    "git config user.signingKey ~/.ssh/id_ed25519.pub");
	if (commits > 0)
		say("%s takes signed commits only: git commit --amend -S --no-edit, or for all new "
		    "ones: git rebase --exec 'git commit --amend -S --no-edit' BASE",
		    p->repo);
	if (tags > 0)
		say("%s takes signed tags only: git tag -s -f TAG TAG^{}", p->repo);
	if (pushes > 0)
		say("%s takes signed pushes only: git push --signed", p->repo);
}

size_t signed_check(const struct target *p, const struct pushed *pushed, const struct who *who,
		    char signer[SIGNER_MAX])
{
	size_t pushes = count(p, pushed, SIGNED_PUSH), commits = count(p, pushed, SIGNED_COMMIT);
	size_t tags = count(p, pushed, SIGNED_TAG), refused;
	own_catfile struct catfile cf = CATFILE_INIT;
	own_signers struct signers s = SIGNERS_INIT;
	struct err e = ERR_INIT;

	*signer = '\0';
	if (pushes + commits + tags == 0)
		return 0;
	if (pushed->passed_over > 0) {
		say("push refused: some of its ref names are malformed or too many, so its "
		    "signatures cannot be checked");
		return 1;
	}
	if (signers_load(&s, p->conf, &e) < 0) {
		say("push refused: no signature can be checked: %s; ask the operator of the node",
		    e.msg);
		return 1;
	}
	cf.deadline_ms = clock_mono_ms() + SIGNATURE_ALL_MS;
	refused = pushes > 0 ? signedpush_check(&cf, &s, p, pushed, who, signer) : 0;
	refused += check_refs(&cf, &s, p, pushed);
	if (refused > 0)
		say_how(p, pushes, commits, tags);
	return refused;
}
