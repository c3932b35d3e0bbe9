/* cgown: DIAGNOSTICS: ERR_OPERATOR if OURS is not delegated; the message names the line of the unit
 * that fixes it. */
#include "agent/cgroup/cgown.h"

#include "agent/cgroup/cgdir.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

bool cgown_is_delegated(const char *dir)
{
	char flag[2] = "";
	own_free char *control = fs_path("%s/cgroup.subtree_control", dir);

	if (getxattr(dir, "trusted.delegate", flag, 1) == 1 ||
	    getxattr(dir, "user.delegate", flag, 1) == 1)
		return flag[0] == '1';
	return geteuid() != 0 && access(dir, W_OK) == 0 && access(control, W_OK) == 0;
}

int cgown_find(long pid, char **out, struct err *e)
{
	own_free char *file = pid ? fs_path("/proc/%ld/cgroup", pid)
				  : fs_path("/proc/self/cgroup");
	own_free char *text = NULL;
	own_free char *path = NULL;
	char *line;
	size_t len;

	if (fs_read(AT_FDCWD, file, 65536, &text, &len, e) < 0)
		return -1;
	line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (!line)
		return err_set(e, ERR_OPERATOR, "%s has no cgroup v2 entry", file);
	line += line == text ? 3 : 4;
	line[strcspn(line, "\n")] = '\0';
	path = fs_path("%s", strcmp(line, "/") == 0 ? "" : line);
	len = strlen(path);
	if (len > 6 && strcmp(path + len - 6, "/agent") == 0)
		path[len - 6] = '\0';
	*out = steal_ptr(&path);
	return 0;
}

int cgown_settle(const char *ours, struct err *e)
{
	own_free char *agent = fs_path("%s/agent", ours);
	static const char *const controllers[] = {"+cpu", "+memory", "+pids", "+io", "+cpuset"};
	enum { NEEDED = 3 }; /* the rest is optional */

	if (mkdir(agent, 0755) < 0 && errno != EEXIST)
		return err_sys(e, ERR_OPERATOR, "cannot create the cgroup %s; set Delegate=yes in "
			       "the unit", agent);
	if (cgdir_write(agent, "cgroup.procs", "0") < 0)
		return err_sys(e, ERR_OPERATOR, "cannot move into the cgroup %s; set Delegate=yes "
			       "in the unit", agent);
	for (size_t i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++)
		if (cgdir_write(ours, "cgroup.subtree_control", controllers[i]) < 0 && i < NEEDED)
			return err_sys(e, ERR_OPERATOR, "cannot enable the controller %s below %s; "
				       "set Delegate=yes in the unit", controllers[i] + 1, ours);
	return 0;
}
