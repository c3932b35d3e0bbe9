/* sandbox: pure. DIAGNOSTICS: none; bwrap's own errors go to the attempt's log. */
#include "agent/build/sandbox.h"

#include "agent/build/syscalls.h"

#include <stdbool.h>
#include <stddef.h>

enum kind { BUILDS, BUILDS_WITH_NETWORK, OWN };

static void begin(struct args *a, int status_fd, int filter_fd, enum kind kind)
{
	static const char *const walls[] = {
		"bwrap", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts",
		"--unshare-cgroup-try", "--die-with-parent", "--new-session",
		"--hostname", "hornero", "--cap-drop", "ALL", "--clearenv", "--ro-bind", "/usr",
		"/usr",
		"--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--dir", "/run",
	};
	/* Merged-/usr links. */
	static const char *const links[][2] = {
		{"usr/bin", "/bin"}, {"usr/sbin", "/sbin"}, {"usr/lib", "/lib"}, 
		{"usr/lib64", "/lib64"}, {"usr/lib32", "/lib32"},
	};
	/* Looked up by name by compilers and libc. */
	static const char loader[] = "/etc/ld.so.cache";
	static const char *const etc[] = {
		"/etc/alternatives", "/etc/ld.so.conf", "/etc/ld.so.conf.d",
		"/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/localtime",
		"/etc/mime.types",
	};

	for (size_t i = 0; i < sizeof(walls) / sizeof(walls[0]); i++)
		args_add(a, walls[i]);
	if (kind != BUILDS_WITH_NETWORK)
		args_add(a, "--unshare-net");
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		args_add(a, "--symlink");
		args_add(a, links[i][0]);
		args_add(a, links[i][1]);
	}
	sandbox_bind(a, "--ro-bind-try", loader, loader);
	for (size_t i = 0; kind != OWN && i < sizeof(etc) / sizeof(etc[0]); i++)
		sandbox_bind(a, "--ro-bind-try", etc[i], etc[i]);
	args_add(a, "--json-status-fd");
	args_addf(a, "%d", status_fd);
	for (int i = 0; i < SYSCALLS_FILTERS; i++) {
		args_add(a, "--add-seccomp-fd");
		args_addf(a, "%d", filter_fd + i);
	}
	sandbox_env(a, "PATH", "/usr/local/bin:/usr/bin:/bin");
	sandbox_env(a, "LANG", "C.UTF-8");
	sandbox_env(a, "TMPDIR", "/tmp");
#ifdef __SANITIZE_ADDRESS__
	/* The leak check uses ptrace, which the filter refuses. */
	sandbox_env(a, "ASAN_OPTIONS", "detect_leaks=0");
#endif
}

void sandbox_begin(struct args *a, int status_fd, int filter_fd)
{
	begin(a, status_fd, filter_fd, BUILDS);
}

void sandbox_begin_own(struct args *a, int status_fd, int filter_fd)
{
	begin(a, status_fd, filter_fd, OWN);
}

void sandbox_begin_network(struct args *a, int status_fd, int filter_fd)
{
	begin(a, status_fd, filter_fd, BUILDS_WITH_NETWORK);
}

void sandbox_bind(struct args *a, const char *how, const char *from, const char *to)
{
	args_add(a, how);
	args_add(a, from);
	args_add(a, to);
}

void sandbox_env(struct args *a, const char *name, const char *value)
{
	args_add(a, "--setenv");
	args_add(a, name);
	args_add(a, value);
}

void sandbox_command(struct args *a)
{
	/* Last, because mount points had to be created in it. */
	args_add(a, "--remount-ro");
	args_add(a, "/");
	args_add(a, "--");
}

void sandbox_failpoint(struct args *a, const char *spec)
{
	if (!spec)
		return;
	args_add(a, "--failpoint");
	args_add(a, spec);
}
