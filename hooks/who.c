/* who: DIAGNOSTICS: ERR_PUSHER where HORNERO_KEY is not to be believed. */
#include "hooks/who.h"

#include "conf/keyring.h"
#include "lib/own.h"

#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

/* By /etc/passwd alone: the environment is the pusher's own, and NSS may ask a server that is down. */
static void user_name(char buf[WHO_MAX])
{
	own_file FILE *f = fopen("/etc/passwd", "re");
	struct passwd *pw;
	uid_t uid = getuid();

	while (f && (pw = fgetpwent(f)))
		if (pw->pw_uid == uid) {
			snprintf(buf, WHO_MAX, "%s", pw->pw_name);
			return;
		}
	snprintf(buf, WHO_MAX, "uid %u", (unsigned int)uid);
}

/* sshd's forced command, or git-shell as the login shell. Others that sshd lets in may run what they like. */
static bool is_confined(void)
{
	own_file FILE *f = NULL;
	struct passwd *pw;
	uid_t uid = getuid();

	if (!getenv("SSH_CONNECTION"))
		return false;
	if (getenv("SSH_ORIGINAL_COMMAND"))
		return true;
	f = fopen("/etc/passwd", "re");
	while (f && (pw = fgetpwent(f)))
		if (pw->pw_uid == uid) {
			const char *slash = strrchr(pw->pw_shell, '/');

			return strcmp(slash ? slash + 1 : pw->pw_shell, "git-shell") == 0;
		}
	return false;
}

/* Where sshd lets keys in and git-shell serves them, there are no words but on the node. */
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

int who_pushes(struct who *out, struct err *e)
{
	const char *key = getenv("HORNERO_KEY");
	struct stat st;

	*out = (struct who){.is_key = key && *key};
	find_words(out);
	if (!out->is_key) {
		user_name(out->name);
		return 0;
	}
	if (stat(".", &st) < 0 || st.st_uid != getuid())
		return err_set(e, ERR_PUSHER, "HORNERO_KEY is set, and only the owner of this repository may say so by what key "
			       "somebody came in; unset it");
	if (key_check_name(key, e) < 0) {
		err_wrap(e, "HORNERO_KEY");
		e->class = ERR_PUSHER;
		return -1;
	}
	snprintf(out->name, sizeof(out->name), "%s", key);
	return 0;
}
