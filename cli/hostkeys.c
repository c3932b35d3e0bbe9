/* hostkeys: DIAGNOSTICS: ERR_OPERATOR if hornero-door fails; it prints the reason to standard
 * error. */
#include "cli/hostkeys.h"

#include "cli/cli.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/spawn.h"

#include <pwd.h>

enum { WAIT_MS = 60000, SAID_MAX = 4096 };

int hostkeys_make(const struct conf *c, struct err *e)
{
	own_free char *program = fs_path("%s/hornero-door", c->libexec_dir);
	const char *const argv[] = {program, "--host-keys", "-c", c->path, NULL};
	const struct passwd *pw = c->git_uid == (uid_t)-1 ? NULL : getpwuid(c->git_uid);
	struct spawn s = SPAWN_INIT(argv);
	own_free char *said = NULL;
	size_t len;
	int status;

	s.err = STDERR_FILENO;
	s.set_ids = geteuid() == 0 && c->git_uid != (uid_t)-1 && c->git_uid != 0;
	s.uid = c->git_uid;
	s.gid = pw ? pw->pw_gid : c->git_uid;
	status = spawn_capture(&s, WAIT_MS, SAID_MAX, &said, &len, e);
	if (status < 0 && e->sys) {
		cli_say(stderr,
			"hornero: warning: no host keys were made, which hornero-door needs: %s",
			e->msg);
		return 0;
	}
	if (status != 0)
		return status < 0 ? -1
				  : err_set(e, ERR_OPERATOR,
					    "hornero-door could not make its host keys in %s",
					    c->door_host_keys);
	return 0;
}
