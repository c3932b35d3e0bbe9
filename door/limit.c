/* limit: DIAGNOSTICS: ERR_OPERATOR if the kernel accepts no filter. An unlisted call fails with
 * ENOSYS, as on a kernel that lacks it: programs with a fallback go on. */
#include "door/limit.h"

#include "lib/confine.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum { FILES_MAX = 4096, PROCESSES_MAX = 8192 };

/* The kernel reads only the lower half of these arguments. */
#define HALF 0xffffffffU

/* The calls of git, its hooks, SQLite, libssh and the C library. Names that an architecture lacks
 * are skipped. clone, socket and two requests of ioctl have rules of their own below. */
static const char *const calls[] = {
	/* bytes */
	"read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "lseek",
	"copy_file_range", "sendfile", "splice", "fsync", "fdatasync", "sync_file_range",
	"fallocate", "fadvise64", "ftruncate", "truncate",
	/* files and names */
	"open", "openat", "openat2", "close", "close_range", "stat", "fstat", "lstat", "newfstatat",
	"statx", "statfs", "fstatfs", "access", "faccessat", "faccessat2", "getdents", "getdents64",
	"getcwd", "chdir", "fchdir", "rename", "renameat", "renameat2", "mkdir", "mkdirat", "rmdir",
	"link", "linkat", "unlink", "unlinkat", "symlink", "symlinkat", "readlink", "readlinkat",
	"chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "fchownat", "lchown",
	"umask", "utime", "utimes", "utimensat", "futimesat", "flock", "fcntl", "dup", "dup2",
	"dup3", "pipe", "pipe2", "ioctl", "inotify_init1", "inotify_add_watch", "inotify_rm_watch",
	/* waiting */
	"poll", "ppoll", "select", "pselect6", "_newselect", "epoll_create1", "epoll_ctl",
	"epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd2", "signalfd4", "timerfd_create",
	"timerfd_settime", "nanosleep", "clock_nanosleep", "setitimer", "getitimer", "alarm",
	"pause", "restart_syscall",
	/* memory and threads */
	"brk", "mmap", "munmap", "mprotect", "mremap", "madvise", "msync", "mincore", "futex",
	"set_robust_list", "get_robust_list", "set_tid_address", "rseq", "membarrier",
	"sched_yield", "sched_getaffinity", "getcpu", "arch_prctl", "prctl", "get_thread_area",
	"set_thread_area", "landlock_create_ruleset", "memfd_create",
	/* processes */
	"fork", "vfork", "execve", "exit", "exit_group", "wait4", "waitid", "kill", "tkill",
	"tgkill", "pidfd_open", "pidfd_send_signal", "getpid", "getppid", "gettid", "getpgid",
	"getpgrp", "setpgid", "getsid", "setsid", "getuid", "geteuid", "getgid", "getegid",
	"getresuid", "getresgid", "getgroups", "getpriority", "setpriority", "ioprio_set",
	"prlimit64", "getrlimit", "setrlimit", "getrusage", "times", "rt_sigaction",
	"rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend", "rt_sigpending", "rt_sigtimedwait",
	"sigaltstack",
	/* the machine */
	"clock_gettime", "clock_getres", "gettimeofday", "time", "uname", "sysinfo", "getrandom",
	/* sockets: ours are open already, and hornerod's doorbell is local */
	"accept4", "connect", "socketpair", "sendto", "sendmsg", "recvfrom", "recvmsg", "shutdown",
	"getsockopt", "setsockopt", "getsockname", "getpeername",
#ifdef __SANITIZE_ADDRESS__
	"ptrace", "process_vm_readv", /* the leak checker's */
#endif
};

static const unsigned long namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
					CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

/* clone3 hides its flags behind a pointer, so it is not allowed and the C library falls back to
 * clone. */
static int add_rules(scmp_filter_ctx filter)
{
	int rc = confine_allow(filter, calls, sizeof(calls) / sizeof(calls[0]));

	rc = rc ? rc : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
					SCMP_A0(SCMP_CMP_MASKED_EQ, namespaces, 0));
	rc = rc ? rc
		: seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				   SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	return rc ? rc : seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
					  SCMP_A0(SCMP_CMP_NE, AF_UNIX));
}

/* Refuses requests that type into another user's terminal. They need a filter of their own: in an
 * allow list, leaving them out would mean comparing all 64 bits of the request. */
static int add_refusals(scmp_filter_ctx filter)
{
	int rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
				  SCMP_A1(SCMP_CMP_MASKED_EQ, HALF, TIOCSTI));

	return rc ? rc : seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
					  SCMP_A1(SCMP_CMP_MASKED_EQ, HALF, TIOCLINUX));
}

int limit_self(int64_t memory_bytes, struct err *e)
{
#ifndef __SANITIZE_ADDRESS__ /* its shadow exceeds any limit */
	if (confine_limit(RLIMIT_DATA, (rlim_t)memory_bytes, e) < 0)
		return -1;
#else
	(void)memory_bytes;
#endif
	if (confine_limit(RLIMIT_CORE, 0, e) < 0 ||
	    confine_limit(RLIMIT_NOFILE, FILES_MAX, e) < 0 ||
	    confine_limit(RLIMIT_NPROC, PROCESSES_MAX, e) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, ERR_OPERATOR, "the kernel does not know no_new_privs");
	/* The second filter forbids loading a third. */
	if (confine_calls(SCMP_ACT_ALLOW, add_refusals, e) < 0)
		return -1;
	return confine_calls(SCMP_ACT_ERRNO(ENOSYS), add_rules, e);
}

void limit_memory(int64_t bytes)
{
#ifndef __SANITIZE_ADDRESS__
	struct rlimit now;

	if (getrlimit(RLIMIT_DATA, &now) < 0)
		return;
	now.rlim_cur = bytes && (rlim_t)bytes < now.rlim_max ? (rlim_t)bytes : now.rlim_max;
	setrlimit(RLIMIT_DATA, &now);
#else
	(void)bytes;
#endif
}
