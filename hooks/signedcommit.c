/* signedcommit: DIAGNOSTICS: as hooks/signature.h. */
#include "hooks/signedcommit.h"

#include "conf/signedrule.h"
#include "hooks/peel.h"
#include "lib/fs.h"
#include "lib/hex.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { REFS_BYTES_MAX = 16 << 20, GIT_MS = 10000, SHORT_OID = 7 };

int signedcommit_right(const struct signed_by *by, const char *repo, const char *ref,
		       struct err *e)
{
	if (!by->key || key_may_push(by->key, repo, ref))
		return 0;
	err_set(e, ERR_PUSHER, "it is signed by the key %s, which may not write it in %s",
		by->key->name, repo);
	return 1;
}

static int git(const char *const *argv, int in, size_t max, char **out, struct err *e)
{
	const char *env[CATFILE_ENV_MAX];
	struct spawn s = SPAWN_INIT(argv);
	size_t len;
	int status;

	catfile_env(env, NULL);
	s.envp = env;
	s.in = in;
	status = spawn_capture(&s, GIT_MS, max, out, &len, e);
	if (status < 0)
		return -1;
	return status == 0 ? 0
			   : err_set(e, ERR_OPERATOR, "git %s failed; `git fsck` in the repository "
				     "on the node may say why", argv[1]);
}

/* Writes the input of rev-list: the commit, without what the refs of the rule lead to. */
static int write_revisions(const struct target *p, const char *commit, char *refs, struct err *e)
{
	own_fd int fd = memfd_create("revisions", MFD_CLOEXEC);
	own_free char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	char *rest;

	if (!out)
		return err_sys(e, ERR_NOBODY, "out of memory for the refs");
	fprintf(out, "%s\n", commit);
	for (char *line = strtok_r(refs, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *ref = strchr(line, ' ');

		if (!ref)
			continue;
		*ref++ = '\0';
		if (signedrule_covers(p->conf->require_signed, SIGNED_COMMIT, p->repo, ref))
			fprintf(out, "^%s\n", line);
	}
	if (fclose(out) != 0 || fd < 0 || fs_write_all(fd, text, len) < 0 ||
	    lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, ERR_NOBODY, "out of memory for the refs");
	return steal_fd(&fd);
}

/* Returns the new commits, one on each line. */
static int list_new(const struct target *p, const char *commit, char **out, struct err *e)
{
	static const char *const each[] = {"git", "for-each-ref",
					   "--format=%(objectname) %(refname)", NULL};
	static const char most[] = "--max-count=1001";
	static const char *const list[] = {"git", "rev-list", most, "--stdin", NULL};
	own_free char *refs = NULL;
	own_fd int in = -1;

	if (git(each, -1, REFS_BYTES_MAX, &refs, e) < 0)
		return -1;
	in = write_revisions(p, commit, refs, e);
	if (in < 0)
		return -1;
	return git(list, in, (SIGNEDCOMMIT_MAX + 1) * 66, out, e);
}

static int check_one(struct catfile *cf, struct signers *s, const struct target *p, const char *ref,
		     const char *oid, struct err *e)
{
	own_signedtext struct signedtext text = {.form = SIGNATURE_NONE};
	own_free char *body = NULL;
	struct signed_by by;
	size_t len;
	int got = catfile_object(cf, oid, "commit", SIGNATURE_TEXT_MAX, &body, &len, e);

	if (got <= 0)
		return got < 0 ? -1 : err_set(e, ERR_OPERATOR, "git finds no commit %s", oid);
	if (signedtext_commit(body, len, strlen(oid) > 40, &text, e) < 0)
		return e->class == ERR_PUSHER ? 1 : -1;
	got = signature_check(s, &text, &by, e);
	return got == 0 ? signedcommit_right(&by, p->repo, ref, e) : got;
}

int signedcommit_check(struct catfile *cf, struct signers *s, const struct target *p,
		       const struct refline *r, struct err *e)
{
	own_free char *list = NULL;
	char commit[65], *rest;
	size_t n = 0;
	int got = peel_commit(cf, r, commit, e);

	if (got != 0)
		return got;
	if (list_new(p, commit, &list, e) < 0)
		return -1;
	for (char *oid = strtok_r(list, "\n", &rest); oid; oid = strtok_r(NULL, "\n", &rest)) {
		if (++n > SIGNEDCOMMIT_MAX) {
			err_set(e, ERR_PUSHER,
				"it has more than %d new commits, whose signatures would take too "
				"long; push them in parts: git push REMOTE COMMIT:%s",
				SIGNEDCOMMIT_MAX, r->ref);
			return 1;
		}
		got = check_one(cf, s, p, r->ref, oid, e);
		if (got != 0) {
			err_wrap(e, "commit %.*s", SHORT_OID, oid);
			return got;
		}
	}
	return 0;
}
