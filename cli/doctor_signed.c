/* doctor_signed: checks what require_signed needs: the programs, the ring of GPG keys, a name for
 * git's user, and repositories that give nonces. DIAGNOSTICS: findings. */
#include "cli/doctor.h"

#include "cli/repo.h"
#include "conf/signedrule.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#define KEYGEN "/usr/bin/ssh-keygen"
#define GPGV   "/usr/bin/gpgv"
enum { CONFIG_MAX = 65536 };

static void look_at_seed(void *arg, const char *name)
{
	struct doctor *d = arg;
	own_free char *config = fs_path("%s/%s.git/config", d->c->repo_root, name);
	struct err ignored = ERR_INIT;
	own_free char *text = NULL;
	size_t len;

	if (signedrule_covers(d->c->require_signed, SIGNED_PUSH, name, NULL) &&
	    fs_read(AT_FDCWD, config, CONFIG_MAX, &text, &len, &ignored) == 0 &&
	    !strstr(text, "certNonceSeed"))
		doctor_say(d, DOCTOR_BAD, "hornero init",
			   "%s has no receive.certNonceSeed, so git push --signed fails", config);
}

static void look_at_gpg(struct doctor *d)
{
	if (access(GPGV, X_OK) < 0)
		doctor_say(d, DOCTOR_BAD, "apt-get install gpgv",
			   GPGV " is missing: GPG signatures (gpg_keyring) are refused");
	if (access(d->c->gpg_keyring, R_OK) < 0)
		doctor_say(d, errno == EACCES ? DOCTOR_BLIND : DOCTOR_BAD,
			   "gpg --export KEY... >FILE, readable for git's user",
			   "gpg_keyring %s: %s", d->c->gpg_keyring, strerror(errno));
}

void doctor_signed(struct doctor *d)
{
	int before = d->findings;

	if (!d->c->require_signed || !*d->c->require_signed) {
		doctor_ok(d, "no repository requires signatures");
		return;
	}
	if (access(KEYGEN, X_OK) < 0)
		doctor_say(d, DOCTOR_BAD, "apt-get install openssh-client",
			   KEYGEN " is missing: SSH signatures are refused");
	if (d->c->git_uid != (uid_t)-1 && !getpwuid(d->c->git_uid))
		doctor_say(d, DOCTOR_BAD, "give git_user a name in /etc/passwd",
			   "user %u has no name, and ssh-keygen needs one", d->c->git_uid);
	if (d->c->gpg_keyring)
		look_at_gpg(d);
	repo_each(d->c, look_at_seed, d);
	if (d->findings == before)
		doctor_ok(d, "signatures can be checked");
}
