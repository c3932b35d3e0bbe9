/* syscalls: DIAGNOSTICS: ERR_NOBODY if out of memory, ERR_US if libseccomp refuses one of our
 * rules. */
#include "agent/build/syscalls.h"

#include "lib/own.h"

#include <linux/netlink.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/socket.h>

/* set_mempolicy_home_node of Linux 5.17; numbers above 423 are the same on every architecture. */
enum { NEWEST = 450 };

#define REFUSED SCMP_ACT_ERRNO(EPERM)
#define ABSENT  SCMP_ACT_ERRNO(ENOSYS)

static const char *const refused[] = {
	/* Keys and programs in the kernel, and observation of it. */
	"add_key", "request_key", "keyctl", "bpf", "perf_event_open", "lookup_dcookie",
	"syslog", "acct", "quotactl", "quotactl_fd",
	/* Often used by exploits, needed by no build. */
	"userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "vmsplice",
	"modify_ldt", "uselib",
	/* Memory and descriptors of other processes. */
	"ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp",
	/* Mounts, roots, namespaces, files without a path. */
	"mount", "umount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen",
	"fsconfig", "fsmount", "fspick", "mount_setattr", "setns", "open_by_handle_at", "sysfs",
	"ustat",
	/* The machine. */
	"kexec_load", "kexec_file_load", "create_module", "init_module", "finit_module",
	"delete_module", "query_module", "get_kernel_syms", "swapon", "swapoff", "reboot",
	"_sysctl", "nfsservctl", "vhangup", "iopl", "ioperm", "vm86", "vm86old", "sethostname",
	"setdomainname",
	/* Its clock. */
	"settimeofday", "stime", "clock_settime", "adjtimex", "clock_adjtime",
	/* Builds stay in the disks' idle class, which they start in. */
	"ioprio_set",
	/* Builds keep their short slices of the processor. */
	"sched_setattr",
	/* Events of files that others use, too: /usr is the node's. And objects that are counted
	 * per user, who may be hornerod's. */
	"inotify_init", "inotify_init1", "inotify_add_watch", "fanotify_init", "fanotify_mark",
	"mq_open",
	/* Memory that is hidden from the node's kernel. */
	"memfd_secret",
	/* Placement of memory. */
	"mbind", "set_mempolicy", "set_mempolicy_home_node", "migrate_pages", "move_pages",
};

/* Plain Linux, 32-bit, an old version, without randomized addresses; and the query. */
static const unsigned long personalities[] = {
	PER_LINUX, PER_LINUX32, UNAME26, UNAME26 | PER_LINUX32, ADDR_NO_RANDOMIZE, 0xffffffff,
};

static const unsigned long namespaces[] = {
	CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS,
	CLONE_NEWCGROUP, CLONE_NEWTIME,
};

/* Typing into a terminal, and line disciplines, which are modules that the kernel loads on
 * demand. */
static const unsigned long requests[] = {TIOCSTI, TIOCLINUX, TIOCSETD};

/* The kernel uses 32 bits of these arguments; the upper half must make no difference. */
#define HALF 0xffffffffUL

static bool is_refused(const char *name)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (strcmp(name, refused[i]) == 0)
			return true;
	return false;
}

/* Returns 0, or libseccomp's negative error number. */
static int by_number(scmp_filter_ctx filter)
{
	int rc = 0;

	for (int number = 0; number <= NEWEST && rc == 0; number++) {
		own_free char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);

		/* Filters cannot see clone3's flags, which are in memory; libraries fall back to
		 * clone. */
		if (!name || strcmp(name, "clone3") == 0 || strcmp(name, "personality") == 0)
			continue;
		rc = seccomp_rule_add(filter, is_refused(name) ? REFUSED : SCMP_ACT_ALLOW, number,
				      0);
	}
	for (size_t i = 0; i < sizeof(personalities) / sizeof(personalities[0]) && rc == 0; i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(personality), 1,
				      SCMP_A0(SCMP_CMP_EQ, personalities[i]));
	return rc;
}

/* Allows TCP, UDP and 0, which leaves the choice to the type. The kernel has a dozen other
 * protocols, loads them on demand, and some have had little review. "Greater than" compares 64
 * bits: a value in the upper half is refused, too. */
static int by_protocol(scmp_filter_ctx filter, unsigned int family)
{
	const struct scmp_arg_cmp is = SCMP_A0(SCMP_CMP_MASKED_EQ, HALF, family);
	enum { TYPES = 0xf };
	int rc = 0;

	for (unsigned int type = 0; type <= TYPES && rc == 0; type++)
		if (type != SOCK_STREAM && type != SOCK_DGRAM)
			rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ESOCKTNOSUPPORT),
					      SCMP_SYS(socket), 2, is,
					      SCMP_A1(SCMP_CMP_MASKED_EQ, TYPES, type));
	for (unsigned int protocol = 1; protocol < IPPROTO_UDP && rc == 0; protocol++)
		if (protocol != IPPROTO_TCP)
			rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPROTONOSUPPORT),
					      SCMP_SYS(socket), 2, is,
					      SCMP_A2(SCMP_CMP_MASKED_EQ, HALF, protocol));
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPROTONOSUPPORT), SCMP_SYS(socket), 2,
				      is, SCMP_A2(SCMP_CMP_GT, IPPROTO_UDP));
	return rc;
}

/* Allows Unix, IPv4, IPv6, and netlink for addresses and routes. Socket pairs are Unix only. */
static int by_family(scmp_filter_ctx filter)
{
	int rc = 0;

	for (unsigned int family = 0; family < AF_MAX && rc == 0; family++) {
		const struct scmp_arg_cmp is = SCMP_A0(SCMP_CMP_MASKED_EQ, HALF, family);

		if (family != AF_UNIX)
			rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT),
					      SCMP_SYS(socketpair), 1, is);
		if (rc == 0 && (family == AF_INET || family == AF_INET6))
			rc = by_protocol(filter, family);
		if (rc != 0 || family == AF_UNIX || family == AF_INET || family == AF_INET6 ||
		    family == AF_NETLINK)
			continue;
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
				      is);
	}
	for (unsigned int protocol = NETLINK_ROUTE + 1; protocol < MAX_LINKS && rc == 0; protocol++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPROTONOSUPPORT), SCMP_SYS(socket), 2,
				      SCMP_A0(SCMP_CMP_MASKED_EQ, HALF, AF_NETLINK),
				      SCMP_A2(SCMP_CMP_MASKED_EQ, HALF, protocol));
	return rc;
}

static int by_argument(scmp_filter_ctx filter)
{
	int rc = by_family(filter);

	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]) && rc == 0; i++) {
		const struct scmp_arg_cmp has = SCMP_A0(SCMP_CMP_MASKED_EQ, namespaces[i],
							namespaces[i]);

		rc = seccomp_rule_add(filter, REFUSED, SCMP_SYS(clone), 1, has);
		if (rc == 0)
			rc = seccomp_rule_add(filter, REFUSED, SCMP_SYS(unshare), 1, has);
	}
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]) && rc == 0; i++)
		rc = seccomp_rule_add(filter, REFUSED, SCMP_SYS(ioctl), 1,
				      SCMP_A1(SCMP_CMP_MASKED_EQ, HALF, requests[i]));
	/* Otherwise children would start with slices of the usual length. */
	if (rc == 0)
		rc = seccomp_rule_add(filter, REFUSED, SCMP_SYS(sched_setscheduler), 1,
				      SCMP_A1(SCMP_CMP_MASKED_EQ, SCHED_RESET_ON_FORK,
					      SCHED_RESET_ON_FORK));
	return rc;
}

/* Compiles the rules into a memory file. otherwise: the action for calls that no rule names. */
static int make(uint32_t otherwise, int (*rules)(scmp_filter_ctx), struct err *e)
{
	scmp_filter_ctx filter = seccomp_init(otherwise);
	own_fd int fd = memfd_create("seccomp", MFD_CLOEXEC);
	int rc;

	if (!filter || fd < 0) {
		seccomp_release(filter);
		return err_sys(e, ERR_NOBODY, "cannot make a system call filter");
	}
	rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, ABSENT);
	if (rc == 0)
		rc = rules(filter);
	if (rc == 0)
		rc = seccomp_export_bpf(filter, fd);
	seccomp_release(filter);
	if (rc < 0)
		return err_set(e, ERR_US, "cannot make a system call filter: %s", strerror(-rc));
	return steal_fd(&fd);
}

int syscalls_filters(int filters[SYSCALLS_FILTERS], struct err *e)
{
	own_fd int numbers = make(ABSENT, by_number, e);
	int arguments = numbers < 0 ? -1 : make(SCMP_ACT_ALLOW, by_argument, e);

	if (arguments < 0)
		return -1;
	filters[0] = steal_fd(&numbers);
	filters[1] = arguments;
	return 0;
}
