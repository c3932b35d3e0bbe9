/* who: DIAGNOSTICS: ERR_PUSHER if HORNERO_KEY or HORNERO_MIRROR cannot be trusted. */
#include "hooks/who.h"

#include "conf/keyring.h"
#include "lib/own.h"
#include "state/mirror.h"

#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

/* Our entry of /etc/passwd, valid until the next call, or NULL. Nothing else is asked: the pusher
 * controls the environment, and NSS may query a server that is down. */
static const struct passwd *find_us(void)
{
	own_file FILE *f = fopen("/etc/passwd", "re");
	struct passwd *pw = NULL;

	while (f && (pw = fgetpwent(f)) && pw->pw_uid != getuid())
		;
	return pw;
}

static void user_name(char buf[WHO_MAX])
{
	const struct passwd *us = find_us();

	if (us)
		snprintf(buf, WHO_MAX, "%s", us->pw_name);
	else
		snprintf(buf, WHO_MAX, "uid %u", (unsigned int)getuid());
}

/* True for sshd's forced command and for git-shell as the login shell. sshd's other users may run
 * any program. */
static bool is_confined(void)
{
	const struct passwd *us;
	const char *slash;

	if (!getenv("SSH_CONNECTION"))
		return false;
	if (getenv("SSH_ORIGINAL_COMMAND"))
		return true;
	us = find_us();
	if (!us)
		return false;
	slash = strrchr(us->pw_shell, '/');
	return strcmp(slash ? slash + 1 : us->pw_shell, "git-shell") == 0;
}

/* If keys log in through sshd and git-shell, the CLI is available on the node only. */
static void find_words(struct who *out)
{
	struct way way;
	bool through_door = out->is_key && way_read(&way);

	snprintf(out->words, sizeof(out->words), "%s", through_door ? way.ssh : "hornero");
	out->has_words = through_door || !is_confined();
}

const char *who_can(const struct who *who)
{
	return who->has_words ? "" : " (ask the operator of the node)";
}

/* Only the owner of the repository may name a key, so the address can be trusted as far. */
static void find_address(struct who *out)
{
	const char *door = getenv("HORNERO_FROM"), *ssh = getenv("SSH_CONNECTION");
	char text[ADDRESS_TEXT];

	snprintf(out->from, sizeof(out->from), "%s",
		 door ? door : ssh ? address_of_ssh(ssh, text) : "");
}

int who_pushes(struct who *out, struct err *e)
{
	const char *key = getenv("HORNERO_KEY");
	struct stat st;

	*out = (struct who){.is_key = key && *key, .is_mirror = getenv(MIRROR_ENV) != NULL};
	find_words(out);
	if (!out->is_key && !out->is_mirror) {
		user_name(out->name);
		return 0;
	}
	if (stat(".", &st) < 0 || st.st_uid != getuid())
		return err_set(e, ERR_PUSHER,
			       "%s is set, but only the owner of this repository may set it; unset "
			       "it", out->is_key ? "HORNERO_KEY" : MIRROR_ENV);
	if (!out->is_key) {
		snprintf(out->name, sizeof(out->name), WHO_MIRROR);
		return 0;
	}
	if (key_check_name(key, e) < 0) {
		err_wrap(e, "HORNERO_KEY");
		e->class = ERR_PUSHER;
		return -1;
	}
	snprintf(out->name, sizeof(out->name), "%s", key);
	find_address(out);
	return 0;
}
