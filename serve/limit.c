/* limit: DIAGNOSTICS: ERR_OPERATOR if the directory is missing or the kernel accepts no filter.
 * Without Landlock (a kernel before 5.13) only the unit and the file modes limit the files; the log
 * says so. An unlisted call fails with ENOSYS. */
#include "serve/limit.h"

#include "lib/confine.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"

#include <errno.h>
#include <sys/prctl.h>

/* A connection needs its socket and a file. */
enum { FILES_EACH = 2, FILES_MORE = 64 };

static const char *const calls[] = {
	"read", "write", "readv", "writev", "pread64", "lseek", "sendfile", "fcntl", "close",
	"open", "openat", "stat", "fstat", "lstat", "newfstatat", "statx", "fadvise64",
	"accept", "accept4", "sendto", "sendmsg", "recvfrom", "recvmsg", "shutdown", "getsockopt",
	"setsockopt", "getsockname", "getpeername",
	"poll", "ppoll", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
	"clock_gettime", "gettimeofday", "time", "restart_syscall",
	"brk", "mmap", "munmap", "mprotect", "mremap", "madvise", "futex", "getrandom",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "getpid", "gettid",
	"tgkill", "exit", "exit_group",
#ifdef __SANITIZE_ADDRESS__
	"clone", "ptrace", "process_vm_readv", "prctl", "wait4", "sched_yield", "getppid",
	"readlink", "getdents", "getdents64", "prlimit64", "getuid", /* the leak checker's */
#endif
};

static int add_rules(scmp_filter_ctx filter)
{
	return confine_allow(filter, calls, sizeof(calls) / sizeof(calls[0]));
}

int limit_self(const char *dir, size_t connections, struct err *e)
{
	int files = 0;

	if (confine_limit(RLIMIT_CORE, 0, e) < 0 ||
	    confine_limit(RLIMIT_NOFILE, FILES_EACH * connections + FILES_MORE, e) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, ERR_OPERATOR, "the kernel does not know no_new_privs");
#ifdef __SANITIZE_ADDRESS__
	(void)dir; /* its leak checker reads /proc */
#else
	files = confine_files(dir, e);
#endif
	if (files < 0)
		return err_wrap(e, "hornero init makes it");
	if (files == 0)
		log_warn("event=no-landlock");
	return confine_calls(SCMP_ACT_ERRNO(ENOSYS), add_rules, e);
}
