/* confine: DIAGNOSTICS: ERR_OPERATOR if the kernel accepts no filter or the directory is missing,
 * ERR_US if a limit cannot be set. */
#include "lib/confine.h"

#include "lib/own.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BINARY_TREE = 2 };

/* The accesses to files of Landlock's first version, which every kernel with Landlock knows. */
#define FILES_ALL ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
#define FILES_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

int confine_limit(__rlimit_resource_t what, rlim_t most, struct err *e)
{
	struct rlimit now, want;

	if (getrlimit(what, &now) < 0)
		return err_sys(e, ERR_US, "cannot read limit %d", (int)what);
	want.rlim_max = now.rlim_max < most ? now.rlim_max : most;
	want.rlim_cur = want.rlim_max;
	if (setrlimit(what, &want) < 0)
		return err_sys(e, ERR_US, "cannot set limit %d", (int)what);
	return 0;
}

/* The C library has no functions for these calls. */
int confine_files(const char *dir, struct err *e)
{
	const struct landlock_ruleset_attr all = {.handled_access_fs = FILES_ALL};
	struct landlock_path_beneath_attr read = {.allowed_access = FILES_READ};
	own_fd int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
	own_fd int top = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (top < 0)
		return err_sys(e, ERR_OPERATOR, "cannot open %s", dir);
	if (rules < 0 && (errno == ENOSYS || errno == EOPNOTSUPP))
		return 0;
	read.parent_fd = top;
	if (rules < 0 ||
	    syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &read, 0) < 0 ||
	    syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot restrict files to %s (Landlock)", dir);
	return 1;
}

int confine_allow(scmp_filter_ctx filter, const char *const *names, size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		int number = seccomp_syscall_resolve_name(names[i]);

		if (number != __NR_SCMP_ERROR)
			rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
	}
	return rc;
}

int confine_calls(uint32_t otherwise, int (*rules)(scmp_filter_ctx), struct err *e)
{
	scmp_filter_ctx filter = seccomp_init(otherwise);
	int rc;

	if (!filter)
		return err_set(e, ERR_NOBODY, "out of memory for the filter of system calls");
	rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, BINARY_TREE);
	rc = rc ? rc : rules(filter);
	rc = rc ? rc : seccomp_load(filter);
	seccomp_release(filter);
	errno = -rc;
	return rc ? err_sys(e, ERR_OPERATOR, "cannot load the filter of system calls (seccomp)")
		  : 0;
}
