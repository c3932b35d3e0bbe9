/* top_group: what an attempt has used so far, and what of it runs, by its control group. DIAGNOSTICS: none; what cannot be
 * read is left out. */
#include "cli/top.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>

enum { LINE_BYTES = 512, GROUP_FILE_MAX = 16384 };

/* Who holds hornerod's lock, as the kernel lists it; 0: nobody, or not to be seen. */
static long agent_pid(const struct conf *c)
{
	own_free char *path = fs_path("%s/agent.lock", c->run_dir);
	own_file FILE *locks = fopen("/proc/locks", "re");
	char line[LINE_BYTES];
	struct stat st;

	if (!locks || stat(path, &st) < 0)
		return 0;
	while (fgets(line, sizeof(line), locks)) {
		unsigned long inode;
		long pid;

		if (sscanf(line, "%*s FLOCK ADVISORY WRITE %ld %*x:%*x:%lu", &pid, &inode) == 2 && inode == st.st_ino)
			return pid;
	}
	return 0;
}

/* On v2 its groups are beside the one that it is in itself. NULL: not on v2. */
static char *find_v2(const struct conf *c)
{
	own_free char *path = fs_path("/proc/%ld/cgroup", agent_pid(c));
	own_file FILE *groups = fopen(path, "re");
	char line[LINE_BYTES];

	while (groups && fgets(line, sizeof(line), groups)) {
		char *end = strrchr(line, '/');

		if (strncmp(line, "0::/", 4) == 0 && strcmp(end, "/agent\n") == 0) {
			*end = '\0';
			return fs_path("/sys/fs/cgroup%s/hornero", line + 3);
		}
	}
	return NULL;
}

/* The attempt's directory in the hierarchy of this controller; the caller frees; NULL: there is none. */
static char *find_leaf(const struct conf *c, const char *v2, const char *controller, const char *leaf)
{
	own_free char *pattern = v2 ? fs_path("%s/*/%s", v2, leaf) : fs_path("/sys/fs/cgroup/*%s*/%s/*/%s", controller, c->cgroup_top, leaf);
	char *found = NULL;
	glob_t g;

	if (glob(pattern, GLOB_NOSORT, NULL, &g) != 0)
		return NULL;
	if (g.gl_pathc > 0)
		found = fs_path("%s", g.gl_pathv[0]);
	globfree(&g);
	return found;
}

static char *read_file(const char *dir, const char *file)
{
	own_free char *path = fs_path("%s/%s", dir, file);
	struct err ignored = ERR_INIT;
	char *text = NULL;
	size_t len;

	return dir && fs_read(AT_FDCWD, path, GROUP_FILE_MAX, &text, &len, &ignored) == 0 ? text : NULL;
}

/* The number behind `field`, or the first one. */
static int64_t number(const char *dir, const char *file, const char *field)
{
	own_free char *text = read_file(dir, file);
	const char *at = text && *field ? strstr(text, field) : text;

	return at ? strtoll(at + strlen(field), NULL, 10) : 0;
}

/* Our programs are known by their names; whatever else runs is the builder's. */
static void look_at_process(long pid, struct usage *out)
{
	static const struct {
		const char *program, *stage;
	} stages[] = {{"hornero-checkou", "checkout"}, {"hornero-check", "check"}, {"hornero-boot", "boot"}, {"bwrap", ""}};
	own_free char *dir = fs_path("/proc/%ld", pid);
	own_free char *name = read_file(dir, "comm");
	const char *stage = "build";

	if (!name || pid <= 0)
		return;
	name[strcspn(name, "\n")] = '\0';
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		if (strcmp(name, stages[i].program) == 0)
			stage = stages[i].stage;
	/* QEMU runs for the boot check, and beside it. */
	if (*stage && strcmp(out->stage, "boot") != 0)
		snprintf(out->stage, sizeof(out->stage), "%s", stage);
}

void usage_look(const struct conf *c, int64_t job, int64_t attempt, struct usage *out)
{
	own_free char *v2 = find_v2(c);
	own_free char *leaf = fs_path("%lld.%lld", (long long)job, (long long)attempt);
	own_free char *cpu = find_leaf(c, v2, "cpuacct", leaf);
	own_free char *memory = find_leaf(c, v2, "memory", leaf);
	own_free char *processes = read_file(memory, "cgroup.procs");

	*out = (struct usage){.cpu_ms = v2 ? number(cpu, "cpu.stat", "usage_usec ") / 1000 : number(cpu, "cpuacct.usage", "") / 1000000,
			      .memory_bytes = number(memory, v2 ? "memory.current" : "memory.usage_in_bytes", "")};
	for (const char *at = processes; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
		look_at_process(strtol(at, NULL, 10), out);
}
